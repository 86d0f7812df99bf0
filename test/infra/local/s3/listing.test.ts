import {
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { BUCKET, startEmbeddedS3 } from './embedded-s3.ts';

// In the order of their UTF-8 bytes: U+FF5E comes before U+1F4DE, though not in UTF-16.
const KEYS = ['a/1', 'a/2', 'a/b/3', 'a0', 'b/4', 'c', 'ü', '～', '📞'];

async function startWithKeys() {
  const s3 = await startEmbeddedS3();
  for (const Key of KEYS.toReversed())
    await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
  return s3;
}

/** Collects all pages. */
async function listAll(client: S3Client, input: { Prefix?: string; Delimiter?: string; MaxKeys: number }) {
  const keys: (string | undefined)[] = [];
  const prefixes: (string | undefined)[] = [];
  let pages = 0;
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: BUCKET, ...input, ...(token && { ContinuationToken: token }) }),
    );
    expect(page.KeyCount).toBeLessThanOrEqual(input.MaxKeys);
    expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
    prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
    token = page.NextContinuationToken;
    pages += 1;
  } while (token);
  return { keys, prefixes, pages };
}

describe('a listing', () => {
  test('has all keys in the order of their UTF-8 bytes, with size and ETag', async () => {
    const { client, clock } = await startWithKeys();
    const { Contents, KeyCount, IsTruncated } = await client.send(
      new ListObjectsV2Command({ Bucket: BUCKET }),
    );
    expect(Contents?.map(({ Key }) => Key)).toEqual(KEYS);
    expect({ KeyCount, IsTruncated }).toEqual({ KeyCount: KEYS.length, IsTruncated: false });
    expect(Contents?.[0]).toMatchObject({
      Size: 3,
      ETag: '"32a390517fcc6e43df5fc5f2c94699e1"',
      LastModified: new Date(clock.nowMs),
      StorageClass: 'STANDARD',
    });
  });

  test.each([1, 2, 3, 100])('comes in pages of at most %i, each key once', async (MaxKeys) => {
    const { client } = await startWithKeys();
    expect(await listAll(client, { MaxKeys })).toEqual({
      keys: KEYS,
      prefixes: [],
      pages: Math.ceil(KEYS.length / MaxKeys),
    });
  });

  test.each([1, 2, 100])(
    'rolls up keys with the same prefix up to a delimiter, in pages of %i',
    async (MaxKeys) => {
      const { client } = await startWithKeys();
      const top = await listAll(client, { Delimiter: '/', MaxKeys });
      expect([top.keys, top.prefixes]).toEqual([
        ['a0', 'c', 'ü', '～', '📞'],
        ['a/', 'b/'],
      ]);
      expect(await listAll(client, { Prefix: 'x', MaxKeys })).toEqual({ keys: [], prefixes: [], pages: 1 });
      const below = await listAll(client, { Prefix: 'a/', Delimiter: '/', MaxKeys });
      expect([below.keys, below.prefixes]).toEqual([['a/1', 'a/2'], ['a/b/']]);
    },
  );

  test('is refused with an option that the server does not implement', async () => {
    const { client } = await startWithKeys();
    const listing = client.send(new ListObjectsV2Command({ Bucket: BUCKET, StartAfter: 'b' }));
    await expect(listing).rejects.toMatchObject({ name: 'NotImplemented' });
  });

  test('is available by version 1 of ListObjects', async () => {
    const { client } = await startWithKeys();
    const first = await client.send(new ListObjectsCommand({ Bucket: BUCKET, Delimiter: '/', MaxKeys: 2 }));
    expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'a0', CommonPrefixes: [{ Prefix: 'a/' }] });
    const second = await client.send(
      new ListObjectsCommand({ Bucket: BUCKET, Delimiter: '/', Marker: 'a0' }),
    );
    expect(second.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['c', 'ü', '～', '📞']);
  });
});

describe('without versioning, as in S3', () => {
  test('each object is its only version, and the listing has pages', async () => {
    const { client } = await startWithKeys();
    const keys: (string | undefined)[] = [];
    let next: { KeyMarker?: string | undefined } | undefined = {};
    while (next !== undefined) {
      const page: ListObjectVersionsCommandOutput = await client.send(
        new ListObjectVersionsCommand({ Bucket: BUCKET, MaxKeys: 2, ...next }),
      );
      for (const { Key, VersionId, IsLatest } of page.Versions ?? []) {
        keys.push(Key);
        expect({ VersionId, IsLatest }).toEqual({ VersionId: 'null', IsLatest: true });
      }
      next = page.IsTruncated ? { KeyMarker: page.NextKeyMarker } : undefined;
    }
    expect(keys).toEqual(KEYS);
  });

  test('a prefix limits the versions', async () => {
    const { client } = await startWithKeys();
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'a/' }));
    expect(Versions?.map(({ Key }) => Key)).toEqual(['a/1', 'a/2', 'a/b/3']);
  });

  test('deleting the version "null" deletes the object, and no other version exists', async () => {
    const { client } = await startWithKeys();
    const c = { Bucket: BUCKET, Key: 'c' };
    const unknown = client.send(new DeleteObjectCommand({ ...c, VersionId: '3HL4kqtJvjVBH40Nrjfkd' }));
    await expect(unknown).rejects.toMatchObject({ name: 'NoSuchVersion' });
    await client.send(new DeleteObjectCommand({ ...c, VersionId: 'null' }));
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(KEYS.filter((key) => key !== 'c'));
  });
});
