import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, test } from 'vitest';
import {
  BUCKET,
  changeRequests,
  createClient,
  patternedBytes,
  sendRaw,
  startEmbeddedS3,
} from './embedded-s3.ts';

const KEY = 'call.wav';
const MEBIBYTE = 1024 ** 2;
const put = (extra: object) => new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: 'hello', ...extra });

type EmbeddedS3 = Awaited<ReturnType<typeof startEmbeddedS3>>;

async function expectNothingStored({ client, leftovers }: EmbeddedS3): Promise<void> {
  expect(await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))).toMatchObject({ KeyCount: 0 });
  expect(await leftovers()).toEqual([]);
}

/** Presigns a PUT without any checksum of its body. */
function presignPut({ url }: EmbeddedS3): Promise<string> {
  return getSignedUrl(
    createClient(url, { requestChecksumCalculation: 'WHEN_REQUIRED' }),
    put({ Body: undefined }),
  );
}

/** A client whose request bodies are changed after they have been signed. */
function createTamperingClient({ url }: EmbeddedS3, tamper: (body: Buffer) => Buffer) {
  return changeRequests(createClient(url), 'after signing', async ({ body }) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : await buffer(body);
    return { body: Readable.from([tamper(bytes)], { objectMode: false }) };
  });
}

const replaceIn = (search: string, replacement: string) => (body: Buffer) =>
  Buffer.from(body.toString('latin1').replace(search, replacement), 'latin1');

describe('a stream', () => {
  test('of 40 MiB with its checksum in the trailer is stored byte for byte', async () => {
    const { client } = await startEmbeddedS3();
    const body = patternedBytes(40 * MEBIBYTE);
    const pieces = Array.from({ length: 400 }, (_, index) =>
      body.subarray((index * body.length) / 400, ((index + 1) * body.length) / 400),
    );
    const stored = await client.send(put({ Body: Readable.from(pieces), ContentLength: body.length }));
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(body));
    expect(stored.ChecksumCRC32).toBe(checksum.toString('base64'));

    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(got.ContentEncoding).toBeUndefined();
    expect((await buffer(got.Body as Readable)).equals(body)).toBe(true);
  });

  test.each(['CRC32', 'CRC64NVME'] as const)(
    'is stored with its %s, which is verified',
    async (ChecksumAlgorithm) => {
      const { client } = await startEmbeddedS3();
      await client.send(
        put({ Body: Readable.from([Buffer.from('hello')]), ContentLength: 5, ChecksumAlgorithm }),
      );
      const head = await client.send(
        new HeadObjectCommand({ Bucket: BUCKET, Key: KEY, ChecksumMode: 'ENABLED' }),
      );
      expect(head).toMatchObject({ [`Checksum${ChecksumAlgorithm}`]: expect.any(String), ContentLength: 5 });
    },
  );
});

describe('a body that is not what the request states', () => {
  const wrong: [string, string, object][] = [
    ['CRC32', 'BadDigest', { ChecksumCRC32: 'AAAAAA==' }],
    ['CRC64NVME', 'BadDigest', { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }],
    ['MD5', 'BadDigest', { ContentMD5: Buffer.alloc(16).toString('base64') }],
    ['form of MD5', 'InvalidDigest', { ContentMD5: 'short' }],
    ['form of CRC32', 'InvalidRequest', { ChecksumCRC32: 'short' }],
    ['form of CRC64NVME', 'InvalidRequest', { ChecksumCRC64NVME: 'AAAAAA==' }],
  ];

  test.each(wrong)('is refused for a wrong %s', async (_, name, extra) => {
    const s3 = await startEmbeddedS3();
    await expect(s3.client.send(put(extra))).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: 400 },
    });
    await expectNothingStored(s3);
  });

  test.each(['CRC32C', 'SHA1', 'SHA256'] as const)(
    'is refused with a %s, which could not be verified',
    async (ChecksumAlgorithm) => {
      const s3 = await startEmbeddedS3();
      const stream = { Body: Readable.from([Buffer.from('hello')]), ContentLength: 5 };
      for (const body of [{}, stream]) {
        await expect(s3.client.send(put({ ...body, ChecksumAlgorithm }))).rejects.toMatchObject({
          name: 'NotImplemented',
          $metadata: { httpStatusCode: 501 },
        });
      }
      await expectNothingStored(s3);
    },
  );

  test('is refused for a wrong payload hash', async () => {
    const s3 = await startEmbeddedS3();
    const client = createTamperingClient(s3, replaceIn('hello', 'jello'));
    await expect(client.send(put({}))).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' });
    await expectNothingStored(s3);
  });

  test('is refused for a wrong checksum in the trailer, and the old object is kept', async () => {
    const s3 = await startEmbeddedS3();
    await s3.client.send(put({ Body: 'before' }));
    const client = createTamperingClient(s3, replaceIn('hello', 'jello'));
    const stream = { Body: Readable.from([Buffer.from('hello')]), ContentLength: 5 };
    await expect(client.send(put(stream))).rejects.toMatchObject({ name: 'BadDigest' });
    const got = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(await got.Body?.transformToString()).toBe('before');
    expect(await s3.leftovers()).toEqual([]);
  });

  const malformed: [string, string, string, string][] = [
    [
      'an announced trailer that is missing',
      'MalformedTrailerError',
      'x-amz-checksum-crc32',
      'x-amz-something-else',
    ],
    ['a trailer without a colon', 'InvalidRequest', 'x-amz-checksum-crc32:', 'x-amz-checksum-crc32 '],
    ['a chunk size that is not a number', 'InvalidRequest', '5\r\n', 'z\r\n'],
    ['a chunk longer than its size', 'InvalidRequest', 'hello', 'hello!'],
    ['fewer bytes than announced', 'IncompleteBody', '5\r\nhello', '4\r\nhell'],
    ['more bytes than announced', 'IncompleteBody', '5\r\nhello', '6\r\nhello!'],
    ['no end', 'IncompleteBody', '0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', ''],
    ['something after its end', 'InvalidRequest', '\r\n\r\n', '\r\n\r\n!'],
  ];

  test.each(malformed)('is refused for %s (%s)', async (_, name, search, replacement) => {
    const s3 = await startEmbeddedS3();
    const client = createTamperingClient(s3, replaceIn(search, replacement));
    const stream = { Body: Readable.from([Buffer.from('hello')]), ContentLength: 5 };
    await expect(client.send(put(stream))).rejects.toMatchObject({ name });
    await expectNothingStored(s3);
  });

  test('is refused without a length', async () => {
    const s3 = await startEmbeddedS3();
    const { pathname, search } = new URL(await presignPut(s3));
    const path = pathname + search;
    const response = await sendRaw(s3.url, {
      method: 'PUT',
      path,
      headers: { 'transfer-encoding': 'chunked' },
      body: 'x',
    });
    expect(response).toMatchObject({ status: 411, code: 'MissingContentLength' });
    await expectNothingStored(s3);
  });

  test('is refused above 5 GiB before any of it has arrived', async () => {
    const s3 = await startEmbeddedS3();
    const length = 5 * 1024 ** 3 + 1;
    const response = await startPut(s3, await presignPut(s3), { length, sent: 0, hangUp: false });
    expect(response).toMatch(/400 Bad Request.*EntityTooLarge/s);
  });
});

describe('an upload that is cut off', () => {
  test('leaves neither an object nor a file', async () => {
    const s3 = await startEmbeddedS3();
    const url = await presignPut(s3);
    await startPut(s3, url, { length: 10 * MEBIBYTE, sent: 4 * MEBIBYTE, hangUp: true });
    while ((await s3.leftovers()).length > 0) await setImmediate();
    await expectNothingStored(s3);
  });

  test('keeps the object that it would have replaced', async () => {
    const s3 = await startEmbeddedS3();
    await s3.client.send(put({ Body: 'before' }));
    await startPut(s3, await presignPut(s3), { length: 2 * MEBIBYTE, sent: MEBIBYTE, hangUp: true });
    while ((await s3.leftovers()).length > 0) await setImmediate();
    const got = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(await got.Body?.transformToString()).toBe('before');
  });

  test('by closing the server is cleaned up before the server counts as closed', async () => {
    const s3 = await startEmbeddedS3();
    const response = startPut(s3, await presignPut(s3), {
      length: 2 * MEBIBYTE,
      sent: MEBIBYTE,
      hangUp: false,
    });
    while ((await s3.leftovers()).length === 0) await setImmediate();
    await s3.restart();
    expect(await response).toBe('');
    await expectNothingStored(s3);
  });
});

/** Sends the head of a PUT and some of its bytes, then hangs up once they have arrived or returns the response. */
async function startPut(
  s3: EmbeddedS3,
  url: string,
  { length, sent, hangUp }: { length: number; sent: number; hangUp: boolean },
): Promise<string> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(sent));
  if (hangUp) {
    while ((await s3.leftovers()).length === 0) await setImmediate();
    socket.destroy();
    return '';
  }
  let response = '';
  try {
    for await (const bytes of socket) {
      response += bytes;
      if (response.includes('</Error>')) break;
    }
  } catch {
    // The server has cut the connection.
  }
  return response;
}

describe('a conditional write', () => {
  test('succeeds only if there is no object yet', async () => {
    const s3 = await startEmbeddedS3();
    await s3.client.send(put({ IfNoneMatch: '*' }));
    await expect(s3.client.send(put({ IfNoneMatch: '*', Body: 'again' }))).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    const got = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(await got.Body?.transformToString()).toBe('hello');
    expect(await s3.leftovers()).toEqual([]);
  });

  test('succeeds for exactly one of many writers at the same time', async () => {
    const { client } = await startEmbeddedS3();
    const bodies = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
    const outcomes = await Promise.allSettled(
      bodies.map((Body) => client.send(put({ IfNoneMatch: '*', Body }))),
    );
    const winners = bodies.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'PreconditionFailed' });
    }
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(await got.Body?.transformToString()).toBe(winners[0]);
  });

  test('replaces exactly the object with the given ETag', async () => {
    const { client } = await startEmbeddedS3();
    const missing = client.send(put({ IfMatch: '"0"' }));
    await expect(missing).rejects.toMatchObject({ name: 'NoSuchKey' });
    const { ETag } = await client.send(put({ Body: 'first' }));
    await client.send(put({ IfMatch: ETag, Body: 'second' }));
    const outdated = client.send(put({ IfMatch: ETag, Body: 'third' }));
    await expect(outdated).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(await got.Body?.transformToString()).toBe('second');
  });

  test('is refused with a condition that is not implemented', async () => {
    const s3 = await startEmbeddedS3();
    await expect(s3.client.send(put({ IfNoneMatch: '"x"' }))).rejects.toMatchObject({
      name: 'NotImplemented',
    });
    await expectNothingStored(s3);
  });
});
