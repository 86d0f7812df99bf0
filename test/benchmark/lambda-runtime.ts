import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from './stack.ts';

/** What runs functions on Lambda: AWS's own client, and AWS's own emulator of the API that it polls. */
export interface LambdaRuntime {
  /** Path of the JavaScript that loads a function and passes it the events. */
  client: string;
  /** Path of the program that starts the client. */
  emulator: string;
}

const CLIENT = { name: 'aws-lambda-ric', version: '4.0.2' };
const EMULATOR = {
  module: 'github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie',
  version: 'v0.0.0-20261030222936-bef5c4ba774d',
};

const directory = join(PROJECT_ROOT, '.local/benchmark', `${CLIENT.version}+${EMULATOR.version}`);

/**
 * Builds both, which takes two minutes, unless they have been built. They are no dependencies of this project because
 * the client is compiled. Rejects without cmake, a C++ compiler or Go.
 */
export async function installLambdaRuntime(): Promise<LambdaRuntime> {
  const client = join(directory, 'node_modules', CLIENT.name, 'index.mjs');
  const emulator = join(directory, 'aws-lambda-rie');
  // It is built last.
  if (existsSync(emulator)) return { client, emulator };
  await mkdir(directory, { recursive: true });
  const manifest = {
    private: true,
    dependencies: { [CLIENT.name]: CLIENT.version },
    allowScripts: { [CLIENT.name]: true },
  };
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
  const run = (file: string, args: string[], env?: NodeJS.ProcessEnv) =>
    promisify(execFile)(file, args, { cwd: directory, env: { ...process.env, ...env } });
  // On macOS npm installs the client without what has to be compiled.
  await run('cmake', ['--version']);
  await run('go', ['version']);
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock']);
  await run('go', ['install', `${EMULATOR.module}@${EMULATOR.version}`], { GOBIN: directory });
  return { client, emulator };
}
