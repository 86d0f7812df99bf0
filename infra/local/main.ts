import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { UsageError } from '../shared/command-line.ts';
import { plural } from '../shared/text.ts';
import { runDemo } from './demo.ts';
import { show, showLog } from './display.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { runWithPbx } from './real-pbx.ts';

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else await run(options);
} catch (error) {
  console.error(`\n${describeError(error)}`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const startedAt = performance.now();
  // Jobs and recordings show who spoke with whom, and the secrets are stored in plain text.
  await mkdir(options.data, { recursive: true, mode: 0o700 });
  const stopShowing = showLog();
  const running = options.pbx === undefined ? await runDemo(options) : await runWithPbx(options.pbx, options);
  if (options.exit && 'archived' in running) {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    show(
      'done',
      `${plural(running.archived, 'recording')} archived, fetched and compared in ${seconds} seconds`,
      'green',
    );
  } else {
    const isStopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    console.log('Press Ctrl-C to stop.');
    await isStopped;
  }
  await running.close();
  stopShowing();
}

/** A sentence, if the user can fix it; otherwise the stack trace, for a developer. */
function describeError(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  const { code, port, stack, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use. Stop the program that uses it, or choose another port with --port.`;
  if (code === 'EACCES')
    return `${message}. Choose another port with --port, or another directory with --data.`;
  return stack ?? String(error);
}
