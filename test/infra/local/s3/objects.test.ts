import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, test } from 'vitest';
import { BUCKET, patternedBytes, startEmbeddedS3 } from './embedded-s3.ts';

const KEY = 'head-office/2026/11/30/call-1.wav';
const at = (Key: string) => ({ Bucket: BUCKET, Key });

describe('an object', () => {
  test('comes back with its bytes and metadata, also after a restart', async () => {
    const s3 = await startEmbeddedS3();
    const put = await s3.client.send(
      new PutObjectCommand({
        ...at(KEY),
        Body: 'hello',
        ContentType: 'audio/wav',
        CacheControl: 'no-store',
        Metadata: { 'call-id': '42' },
      }),
    );
    expect(put).toMatchObject({ ETag: '"5d41402abc4b2a76b9719d911017c592"', ChecksumCRC32: 'NhCmhg==' });

    const described = {
      ContentType: 'audio/wav',
      ContentLength: 5,
      CacheControl: 'no-store',
      ETag: '"5d41402abc4b2a76b9719d911017c592"',
      LastModified: new Date(s3.clock.nowMs),
      AcceptRanges: 'bytes',
      Metadata: { 'call-id': '42' },
    };
    expect(await s3.client.send(new HeadObjectCommand(at(KEY)))).toMatchObject(described);
    await s3.restart();
    const got = await s3.client.send(new GetObjectCommand({ ...at(KEY), ChecksumMode: 'ENABLED' }));
    expect(got).toMatchObject({ ...described, ChecksumCRC32: 'NhCmhg==' });
    expect(await got.Body?.transformToString()).toBe('hello');
  });

  test('is an ordinary file at the path of its key', async () => {
    const { client, directory } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: 'hello' }));
    expect(await readFile(join(directory, BUCKET, KEY), 'utf8')).toBe('hello');
  });

  test('comes with its checksum only on request', async () => {
    const { client } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: 'hello' }));
    const asked = await client.send(new HeadObjectCommand({ ...at(KEY), ChecksumMode: 'ENABLED' }));
    expect(asked).toMatchObject({ ChecksumCRC32: 'NhCmhg==', ChecksumType: 'FULL_OBJECT' });
    expect((await client.send(new HeadObjectCommand(at(KEY)))).ChecksumCRC32).toBeUndefined();
    const url = await getSignedUrl(client, new HeadObjectCommand({ ...at(KEY), ChecksumMode: 'ENABLED' }));
    const presigned = await fetch(url, { method: 'HEAD' });
    expect(presigned.headers.get('x-amz-checksum-crc32')).toBe('NhCmhg==');
  });

  test('may be empty', async () => {
    const { client } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: Buffer.alloc(0) }));
    const { Body, ContentLength } = await client.send(new GetObjectCommand(at(KEY)));
    expect([ContentLength, await Body?.transformToString()]).toEqual([0, '']);
  });

  test('is replaced by a later one of the same key', async () => {
    const { client, directory } = await startEmbeddedS3();
    for (const Body of ['first', 'second', 'third']) {
      await client.send(new PutObjectCommand({ ...at(KEY), Body }));
      const { Body: got } = await client.send(new GetObjectCommand(at(KEY)));
      expect(await got?.transformToString()).toBe(Body);
    }
    expect(await readFile(join(directory, BUCKET, KEY), 'utf8')).toBe('third');
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(Contents).toHaveLength(1);
  });

  test('is gone after a delete, and deleting it again succeeds', async () => {
    const { client, directory, leftovers } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: 'hello' }));
    for (let time = 0; time < 2; time++) await client.send(new DeleteObjectCommand(at(KEY)));
    await expect(client.send(new GetObjectCommand(at(KEY)))).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(client.send(new HeadObjectCommand(at(KEY)))).rejects.toMatchObject({ name: 'NotFound' });
    await expect(readFile(join(directory, BUCKET, KEY))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await leftovers()).toEqual([]);
  });
});

describe('a key', () => {
  const keys = [
    'with space/+plus*star#hash%percent%2F?question&amp;.wav',
    'Müller/通話/📞.wav',
    '../../escape.wav',
    'a/../b/./c',
    '/leading//double/trailing/',
    '.s3/recordings/objects/x.json',
    '~other/x',
    'nul.wav/CON',
    'back\\slash:colon"quote<less>\'|',
    'line\r\nbreak\ttab',
    'k'.repeat(1024),
  ];

  test.each(keys)('may be %j', async (key) => {
    const s3 = await startEmbeddedS3();
    await s3.client.send(new PutObjectCommand({ ...at(key), Body: key }));
    await s3.restart();
    const { Body } = await s3.client.send(new GetObjectCommand(at(key)));
    expect(await Body?.transformToString()).toBe(key);
    expect((await readdir(s3.directory)).sort()).toEqual(['.s3', BUCKET]);
    await expect(access(join(s3.directory, '..', 'escape.wav'))).rejects.toMatchObject({ code: 'ENOENT' });
    for (const EncodingType of ['url', undefined] as const) {
      const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket: BUCKET, EncodingType }));
      const listed = Contents?.[0]?.Key ?? '';
      expect(EncodingType ? decodeURIComponent(listed) : listed).toBe(key);
    }
    await s3.client.send(new DeleteObjectCommand(at(key)));
    await expect(s3.client.send(new HeadObjectCommand(at(key)))).rejects.toMatchObject({ name: 'NotFound' });
  });

  test('may be below another key', async () => {
    const { client } = await startEmbeddedS3();
    const all = ['a', 'a/b', 'a/b/c', 'x/y', 'x'];
    for (const key of all) await client.send(new PutObjectCommand({ ...at(key), Body: key }));
    for (const key of all) {
      const { Body } = await client.send(new GetObjectCommand(at(key)));
      expect(await Body?.transformToString()).toBe(key);
    }
  });

  test('may not be longer than 1024 bytes', async () => {
    const { client } = await startEmbeddedS3();
    const put = client.send(new PutObjectCommand({ ...at('ü'.repeat(513)), Body: 'x' }));
    await expect(put).rejects.toMatchObject({ name: 'KeyTooLongError' });
  });
});

describe('a range', () => {
  const body = patternedBytes(1000);
  const ranges: [string, number, number][] = [
    ['bytes=0-0', 0, 0],
    ['bytes=10-99', 10, 99],
    ['bytes=990-', 990, 999],
    ['bytes=990-5000', 990, 999],
    ['bytes=-10', 990, 999],
    ['bytes=-5000', 0, 999],
  ];

  test.each(ranges)('of %s is bytes %i to %i', async (Range, first, last) => {
    const { client } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: body }));
    const got = await client.send(new GetObjectCommand({ ...at(KEY), Range }));
    expect(got.$metadata.httpStatusCode).toBe(206);
    expect(got).toMatchObject({
      ContentRange: `bytes ${first}-${last}/1000`,
      ContentLength: last - first + 1,
    });
    expect(got.ChecksumCRC32).toBeUndefined();
    const bytes = await got.Body?.transformToByteArray();
    expect(Buffer.from(bytes ?? []).equals(body.subarray(first, last + 1))).toBe(true);
  });

  test.each(['bytes=1000-', 'bytes=2000-3000', 'bytes=-0'])('of %s is refused', async (Range) => {
    const { client } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: body }));
    const got = client.send(new GetObjectCommand({ ...at(KEY), Range }));
    await expect(got).rejects.toMatchObject({ name: 'InvalidRange', $metadata: { httpStatusCode: 416 } });
  });

  test('that cannot be understood is ignored', async () => {
    const { client } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: body }));
    for (const Range of ['bytes=5-2', 'words=1-2', 'bytes=0-1,5-6']) {
      const got = await client.send(new GetObjectCommand({ ...at(KEY), Range }));
      expect((await got.Body?.transformToByteArray())?.length).toBe(1000);
    }
  });
});

describe('a conditional read', () => {
  test('is refused when the ETag is a different one', async () => {
    const { client } = await startEmbeddedS3();
    const { ETag } = await client.send(new PutObjectCommand({ ...at(KEY), Body: 'hello' }));
    for (const IfMatch of [ETag, '*']) await client.send(new GetObjectCommand({ ...at(KEY), IfMatch }));
    const refused = client.send(new GetObjectCommand({ ...at(KEY), IfMatch: '"other"' }));
    await expect(refused).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
  });
});

describe('a presigned GET', () => {
  test('overrides headers of the response', async () => {
    const { client } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: 'hello', ContentType: 'audio/wav' }));
    const url = await getSignedUrl(
      client,
      new GetObjectCommand({
        ...at(KEY),
        ResponseContentType: 'application/octet-stream',
        ResponseContentDisposition: `attachment; filename="call.wav"; filename*=UTF-8''M%C3%BCller.wav`,
        ResponseCacheControl: 'private, max-age=60',
      }),
    );
    const { headers } = await fetch(url);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="call.wav"; filename*=UTF-8''M%C3%BCller.wav`,
      'cache-control': 'private, max-age=60',
    });
  });
});

describe('a presigned URL', () => {
  test('is refused with a line break in a header to be', async () => {
    const { client } = await startEmbeddedS3();
    await client.send(new PutObjectCommand({ ...at(KEY), Body: 'hello' }));
    for (const command of [
      new GetObjectCommand({ ...at(KEY), ResponseContentType: 'text/plain\r\nset-cookie: a=b' }),
      new PutObjectCommand({ ...at(KEY), Metadata: { a: '1\r\nset-cookie: a=b' } }),
    ]) {
      const isGet = command instanceof GetObjectCommand;
      const url = await getSignedUrl(client, command as GetObjectCommand);
      const response = await fetch(url, isGet ? {} : { method: 'PUT', body: 'x' });
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringContaining('InvalidArgument'),
      ]);
    }
  });
});

describe('a bucket', () => {
  test('is found once it has been created, which may be repeated', async () => {
    const { client } = await startEmbeddedS3();
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await client.send(new CreateBucketCommand({ Bucket: 'another.one' }));
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['another.one', BUCKET]);
    await client.send(new HeadBucketCommand({ Bucket: BUCKET }));
  });

  test('that does not exist is not found', async () => {
    const { client } = await startEmbeddedS3();
    const Bucket = 'missing';
    await expect(client.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
    for (const command of [
      new PutObjectCommand({ Bucket, Key: KEY, Body: 'x' }),
      new GetObjectCommand({ Bucket, Key: KEY }),
      new ListObjectsV2Command({ Bucket }),
    ] as const) {
      await expect(client.send(command as GetObjectCommand)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    }
  });

  test('has a name that S3 allows', async () => {
    const { client } = await startEmbeddedS3();
    for (const Bucket of ['Upper', 'no', 'a..b', '.s3', '-dash', 'under_score']) {
      await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
        name: 'InvalidBucketName',
      });
    }
  });
});
