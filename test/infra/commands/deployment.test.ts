import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DEMOS, demoDirectory } from '../../../infra/shared/demos.ts';
import { writeHostFile } from '../../../infra/shared/host-file.ts';
import { lockHost } from '../../../infra/shared/host-lock.ts';
import { makeDirectory } from '../local/start-process.ts';

/** Nothing listens there, so the command fails as soon as it has found the host. */
const NOBODY = 'http://127.0.0.1:1/000000000000/';

/** Runs `npm run dead-letters -- --local` in a directory where these hosts run. */
async function run(...hosts: string[]): Promise<string> {
  const cwd = await makeDirectory();
  const registry = join(cwd, 'registry.json');
  await writeFile(registry, '{}');
  for (const name of hosts) {
    const directory = join(cwd, '.local', name);
    await mkdir(directory, { recursive: true });
    const lock = lockHost(directory, 0);
    onTestFinished(() => lock[Symbol.dispose]());
    await writeHostFile(directory, {
      PBX_REGISTRY_FILE: registry,
      QUEUE_URL_BASE: NOBODY,
      DEAD_LETTER_QUEUE_URL: `${NOBODY}dead-letters-of-${name}`,
      BUCKET_NAME: 'recordings',
      REPORT_HOST: '127.0.0.1:1',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'key-of-the-local-host',
      AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
    });
  }
  const { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY } = process.env;
  const script = resolve('infra/commands/dead-letters.ts');
  const env = { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY };
  return new Promise((done) => {
    execFile(process.execPath, [script, '--local'], { cwd, env }, (_, stdout, stderr) =>
      done(stdout + stderr),
    );
  });
}

test.each(['pbx', ...DEMOS.map(demoDirectory)])(
  '--local without a directory finds the host in .local/%s',
  async (name) => {
    expect(await run(name)).toContain('ECONNREFUSED');
  },
);

test('--local without a directory says where it has looked for a host', async () => {
  expect(await run()).toContain(
    'No local host is running in .local/pbx, .local/demo, .local/demo-p-series, or .local/demo-mixed. Start one',
  );
});
