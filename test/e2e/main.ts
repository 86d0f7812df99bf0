import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { parseArgs } from 'node:util';
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

/** For prove.ts: the local host has no part in it. */
const { values } = parseArgs({ options: { 'stack-only': { type: 'boolean', default: false } } });
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
const reason = await findObstacle();
if (reason !== undefined) {
  console.error(
    `Nothing was tested, because Python 3 with venv, a package of it, or curl is missing: ${reason}`,
  );
  process.exit(process.env.CI || interrupted.aborted ? 1 : 0);
}
await rm(runDirectory, { recursive: true, force: true });
await mkdir(runDirectory, { recursive: true });
try {
  await Promise.all([
    values['stack-only'] || step('holds the API against docs/openapi.json', fuzzApi),
    run(),
  ]);
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}

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
