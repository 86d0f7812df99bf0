import { cp, link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import { BUCKET, CREDENTIALS, createClient, REGION, startEmbeddedS3 } from './embedded-s3.ts';

const KEY = 'head-office/2026/11/26/call.wav';

/** What runs before each change of a file; tests replace it. */
const hooks = vi.hoisted(() => ({ before: async () => {} }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>();
  const hooked = (['copyFile', 'link', 'rename', 'rm'] as const).map((name) => [
    name,
    vi.fn(async (...values: never[]) => {
      await hooks.before();
      return (original[name] as (...values: never[]) => Promise<void>)(...values);
    }),
  ]);
  return { ...original, ...Object.fromEntries(hooked) };
});

const put = (s3: { client: ReturnType<typeof createClient> }, Body: string) =>
  s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body }));

async function get(client: ReturnType<typeof createClient>): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
  return Body?.transformToString();
}

/** All files of the bucket, with their content. */
async function listFiles(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(join(directory, BUCKET), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = files.map(async (file) => [
    file.slice(join(directory, BUCKET).length + 1),
    await readFile(file, 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(contents));
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'replacement-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('a recording that is replaced is a file of its name, each time', async () => {
  const s3 = await startEmbeddedS3();
  for (const body of ['growing', 'growing on', 'complete call', 'complete call']) {
    await put(s3, body);
    expect(await listFiles(s3.directory)).toEqual({ [KEY]: body });
    expect(await get(s3.client)).toBe(body);
  }
  expect(await s3.leftovers()).toEqual([]);
  await s3.restart();
  expect(await get(s3.client)).toBe('complete call');
  await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: KEY }));
  expect(await listFiles(s3.directory)).toEqual({});
});

test('whenever the process is killed, the old or the new recording is there, as a file of its name', async () => {
  const s3 = await startEmbeddedS3();
  await put(s3, 'old');
  const states = await makeFolder();
  let count = 0;
  hooks.before = async () => cp(s3.directory, join(states, String(count++)), { recursive: true });
  await put(s3, 'new bytes');
  hooks.before = async () => {};
  expect(count).toBeGreaterThan(8);

  const print = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => print.mockRestore());
  const found = [];
  for (let state = 0; state < count; state++) {
    const directory = join(states, String(state));
    const server = await startS3({ directory, credentials: CREDENTIALS, region: REGION });
    const client = createClient(server.url);
    const body = await get(client);
    found.push(body);
    expect(await listFiles(directory)).toEqual({ [KEY]: body });
    expect(await readdir(join(directory, '.s3', BUCKET, 'temporary'))).toEqual([]);
    client.destroy();
    await server.close();
  }
  const firstNew = found.indexOf('new bytes');
  expect(found).toEqual(found.map((_, state) => (state < firstNew ? 'old' : 'new bytes')));
  expect(firstNew).toBeGreaterThan(0);
  expect(print).not.toHaveBeenCalled();
});

test('on a file system without hard links, a replaced recording is still there', async () => {
  const s3 = await startEmbeddedS3();
  await put(s3, 'old');
  vi.mocked(link).mockRejectedValueOnce(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  await put(s3, 'new bytes');
  expect(await get(s3.client)).toBe('new bytes');
  expect(await s3.leftovers()).toEqual([]);

  // As earlier versions have left it, too.
  await s3.restart();
  expect(await listFiles(s3.directory)).toEqual({ [KEY]: 'new bytes' });
  expect(await get(s3.client)).toBe('new bytes');
});

test('a file that a person has put in the place is neither replaced nor removed', async () => {
  const s3 = await startEmbeddedS3();
  await put(s3, 'the call');
  await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: KEY }));
  await writeFile(join(s3.directory, BUCKET, KEY), 'somebody’s notes');
  for (const body of ['the call', 'the whole call']) await put(s3, body);
  await s3.restart();
  expect(await get(s3.client)).toBe('the whole call');
  expect((await listFiles(s3.directory))[KEY]).toBe('somebody’s notes');
});
