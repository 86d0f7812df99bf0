import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFailed, onTestFinished } from 'vitest';

export interface Started {
  process: ChildProcess;
  /** All that it has printed so far, both streams. */
  output(): string;
  /** Resolves once it has printed `text` so many times; fails if it exits before. */
  printed(text: string, times?: number): Promise<void>;
  /** Resolves to its exit code. */
  ended: Promise<number | null>;
}

/** Runs `npm start -- ARGS` without npm: the same command line, on the Node of the tests. */
export const start = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  startScript('infra/local/main.ts', args, env);

/** Runs a script of package.json in the same way. */
export function startScript(script: string, args: string[], env: NodeJS.ProcessEnv): Started {
  const { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY } = process.env;
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  onTestFailed(() => console.log(text));
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const look of waiting) look();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    process: child,
    output: () => text,
    ended,
    printed(wanted, times = 1) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (text.split(wanted).length > times) resolve();
      };
      waiting.add(look);
      look();
      ended.then(() => reject(new Error(`It ended before it printed "${wanted}":\n${text}`)));
      return promise.finally(() => waiting.delete(look));
    },
  };
}

export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'local-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
