import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../shared/command-line.ts';
import { demoDirectory } from '../shared/demos.ts';
import { describeError } from '../shared/describe-error.ts';
import { checkEndpoints } from '../shared/environment.ts';
import { lockHost } from '../shared/host-lock.ts';
import { exitWithoutReader, print, printError } from '../shared/print.ts';
import { plural } from '../shared/text.ts';
import { runDemo } from './demo.ts';
import { hasSeveralPbxs } from './demo-pbx.ts';
import { show, showLog } from './display.ts';
import type { Host } from './host.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { toStateError } from './problems.ts';
import { PBX_ID, runWithPbx } from './real-pbx.ts';
import { waitForCtrlC } from './signals.ts';

exitWithoutReader();
// Jobs and recordings show who spoke with whom, and the secrets are stored in plain text. LevelDB, for one, cannot
// be told a mode for its files.
process.umask(0o077);
try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) print(HELP);
  else {
    const directory = join(options.data, options.pbx === undefined ? demoDirectory(options.demo) : PBX_ID);
    await run(options, directory).catch((error) => {
      throw toStateError(error, directory) ?? error;
    });
    // What still runs in the background, such as a reconciliation, can no longer do anything.
    process.exit();
  }
} catch (error) {
  printError(`\n${describeStartError(error)}`);
  process.exitCode = 1;
}

async function run(options: Options, directory: string): Promise<void> {
  const startedAt = performance.now();
  checkEndpoints();
  await makeDirectory(directory);
  using lock = lockHost(directory, options.port);
  const isDemo = options.pbx === undefined;
  const stopShowing = showLog({
    namesPbx: isDemo && hasSeveralPbxs(options.demo),
    reportsAreSetUp: isDemo,
  });
  const running: Host & { archived?: number } =
    options.pbx === undefined
      ? await runDemo(directory, options)
      : await runWithPbx(options.pbx, directory, options);
  const ctrlC = waitForCtrlC();
  lock.setPort(Number(new URL(running.url).port));
  const { archived } = running;
  const isDone = options.exit && archived !== undefined;
  if (isDone) {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    show(
      'done',
      `${plural(archived, 'recording')} archived, fetched and compared in ${seconds} seconds`,
      'green',
    );
  } else {
    print('Press Ctrl-C to stop.');
    await ctrlC;
    const jobs = running.countActiveJobs();
    const doing = jobs === 0 ? 'Stopping' : `Finishing ${plural(jobs, 'download')}`;
    print(`${doing}. Ctrl-C again stops at once; nothing is lost.`);
  }
  await running.close();
  stopShowing();
  if (!isDone) print('Stopped.');
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot create ${directory} (${code}). Choose another directory with --data.`);
  }
}

function describeStartError(error: unknown): string {
  const { code, syscall, port } = error as NodeJS.ErrnoException & { port?: number };
  if (syscall !== 'listen') return describeError(error);
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use. Stop the program that uses it, or choose another port with --port.`;
  return `Cannot listen on port ${port} (${code}). Choose another port with --port.`;
}
