import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pinned } from './run-program.ts';
import type { DeployedFunction } from './stack.ts';

export interface FunctionHost extends AsyncDisposable {
  /** Port of the HTTP API; `undefined` behind a queue. */
  port: number | undefined;
}

/** Runs a function in a process of its own: behind the queue or, without one, behind HTTP. */
export async function startFunctionHost(
  { bundle, environment }: DeployedFunction,
  queueUrl?: string,
): Promise<FunctionHost> {
  const [execPath, ...execArgv] = pinned([process.execPath]);
  const file = join(import.meta.dirname, 'function-host.ts');
  const host = fork(file, [bundle, ...(queueUrl === undefined ? [] : [queueUrl])], {
    execPath,
    execArgv,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = await once(host, 'message');
  return {
    port,
    async [Symbol.asyncDispose]() {
      host.disconnect();
      await once(host, 'exit');
    },
  };
}
