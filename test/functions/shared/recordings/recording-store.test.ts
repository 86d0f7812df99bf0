import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { crc32 as crc32Of } from 'node:zlib';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import {
  createRecordingStore,
  type RecordingStore,
} from '../../../../functions/shared/recordings/recording-store.ts';
import type { Upload } from '../../../../functions/shared/recordings/uploads.ts';
import {
  BUCKET,
  CREDENTIALS,
  patternedBytes,
  REGION,
  startEmbeddedS3,
} from '../../../infra/local/s3/embedded-s3.ts';

const KEY = 'recordings/hq/2026/01/01/call.wav';
const OBJECT_INFO = { contentType: 'audio/wav', metadata: { 'call-id': '42', from: 'Z%C3%BCrich' } };
const FIRST = Buffer.from('the first bytes');
const SECOND = Buffer.from('other bytes, that come second');
const PART_BYTES = 5 * 1024 ** 2;
const LONG = patternedBytes(PART_BYTES + 1234);
const { signal } = new AbortController();

function crc32(bytes: Buffer): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32Of(bytes));
  return checksum.toString('base64');
}

interface Sent {
  method: string;
  query: Record<string, string>;
  headers: object;
}

/** Records the requests to the server from now on, as they are sent. */
function recordRequests(url: string): Sent[] {
  const requests: Sent[] = [];
  const onStart = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    const sent = new URL(request.path, `http://${request.getHeader('host')}`);
    if (sent.origin !== url) return;
    const query = Object.fromEntries(sent.searchParams);
    requests.push({ method: request.method, query, headers: { ...request.getHeaders() } });
  };
  subscribe('http.client.request.start', onStart);
  onTestFinished(() => {
    unsubscribe('http.client.request.start', onStart);
  });
  return requests;
}

function createStore(url: string, credentials = CREDENTIALS, bucket = BUCKET) {
  const client = createS3Client({ endpoint: url, region: REGION, credentials, forcePathStyle: true });
  onTestFinished(() => client.destroy());
  return createRecordingStore(client, bucket);
}

/** A recording store in an embedded S3, and ways to look at what it did. */
async function startStore() {
  const { client, url } = await startEmbeddedS3();
  const store = createStore(url);
  const part = (partNumber: number, bytes: Buffer) => ({ partNumber, bytes, crc32: crc32(bytes) });
  return {
    url,
    client,
    store,
    requests: recordRequests(url),
    put: (bytes: Buffer) => store.put({ key: KEY, bytes, crc32: crc32(bytes) }, OBJECT_INFO, signal),
    /** Uploads all parts of `LONG`; only the completion is left. */
    async upload() {
      const upload = { key: KEY, uploadId: await store.begin(KEY, OBJECT_INFO) };
      const parts = [
        await store.putPart(upload, part(1, LONG.subarray(0, PART_BYTES)), signal),
        await store.putPart(upload, part(2, LONG.subarray(PART_BYTES)), signal),
      ];
      const whole = { parts, bytes: LONG.length, crc32: crc32(LONG) };
      return { upload, whole, complete: () => store.complete(upload, whole, signal) };
    },
    async stored() {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    describe: () => client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: KEY, ChecksumMode: 'ENABLED' })),
    async openUploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
      return Uploads.map(({ UploadId }) => UploadId);
    },
  };
}

/** A store whose credentials S3 rejects. */
function refusedStore(url: string) {
  return createStore(url, { accessKeyId: 'nobody', secretAccessKey: 'knows' });
}

describe('a recording', () => {
  test('is put, described and found', async () => {
    const { store, put, describe, stored } = await startStore();
    expect(await put(FIRST)).toBe('written');
    expect(await stored()).toEqual(FIRST);
    expect(await describe()).toMatchObject({ ContentType: 'audio/wav', Metadata: OBJECT_INFO.metadata });
    expect(await store.find(KEY, signal)).toMatchObject({
      bytes: FIRST.length,
      crc32: crc32(FIRST),
      isFullObjectChecksum: true,
    });
  });

  test('is uploaded in parts, described and found', async () => {
    const { store, upload, describe, stored, openUploads } = await startStore();
    const { complete } = await upload();
    expect(await store.find(KEY, signal)).toBeUndefined();
    expect(await complete()).toBe('written');
    expect((await stored()).equals(LONG)).toBe(true);
    expect(await describe()).toMatchObject({ ContentType: 'audio/wav', Metadata: OBJECT_INFO.metadata });
    expect(await store.find(KEY, signal)).toMatchObject({
      bytes: LONG.length,
      crc32: crc32(LONG),
      isFullObjectChecksum: true,
    });
    expect(await openUploads()).toEqual([]);
  });

  test('that does not exist is not found', async () => {
    const { store } = await startStore();
    expect(await store.find(KEY, signal)).toBeUndefined();
  });

  test('is not considered missing when S3 denies access', async () => {
    const { url } = await startStore();
    await expect(refusedStore(url).find(KEY, signal)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  test('uploaded by somebody else with part checksums only is recognized as such', async () => {
    const { client, store } = await startStore();
    const target = { Bucket: BUCKET, Key: KEY };
    const { UploadId = '' } = await client.send(
      new CreateMultipartUploadCommand({
        ...target,
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'COMPOSITE',
      }),
    );
    const { ETag, ChecksumCRC32 } = await client.send(
      new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: FIRST, ChecksumAlgorithm: 'CRC32' }),
    );
    await client.send(
      new CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] },
      }),
    );
    expect(await store.find(KEY, signal)).toMatchObject({ isFullObjectChecksum: false });
  });
});

describe('a key is written once:', () => {
  test('a put of another recording returns conflict, and the first bytes stay', async () => {
    const { put, stored } = await startStore();
    await put(FIRST);
    expect(await put(SECOND)).toBe('conflict');
    expect(await stored()).toEqual(FIRST);
  });

  test('an upload that completes later returns conflict, and the first bytes stay', async () => {
    const { put, upload, stored } = await startStore();
    const { complete } = await upload();
    await put(FIRST);
    expect(await complete()).toBe('conflict');
    expect(await stored()).toEqual(FIRST);
  });

  test('of two simultaneous puts, exactly one writes', async () => {
    const { put, stored } = await startStore();
    const outcomes = await Promise.all([put(FIRST), put(SECOND)]);
    expect(outcomes.toSorted()).toEqual(['conflict', 'written']);
    expect(await stored()).toEqual(outcomes[0] === 'written' ? FIRST : SECOND);
  });

  test('of two uploads completed simultaneously, exactly one writes', async () => {
    const { upload, stored } = await startStore();
    const uploads = [await upload(), await upload()];
    const outcomes = await Promise.all(uploads.map(({ complete }) => complete()));
    expect(outcomes.toSorted()).toEqual(['conflict', 'written']);
    expect((await stored()).equals(LONG)).toBe(true);
  });

  test('a copy of another recording returns conflict, and the first bytes stay', async () => {
    const { store, put, stored } = await startStore();
    await put(FIRST);
    const other = KEY.replace('.wav', '~0a1b2c3d.wav');
    await store.put({ key: other, bytes: SECOND, crc32: crc32(SECOND) }, OBJECT_INFO, signal);
    const { etag = '' } = (await store.find(other, signal)) ?? {};
    expect(await store.copy({ key: other, etag }, KEY, signal)).toBe('conflict');
    expect(await stored()).toEqual(FIRST);
  });

  test('a write that S3 rejects for another reason fails', async () => {
    const { url, upload } = await startStore();
    const { upload: begun, whole } = await upload();
    const store = refusedStore(url);
    const refusal = { $metadata: { httpStatusCode: 403 } };
    await expect(
      store.put({ key: KEY, bytes: FIRST, crc32: crc32(FIRST) }, OBJECT_INFO, signal),
    ).rejects.toMatchObject(refusal);
    await expect(store.complete(begun, whole, signal)).rejects.toMatchObject(refusal);
  });
});

describe('over the wire', () => {
  test('a put has its checksum and the condition that the key does not exist', async () => {
    const { put, requests } = await startStore();
    await put(FIRST);
    expect(requests).toMatchObject([
      { method: 'PUT', headers: { 'x-amz-checksum-crc32': crc32(FIRST), 'if-none-match': '*' } },
    ]);
  });

  test('an upload announces a full-object checksum, sends one with each part, and ends with that of the whole', async () => {
    const { upload, requests } = await startStore();
    await (await upload()).complete();
    expect(requests).toMatchObject([
      {
        method: 'POST',
        headers: { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' },
      },
      {
        query: { partNumber: '1' },
        headers: { 'x-amz-checksum-crc32': crc32(LONG.subarray(0, PART_BYTES)) },
      },
      { query: { partNumber: '2' }, headers: { 'x-amz-checksum-crc32': crc32(LONG.subarray(PART_BYTES)) } },
      {
        method: 'POST',
        headers: {
          'x-amz-checksum-crc32': crc32(LONG),
          'x-amz-checksum-type': 'FULL_OBJECT',
          'x-amz-mp-object-size': String(LONG.length),
          'if-none-match': '*',
        },
      },
    ]);
    expect(requests).toHaveLength(4);
  });
});

describe('S3 rejects', () => {
  // Without our checksum the SDK would compute its own, and the request would succeed.
  test('a put whose bytes do not match the checksum', async () => {
    const { store } = await startStore();
    await expect(
      store.put({ key: KEY, bytes: FIRST, crc32: crc32(SECOND) }, OBJECT_INFO, signal),
    ).rejects.toMatchObject({
      name: 'BadDigest',
    });
    expect(await store.find(KEY, signal)).toBeUndefined();
  });

  test('a part whose bytes do not match the checksum', async () => {
    const { store } = await startStore();
    const upload = { key: KEY, uploadId: await store.begin(KEY, OBJECT_INFO) };
    const part = { partNumber: 1, bytes: FIRST, crc32: crc32(SECOND) };
    await expect(store.putPart(upload, part, signal)).rejects.toMatchObject({ name: 'BadDigest' });
  });

  test.each<[string, (whole: { parts: { crc32: string }[]; bytes: number; crc32: string }) => void]>([
    [
      'a wrong checksum of the whole',
      (whole) => {
        whole.crc32 = crc32(FIRST);
      },
    ],
    [
      'a wrong size',
      (whole) => {
        whole.bytes -= 1;
      },
    ],
    [
      'a wrong checksum of a part',
      ({ parts: [part] }) => {
        if (part) part.crc32 = crc32(FIRST);
      },
    ],
  ])('the completion of an upload with %s, and no object is created', async (_, spoil) => {
    const { store, upload } = await startStore();
    const { whole, complete } = await upload();
    spoil(whole);
    await expect(complete()).rejects.toMatchObject({ code: 'upload-refused', kind: 'transient' });
    expect(await store.find(KEY, signal)).toBeUndefined();
  });
});

describe('an upload that is gone', () => {
  test.each([
    ['aborted', (store: RecordingStore, upload: Upload) => store.abort(upload)],
    ['completed', (_: RecordingStore, __: Upload, complete: () => Promise<unknown>) => complete()],
  ])('because it was %s accepts no part and cannot be completed', async (_, end) => {
    const { store, upload } = await startStore();
    const { upload: begun, complete } = await upload();
    await end(store, begun, complete);
    const part = { partNumber: 3, bytes: FIRST, crc32: crc32(FIRST) };
    const gone = { code: 'upload-gone', kind: 'transient' };
    await expect(store.putPart(begun, part, signal)).rejects.toMatchObject(gone);
    await expect(complete()).rejects.toMatchObject(gone);
  });

  test('is distinguished from a bucket that is gone', async () => {
    const { url, store } = await startStore();
    const upload = { key: KEY, uploadId: await store.begin(KEY, OBJECT_INFO) };
    const part = { partNumber: 1, bytes: FIRST, crc32: crc32(FIRST) };
    const elsewhere = createStore(url, CREDENTIALS, 'no-such-bucket');
    await expect(elsewhere.putPart(upload, part, signal)).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('an abort', () => {
  test('deletes the uploaded parts', async () => {
    const { store, upload, openUploads } = await startStore();
    const { upload: begun } = await upload();
    expect(await openUploads()).toEqual([begun.uploadId]);
    await store.abort(begun);
    expect(await openUploads()).toEqual([]);
  });

  test('of an upload that is gone is harmless', async () => {
    const { store, upload } = await startStore();
    const { upload: begun, complete } = await upload();
    await complete();
    await store.abort(begun);
    await store.abort(begun);
    expect(await store.find(KEY, signal)).toMatchObject({ bytes: LONG.length });
  });

  test('that S3 rejects fails, because the upload still exists', async () => {
    const { url, upload, openUploads } = await startStore();
    const { upload: begun } = await upload();
    await expect(refusedStore(url).abort(begun)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    expect(await openUploads()).toEqual([begun.uploadId]);
  });
});

test('every request to S3 that takes a signal fails when the signal is aborted', async () => {
  const { store, upload } = await startStore();
  const { upload: begun, whole } = await upload();
  const aborted = AbortSignal.abort();
  const part = { partNumber: 1, bytes: FIRST, crc32: crc32(FIRST) };
  const calls = [
    () => store.find(KEY, aborted),
    () => store.put({ key: KEY, bytes: FIRST, crc32: crc32(FIRST) }, OBJECT_INFO, aborted),
    () => store.putPart(begun, part, aborted),
    () => store.complete(begun, whole, aborted),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ name: 'AbortError' });
  expect(await store.find(KEY, signal)).toBeUndefined();
});
