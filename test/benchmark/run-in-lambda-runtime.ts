import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../infra/local/free-port.ts';
import type { LambdaRuntime } from './lambda-runtime.ts';
import { assertSucceeded, pinned } from './run-program.ts';
import type { DeployedFunction } from './stack.ts';

/**
 * Runs a function as Lambda does, one event after the other; throws unless every event succeeds.
 *
 * @returns the peak memory of its process, in bytes
 */
export async function runInLambdaRuntime(
  { client, emulator }: LambdaRuntime,
  { bundle, environment, memoryMb }: DeployedFunction,
  events: readonly object[],
  nodeFlags: readonly string[],
): Promise<number> {
  const [host, runtimeApi] = [`127.0.0.1:${await findFreePort()}`, `127.0.0.1:${await findFreePort()}`];
  const options = [
    ...['--runtime-interface-emulator-address', host, '--runtime-api-address', runtimeApi],
    ...['--log-level', 'error'],
  ];
  const [file, ...args] = pinned([
    emulator,
    ...options,
    ...[process.execPath, ...nodeFlags, client, 'index.handler'],
  ]);
  const child = spawn(file, args, {
    // The function inherits it.
    env: {
      PATH: process.env.PATH,
      ...environment,
      LAMBDA_TASK_ROOT: dirname(bundle),
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_FUNCTION_TIMEOUT: '900',
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    await waitUntilListening(child, `http://${host}`);
    for (const event of events) {
      const response = await fetch(`http://${host}/2015-03-31/functions/function/invocations`, {
        method: 'POST',
        body: JSON.stringify(event),
      });
      assertSucceeded(JSON.parse(await response.text()));
    }
    return readPeakMemory(child);
  } finally {
    child.kill();
    await exited;
  }
}

async function waitUntilListening(child: ChildProcess, url: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const response = await fetch(url).catch(() => undefined);
    if (response) return response.body?.cancel();
    await delay(20);
  }
  throw new Error(`The emulator of Lambda ended with ${child.signalCode ?? child.exitCode}.`);
}

/** Peak memory of the function, the only process that the emulator has started. */
function readPeakMemory({ pid }: ChildProcess): number {
  const children = globSync(`/proc/${pid}/task/*/children`).map((path) => readFileSync(path, 'utf8').trim());
  const status = readFileSync(`/proc/${children.join('')}/status`, 'utf8');
  return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
}
