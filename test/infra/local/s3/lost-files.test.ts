import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { BUCKET, startEmbeddedS3 } from './embedded-s3.ts';

const KEY = 'head-office/2026/11/26/call.wav';

/** An S3 with one object, and the sentences that it shows from now on. */
async function startWithObject(Key = KEY) {
  const print = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => print.mockRestore());
  const s3 = await startEmbeddedS3();
  const Metadata = { 'verified-by': 'content-length' };
  await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'the call', Metadata }));
  const folder = join(s3.directory, '.s3', BUCKET, 'objects');
  const [name = ''] = await readdir(folder);
  const list = async () => {
    const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    return Contents.map(({ Key: key, Size }) => [key, Size]);
  };
  const get = async (key: string) => {
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return Body?.transformToString();
  };
  return { s3, list, get, metadata: join(folder, name), sentences: () => print.mock.calls.flat() };
}

const lost = {
  deleted: (metadata: string) => rm(metadata),
  emptied: (metadata: string) => truncate(metadata, 0),
  'cut off': (metadata: string) => truncate(metadata, 20),
  replaced: (metadata: string) => writeFile(metadata, '{"key":1}'),
};

test.each(Object.entries(lost))(
  'an object whose metadata is %s is listed and served, and the user is told once',
  async (_, damage) => {
    const { s3, list, get, metadata, sentences } = await startWithObject();
    await damage(metadata);
    await s3.restart();
    expect(await list()).toEqual([[KEY, 8]]);
    expect(await get(KEY)).toBe('the call');
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(head).toMatchObject({ ContentLength: 8, Metadata: {} });
    // Not an MD5, with which a client would compare the bytes.
    expect(head.ETag).toMatch(/^"[0-9a-f]{32}-1"$/);
    expect(sentences()).toEqual([expect.stringMatching(/^1 file in .*, such as head-office.*backup\.$/)]);
    expect((await stat(metadata)).mode & 0o777).toBe(0o600);

    await s3.restart();
    expect(sentences()).toHaveLength(1);
    expect(await s3.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: KEY }))).toMatchObject({
      ETag: head.ETag,
    });
  },
);

test('an object without metadata can be protected, replaced and deleted like any other', async () => {
  const { s3, list, get, metadata } = await startWithObject();
  await rm(metadata);
  await s3.restart();
  const put = { Bucket: BUCKET, Key: KEY, Body: 'again' };
  await expect(s3.client.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }))).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
  await s3.client.send(new PutObjectCommand(put));
  expect(await get(KEY)).toBe('again');
  await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: KEY }));
  await s3.restart();
  expect(await list()).toEqual([]);
});

test('a whole bucket without metadata is there again', async () => {
  const { s3, list } = await startWithObject();
  await rm(join(s3.directory, '.s3', BUCKET, 'objects'), { recursive: true });
  await s3.restart();
  expect(await list()).toEqual([[KEY, 8]]);
});

test('a file that someone has put there becomes an object, unless its path cannot be a key', async () => {
  const { s3, list } = await startWithObject();
  await mkdir(join(s3.directory, BUCKET, 'old'));
  await writeFile(join(s3.directory, BUCKET, 'old', 'call.wav'), 'an old call');
  await writeFile(join(s3.directory, BUCKET, '.DS_Store'), 'x');
  await s3.restart();
  expect(await list()).toEqual([
    [KEY, 8],
    ['old/call.wav', 11],
  ]);
});

test('a file that someone has put in the place of an object does not become it', async () => {
  const { s3, get } = await startWithObject();
  await writeFile(join(s3.directory, BUCKET, 'notes.txt'), 'somebody’s notes');
  await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'notes.txt', Body: 'the object' }));
  await s3.restart();
  expect(await get('notes.txt')).toBe('the object');
  expect(await readFile(join(s3.directory, BUCKET, 'notes.txt'), 'utf8')).toBe('somebody’s notes');
});

test('an object whose key was in its metadata only is not listed, and the user is told', async () => {
  const { s3, list, metadata, sentences } = await startWithObject('*43#');
  await truncate(metadata, 0);
  await s3.restart();
  expect(await list()).toEqual([]);
  expect(sentences()).toEqual([
    expect.stringMatching(/~other.* has no metadata.*Restore \.s3 from a backup/),
    expect.stringMatching(/objects\/[0-9a-f]{64}\.json is damaged.*Restore it from a backup/),
  ]);
});

test('an object without bytes fails with a sentence, and is not listed after the next start', async () => {
  const { s3, list, get, sentences } = await startWithObject();
  await rm(join(s3.directory, BUCKET, KEY));
  await expect(get(KEY)).rejects.toMatchObject({
    name: 'StateDamaged',
    message: expect.stringMatching(/is missing.*backup/),
  });
  expect(sentences()).toEqual([expect.stringMatching(/is missing, though it has metadata\./)]);

  await s3.restart();
  expect(await list()).toEqual([]);
  expect(sentences()[1]).toMatch(/^1 object in .* lost .*npm run backfill/);
  // So the recording can be archived again.
  const put = { Bucket: BUCKET, Key: KEY, Body: 'the call' };
  await s3.client.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }));
  await s3.restart();
  expect(await get(KEY)).toBe('the call');
});

describe.each([
  ['emptied', 0],
  ['cut off', 3],
  ['longer', 100],
])('an object whose file is %s', (_, size) => {
  async function startDamaged() {
    const started = await startWithObject();
    await truncate(join(started.s3.directory, BUCKET, KEY), size);
    return started;
  }

  test('fails with a sentence, and is not listed after the next start', async () => {
    const { s3, list, get, sentences } = await startDamaged();
    const sentence = new RegExp(`/${KEY} has ${size} bytes, but 8 were written\\. Restore it from a backup`);
    await expect(get(KEY)).rejects.toMatchObject({
      name: 'StateDamaged',
      message: expect.stringMatching(sentence),
    });
    expect(sentences()).toEqual([expect.stringMatching(sentence)]);

    await s3.restart();
    expect(await list()).toEqual([]);
    await expect(get(KEY)).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(sentences()[1]).toMatch(
      /^The size of 1 file in .*, such as that of head-office.*npm run backfill/,
    );
  });

  test('can be written again', async () => {
    const { s3, list, get, sentences } = await startDamaged();
    await s3.restart();
    const put = { Bucket: BUCKET, Key: KEY, Body: 'the call' };
    await s3.client.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }));
    await s3.restart();
    expect(await get(KEY)).toBe('the call');
    await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: KEY }));
    await s3.restart();
    expect(await list()).toEqual([]);
    expect(sentences()).toHaveLength(1);
  });

  test('can be deleted, and leaves no file', async () => {
    const { s3, list, sentences } = await startDamaged();
    await s3.restart();
    await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: KEY }));
    await s3.restart();
    expect(await list()).toEqual([]);
    expect(sentences()).toHaveLength(1);
  });

  test('is listed again if the file is restored', async () => {
    const { s3, get } = await startDamaged();
    await s3.restart();
    await writeFile(join(s3.directory, BUCKET, KEY), 'the call');
    await s3.restart();
    expect(await get(KEY)).toBe('the call');
  });
});
