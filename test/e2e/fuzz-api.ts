import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../infra/local/free-port.ts';
import { killGroup, spawnGroup } from './process-group.ts';
import { schemathesis } from './python.ts';
import { interrupted, runProgram } from './run-program.ts';
import { projectRoot, runDirectory } from './settings.ts';

const DOCUMENT = join(projectRoot, 'docs/openapi.json');
const EXAMPLES = 40;

/**
 * What schemathesis would complain about without reason:
 * - a value that has the right form, but is no day or no name, such as `from=`, gets 400;
 * - API Gateway and the local host have no routes for other methods, so they respond with 404, not with 405.
 */
const EXCLUDED = 'positive_data_acceptance,unsupported_method';

/** Sends requests that schemathesis makes from docs/openapi.json to a local host, and holds the responses against it. */
export async function fuzzApi(): Promise<void> {
  await using host = await startLocalHost();
  await runProgram(
    schemathesis,
    [
      ...['run', DOCUMENT, '--url', host.url, '--header', `Authorization: Bearer ${host.token}`],
      ...['--exclude-checks', EXCLUDED, '--max-examples', String(EXAMPLES), '--seed', '1'],
      ...['--request-timeout', '10', '--max-failures', '20', '--no-color'],
    ],
    { cwd: runDirectory, log: 'schemathesis.log' },
  );
}

/** `npm start`, once the recordings of its simulated PBX are archived. */
async function startLocalHost(): Promise<AsyncDisposable & { url: string; token: string }> {
  const port = await findFreePort();
  const data = join(runDirectory, 'local');
  const child = spawnGroup(
    process.execPath,
    ['infra/local/main.ts', '--port', String(port), '--data', data],
    // Without the addresses of the emulator of AWS.
    { cwd: projectRoot, env: { PATH: process.env.PATH } },
  );
  const ended = once(child, 'exit');
  const log = createWriteStream(join(runDirectory, 'local.log'));
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(log, { end: false });
    stream.on('data', (text) => {
      if (String(text).includes('Press Ctrl-C')) ready.resolve();
    });
  }
  interrupted.addEventListener('abort', () => ready.reject(interrupted.reason));
  child.once('exit', (status) =>
    ready.reject(new Error(`The local host ended with ${status}; see local.log.`)),
  );
  const dispose = async () => {
    killGroup(child, 'SIGKILL');
    await ended;
    log.end();
  };
  try {
    await ready.promise;
    const token = await readFile(join(data, 'demo/link-token'), 'utf8');
    return { url: `http://127.0.0.1:${port}`, token, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
