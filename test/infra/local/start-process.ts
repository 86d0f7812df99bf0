import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFailed, onTestFinished } from 'vitest';

export interface Started {
  process: ChildProcess;
  /** Everything printed so far, on both streams. */
  output(): string;
  /** Resolves when `text` has been printed `times` times; rejects if the process exits before. */
  printed(text: string, times?: number): Promise<void>;
  /** Resolves to the exit code. */
  ended: Promise<number | null>;
}

/** Runs the command of `npm start -- ARGS` without npm, on the Node of the tests. */
export const start = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  startScript('infra/local/main.ts', args, env);

/** Runs the script of any other npm command in the same way. */
export function startScript(script: string, args: string[], env: NodeJS.ProcessEnv): Started {
  return watch(
    spawn(process.execPath, [script, ...args], { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/** As `start`, but in a terminal of its own, on which one can type. Needs `script` of util-linux. */
export function startInTerminal(args: string[], env: NodeJS.ProcessEnv = {}) {
  const command = ['exec', process.execPath, 'infra/local/main.ts', ...args].join(' ');
  const terminal = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    env: environment({ TERM: 'xterm', ...env }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return { ...watch(terminal), type: (text: string) => terminal.stdin.write(text) };
}

function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY } = process.env;
  // The simulated PBXs show UTC, wherever the tests run.
  return { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY, NO_COLOR: '1', TZ: 'UTC', ...env };
}

function watch(child: ChildProcess): Started {
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  onTestFailed(() => console.log(text));
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const check of waiting) check();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    process: child,
    output: () => text,
    ended,
    printed(wanted, times = 1) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const check = () => {
        if (text.split(wanted).length > times) resolve();
      };
      waiting.add(check);
      check();
      ended.then(() => reject(new Error(`It ended before it printed "${wanted}":\n${text}`)));
      return promise.finally(() => waiting.delete(check));
    },
  };
}

export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'local-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
