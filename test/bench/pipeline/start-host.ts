import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onCore } from '../run-probe.ts';

const FILE = join(import.meta.dirname, 'host.ts');

export interface FunctionHost extends AsyncDisposable {
  /** Of the HTTP front, where there is one. */
  port: number | undefined;
}

/** Runs a bundle on the first core: behind that queue or, without one, behind HTTP. */
export async function startFunctionHost(
  bundlePath: string,
  environment: Record<string, string>,
  queueUrl?: string,
): Promise<FunctionHost> {
  const [execPath, ...execArgv] = onCore(0, [process.execPath]);
  const host = fork(FILE, [bundlePath, ...(queueUrl === undefined ? [] : [queueUrl])], {
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
