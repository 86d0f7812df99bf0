import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { killGroup, spawnGroup } from './process-group.ts';
import { runDirectory } from './settings.ts';

interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string | Buffer;
  /** Name of a file in the run's directory that also gets what the program prints. */
  log?: string;
}

const LINES_OF_FAILURE = 30;

/** A program failed, and this is what it printed. */
export class ProgramError extends Error {
  override name = 'ProgramError';
}

/** Ctrl-C ends all programs that are running. */
const interruption = new AbortController();
export const interrupt = () => interruption.abort(new Error('Interrupted.'));
export const { signal: interrupted } = interruption;

/** Runs a program to its end, and returns its standard output. Rejects, with the end of its output, if it fails. */
export async function runProgram(command: string, args: string[], options: RunOptions = {}): Promise<Buffer> {
  const { cwd, env, input, log } = options;
  interrupted.throwIfAborted();
  const child = spawnGroup(command, args, { cwd, env });
  const stop = () => killGroup(child, 'SIGTERM');
  interrupted.addEventListener('abort', stop);
  const ended = once(child, 'close').finally(() => interrupted.removeEventListener('abort', stop));
  const file = log === undefined ? undefined : createWriteStream(join(runDirectory, log), { flags: 'a' });
  if (file) for (const stream of [child.stdout, child.stderr]) stream.pipe(file, { end: false });
  // A program that does not read its input may be gone before it has been written.
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, [status]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  if (file) await finished(file.end());
  if (status === 0) return stdout;
  interrupted.throwIfAborted();
  const output = `${stderr}\n${stdout}`.trim().split('\n').slice(-LINES_OF_FAILURE).join('\n');
  throw new ProgramError(`${[command, ...args].join(' ')}\nended with ${status}:\n${output}`);
}
