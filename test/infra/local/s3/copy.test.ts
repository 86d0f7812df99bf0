import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { BUCKET, startEmbeddedS3 } from './embedded-s3.ts';

const SOURCE = 'recordings/hq/2026/01/01/a +%#ü.wav';
const TARGET = 'recordings/hq/2026/01/01/b +%#ü.wav';
const copy = (settings: object = {}) =>
  new CopyObjectCommand({
    Bucket: BUCKET,
    Key: TARGET,
    CopySource: `${BUCKET}/${encodeURIComponent(SOURCE)}`,
    ...settings,
  });

test('a copy has the bytes, the checksum and the metadata of its source', async () => {
  const { client } = await startEmbeddedS3();
  const Metadata = { 'call-id': '1.1' };
  const source = { Bucket: BUCKET, Key: SOURCE, Body: 'hello', ContentType: 'audio/wav', Metadata };
  const { ETag } = await client.send(new PutObjectCommand({ ...source, ChecksumAlgorithm: 'CRC32' }));
  await client.send(copy({ CopySourceIfMatch: ETag }));
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: TARGET }));
  expect(await Body?.transformToString()).toBe('hello');
  const head = (Key: string) =>
    client.send(new HeadObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: 'ENABLED' }));
  const { $metadata: _, ...described } = await head(SOURCE);
  expect(await head(TARGET)).toMatchObject({ ...described, LastModified: expect.any(Date) });
});

test('a copy gets metadata of its own where it is to replace that of the source, as of an object onto itself', async () => {
  const { client } = await startEmbeddedS3();
  const source = { Bucket: BUCKET, Key: SOURCE, Body: 'hello', ContentType: 'audio/wav' };
  await client.send(new PutObjectCommand({ ...source, Metadata: { 'call-id': '1.1' } }));
  const replace = { Metadata: { mtime: '1' }, ContentType: 'audio/gsm', MetadataDirective: 'REPLACE' };
  await client.send(copy({ Key: SOURCE, ...replace }));
  const response = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: SOURCE }));
  expect(response).toMatchObject({ Metadata: { mtime: '1' }, ContentType: 'audio/gsm', ContentLength: 5 });
  expect(await response.Body?.transformToString()).toBe('hello');
});

test('nothing is copied from an object that does not exist, or has changed', async () => {
  const { client } = await startEmbeddedS3();
  await expect(client.send(copy())).rejects.toMatchObject({ name: 'NoSuchKey' });
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: SOURCE, Body: 'hello' }));
  const changed = client.send(copy({ CopySourceIfMatch: '"0"' }));
  await expect(changed).rejects.toMatchObject({ name: 'PreconditionFailed' });
  const target = client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: TARGET }));
  await expect(target).rejects.toMatchObject({ name: 'NotFound' });
});
