import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { runCommand } from '../../infra/commands/run-command.ts';
import { flag, parseCommandLine } from '../../infra/shared/command-line.ts';
import { allow, createAws, createUser } from './aws.ts';
import { destroy } from './changes.ts';
import { createCurl } from './curl.ts';
import { startEmulator } from './emulator.ts';
import { fuzzApi } from './fuzz-api.ts';
import { startIssuer } from './issuer.ts';
import { checkLogs, saveLogs } from './logs.ts';
import { startPbx, startPSeries } from './pbxs.ts';
import { createProject } from './project.ts';
import { startProxy } from './proxy.ts';
import { installEmulator } from './python.ts';
import { interrupt, interrupted } from './run-program.ts';
import { runScenario } from './scenario.ts';
import { runDirectory } from './settings.ts';
import { printFailure, step } from './steps.ts';

const HELP = `Deploys the stack to an emulator of AWS, and uses it. The first run installs the emulator and the AWS CLI in
.local/e2e, with Python 3. The logs of the last run are in .local/e2e/run.

  npm run e2e

  --stack-only  leave out what is tested on a local host
  --help        show this text`;

await runCommand(async () => {
  const { values } = parseCommandLine({ options: { 'stack-only': flag, help: flag } });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const reason = await findObstacle();
  if (reason !== undefined) {
    console.error(
      `Nothing was tested, because Python 3 with venv, a package of it, or curl is missing: ${reason}`,
    );
    return !process.env.CI && !interrupted.aborted;
  }
  await rm(runDirectory, { recursive: true, force: true });
  await mkdir(runDirectory, { recursive: true });
  try {
    await Promise.all([
      values['stack-only'] || step('holds the API against docs/openapi.json', fuzzApi),
      run(),
    ]);
    return true;
  } catch (error) {
    printFailure(error);
    return false;
  }
});

/** Returns why the emulator cannot be installed, if it cannot. */
async function findObstacle(): Promise<string | undefined> {
  try {
    await installEmulator();
  } catch (error) {
    return String(error).trim().split('\n').at(-1);
  }
}

async function run(): Promise<void> {
  await using running = new AsyncDisposableStack();
  const emulator = running.use(await step('starts the emulator', startEmulator));
  const root = createAws(emulator, emulator.rootKeys);
  const aws = createAws(emulator, await createUser(root, 'administrator', allow('*')));
  // For the AWS SDK in this process.
  Object.assign(process.env, aws.env);
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(emulator.certificate, 'utf8')]);

  const curl = createCurl(emulator);
  const pbxs = {
    office: await startPbx('head-office', curl, { serialNumber: '369362089179' }),
    warehouse: await startPbx('warehouse', curl, { serialNumber: '369362089180', contentLength: false }),
    showroom: await startPSeries('showroom', curl, { serialNumber: '369362089182' }),
    branch: await startPbx('branch', curl, { serialNumber: '369362089181' }),
  };
  for (const pbx of Object.values(pbxs)) running.defer(() => pbx.close());

  const issuer = running.use(await startIssuer(emulator.identity));
  const proxy = running.use(await startProxy(emulator));
  const project = await createProject({ ...aws.env, ...proxy.env });
  const { branch, ...first } = pbxs;
  await project.configure({
    pbxs: Object.fromEntries(Object.values(first).map(({ id, settings }) => [id, settings])),
  });
  await step('npx cdk bootstrap', () => project.npx('cdk', 'bootstrap'));
  const outputs = await step('npm run deploy', () => project.deploy());
  const { assertNothingDenied } = emulator;
  const stack = { project, outputs, aws, curl, assertNothingDenied };
  try {
    await runScenario(stack, pbxs, issuer);
  } finally {
    await saveLogs(stack);
  }
  await step('checks the logs of the functions', () => checkLogs(stack));
  await step('npx cdk destroy', () => destroy(stack));
}
