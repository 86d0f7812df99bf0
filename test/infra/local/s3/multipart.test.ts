import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { BUCKET, patternedBytes, startEmbeddedS3 } from './embedded-s3.ts';

const PART_BYTES = 5 * 1024 ** 2;
const DATA = patternedBytes(2 * PART_BYTES + 1234);
const PARTS = [
  DATA.subarray(0, PART_BYTES),
  DATA.subarray(PART_BYTES, 2 * PART_BYTES),
  DATA.subarray(2 * PART_BYTES),
];
const FULL_OBJECT_CRC32 = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;
const target = { Bucket: BUCKET, Key: 'head-office/long call.wav' };

function crc32Base64(bytes: Buffer): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString('base64');
}

/** Starts an upload, with parts of these bytes in it. */
async function startUpload(
  parts: readonly Buffer[],
  options: Partial<CreateMultipartUploadCommandInput> = FULL_OBJECT_CRC32,
) {
  const s3 = await startEmbeddedS3();
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ ...target, ...options }));
  const uploadPart = async (PartNumber: number, Body: Buffer, extra: object = {}): Promise<CompletedPart> => {
    const algorithm = options.ChecksumAlgorithm && { ChecksumAlgorithm: options.ChecksumAlgorithm };
    const command = new UploadPartCommand({ ...target, UploadId, PartNumber, Body, ...algorithm, ...extra });
    const { $metadata: _, ...part } = await s3.client.send(command);
    return { PartNumber, ...part };
  };
  const Parts: CompletedPart[] = [];
  for (const [index, body] of parts.entries()) Parts.push(await uploadPart(index + 1, body));
  const complete = (
    input: Partial<CompleteMultipartUploadCommandInput> = {},
    listed: CompletedPart[] = Parts,
  ) =>
    s3.client.send(
      new CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: { Parts: listed },
        ...input,
      }),
    );
  const listUploads = async () =>
    (await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads ?? [];
  return { s3, UploadId, Parts, uploadPart, complete, listUploads };
}

/** Its description, and a file for each part. */
const filesOf = ({ directory }: { directory: string }, uploadId = '') =>
  readdir(join(directory, '.s3', BUCKET, 'uploads', uploadId));

describe('a multipart upload', () => {
  test('joins its parts into an object with the CRC32 of the whole', async () => {
    const { s3, Parts, complete, listUploads } = await startUpload(PARTS, {
      ...FULL_OBJECT_CRC32,
      ContentType: 'audio/wav',
      Metadata: { 'call-id': '42' },
    });
    expect(Parts.map(({ ChecksumCRC32 }) => ChecksumCRC32)).toEqual(PARTS.map(crc32Base64));
    const md5s = PARTS.map((part) => createHash('md5').update(part).digest());
    const etag = `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`;
    const checksums = { ChecksumCRC32: crc32Base64(DATA), ChecksumType: 'FULL_OBJECT' } as const;
    expect(await complete({ ...checksums, MpuObjectSize: DATA.length })).toMatchObject({
      ETag: etag,
      ...checksums,
    });

    const got = await s3.client.send(new GetObjectCommand({ ...target, ChecksumMode: 'ENABLED' }));
    expect(got).toMatchObject({
      ETag: etag,
      ...checksums,
      ContentLength: DATA.length,
      ContentType: 'audio/wav',
      Metadata: { 'call-id': '42' },
    });
    expect((await buffer(got.Body as Readable)).equals(DATA)).toBe(true);
    expect(await listUploads()).toEqual([]);
    expect(await s3.leftovers()).toEqual([]);
  });

  test('survives a restart and continues after it', async () => {
    const { s3, Parts, uploadPart, complete } = await startUpload(PARTS.slice(0, 2));
    await s3.restart();
    const last = await uploadPart(3, DATA.subarray(2 * PART_BYTES));
    expect(await complete({ ChecksumCRC32: crc32Base64(DATA) }, [...Parts, last])).toMatchObject({
      ChecksumCRC32: crc32Base64(DATA),
    });
  });

  test('takes, of a part that was uploaded twice, the one whose ETag is listed', async () => {
    const { s3, uploadPart, complete } = await startUpload([Buffer.from('old')]);
    await complete({}, [await uploadPart(1, Buffer.from('new'))]);
    const got = await s3.client.send(new GetObjectCommand(target));
    expect(await got.Body?.transformToString()).toBe('new');
  });

  test('leaves out the parts that are not listed', async () => {
    const { s3, Parts, complete } = await startUpload([Buffer.from('kept'), Buffer.from('dropped')]);
    await complete({}, Parts.slice(0, 1));
    const got = await s3.client.send(new GetObjectCommand(target));
    expect(await got.Body?.transformToString()).toBe('kept');
  });

  test('may have ten thousand parts', async () => {
    const { complete } = await startUpload([]);
    const listed = Array.from({ length: 10_000 }, (_, index) => ({
      PartNumber: index + 1,
      ETag: '"00000000000000000000000000000000"',
      ChecksumCRC32: 'AAAAAA==',
    }));
    // The list has been parsed if the parts, which do not exist, are missed.
    await expect(complete({}, listed)).rejects.toMatchObject({ name: 'InvalidPart' });
  });

  test('leaves nothing when it is aborted', async () => {
    const { s3, UploadId, uploadPart, complete, listUploads, Parts } = await startUpload(PARTS.slice(0, 1));
    await s3.client.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
    expect(await listUploads()).toEqual([]);
    expect(await readdir(join(s3.directory, '.s3', BUCKET, 'uploads'))).toEqual([]);
    expect(await s3.leftovers()).toEqual([]);
    const noSuchUpload = { name: 'NoSuchUpload', $metadata: { httpStatusCode: 404 } };
    await expect(uploadPart(2, Buffer.from('x'))).rejects.toMatchObject(noSuchUpload);
    await expect(complete({}, Parts)).rejects.toMatchObject(noSuchUpload);
    const abort = s3.client.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
    await expect(abort).rejects.toMatchObject(noSuchUpload);
  });

  test('that is aborted while a part is arriving does not keep that part', async () => {
    const { s3, UploadId, uploadPart } = await startUpload([]);
    const outcome = uploadPart(1, patternedBytes(4 * PART_BYTES)).catch((error) => error.name);
    while ((await s3.leftovers()).length === 0) await setImmediate();
    await s3.client.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
    expect(await outcome).toBe('NoSuchUpload');
    expect(await s3.leftovers()).toEqual([]);
  });

  test('belongs to one key', async () => {
    const { s3, UploadId, listUploads } = await startUpload([]);
    const abort = (input: object) =>
      s3.client.send(new AbortMultipartUploadCommand({ ...target, UploadId, ...input }));
    await expect(abort({ Key: 'other' })).rejects.toMatchObject({ name: 'NoSuchUpload' });
    for (const UploadId of ['..', '../../objects', ' ', 'x']) {
      await expect(abort({ UploadId })).rejects.toMatchObject({ name: 'NoSuchUpload' });
    }
    expect(await listUploads()).toHaveLength(1);
  });
});

describe('a part', () => {
  test('is refused when its checksum or MD5 is wrong', async () => {
    const { s3, UploadId, uploadPart } = await startUpload([]);
    for (const wrong of [
      { ChecksumCRC32: 'AAAAAA==' },
      { ContentMD5: Buffer.alloc(16).toString('base64') },
    ]) {
      await expect(uploadPart(1, Buffer.from('x'), wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    }
    expect(await filesOf(s3, UploadId)).toEqual(['upload.json']);
    expect(await s3.leftovers()).toEqual([]);
  });

  test("is refused without a checksum of the upload's algorithm", async () => {
    const { uploadPart } = await startUpload([]);
    const otherAlgorithm = uploadPart(1, Buffer.from('x'), { ChecksumAlgorithm: 'CRC64NVME' });
    await expect(otherAlgorithm).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  test('is refused when its number is not between 1 and 10,000', async () => {
    const { uploadPart } = await startUpload([]);
    for (const number of [0, 10_001]) {
      await expect(uploadPart(number, Buffer.from('x'))).rejects.toMatchObject({ name: 'InvalidArgument' });
    }
  });
});

describe('completing an upload', () => {
  const small = [Buffer.from('one'), Buffer.from('two')];

  test('is refused for a wrong CRC32 of the whole', async () => {
    const { complete, listUploads, s3 } = await startUpload(small.slice(0, 1));
    await expect(complete({ ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
    expect(await listUploads()).toHaveLength(1);
    expect(await s3.leftovers()).toEqual([]);
    await complete({ ChecksumCRC32: crc32Base64(Buffer.from('one')) });
  });

  test('is refused for a wrong size of the whole', async () => {
    const { complete } = await startUpload(small.slice(0, 1));
    await expect(complete({ MpuObjectSize: 4 })).rejects.toMatchObject({ name: 'InvalidRequest' });
    await complete({ MpuObjectSize: 3 });
  });

  test('is refused when a part other than the last is smaller than 5 MiB', async () => {
    const { complete } = await startUpload(small);
    await expect(complete()).rejects.toMatchObject({ name: 'EntityTooSmall' });
  });

  test('is refused when the parts are out of order or listed twice', async () => {
    const { complete, Parts } = await startUpload([
      DATA.subarray(0, PART_BYTES),
      DATA.subarray(0, PART_BYTES),
    ]);
    for (const listed of [Parts.toReversed(), [...Parts.slice(0, 1), ...Parts.slice(0, 1)]]) {
      await expect(complete({}, listed)).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    }
  });

  test("is refused when a part's ETag or checksum is wrong, or the part is missing", async () => {
    const { complete, Parts } = await startUpload(small.slice(0, 1));
    const [part] = Parts;
    for (const wrong of [{ ETag: '"0"' }, { ChecksumCRC32: 'AAAAAA==' }, { PartNumber: 2 }]) {
      await expect(complete({}, [{ ...part, ...wrong }])).rejects.toMatchObject({ name: 'InvalidPart' });
    }
    // As on S3, the quotes may be missing.
    await complete({}, [{ PartNumber: 1, ETag: part?.ETag?.replaceAll('"', '') }]);
  });

  test('is refused when no parts are listed', async () => {
    const { complete } = await startUpload(small.slice(0, 1));
    await expect(complete({}, [])).rejects.toMatchObject({ name: 'MalformedXML' });
  });

  test('with If-None-Match is refused when the object exists, and the upload stays open', async () => {
    const { s3, complete, listUploads } = await startUpload(small.slice(0, 1));
    await s3.client.send(new PutObjectCommand({ ...target, Body: 'first' }));
    await expect(complete({ IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    const got = await s3.client.send(new GetObjectCommand(target));
    expect(await got.Body?.transformToString()).toBe('first');
    expect(await listUploads()).toHaveLength(1);
  });

  test('with If-None-Match succeeds for exactly one of two uploads', async () => {
    const { s3, complete, listUploads } = await startUpload(small.slice(0, 1));
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ ...target, ...FULL_OBJECT_CRC32 }),
    );
    const part = { PartNumber: 1, Body: Buffer.from('other') };
    const { ETag } = await s3.client.send(
      new UploadPartCommand({ ...target, UploadId, ...part, ChecksumAlgorithm: 'CRC32' }),
    );
    const other = { UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
    const outcomes = await Promise.allSettled([
      complete({ IfNoneMatch: '*' }),
      complete({ ...other, IfNoneMatch: '*' }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await listUploads()).toHaveLength(1);
  });
});

describe('the checksum of an upload', () => {
  test('is by default, for CRC32, that of the checksums of the parts', async () => {
    const { s3, Parts, complete } = await startUpload(PARTS, { ChecksumAlgorithm: 'CRC32' });
    const checksums = Buffer.concat(PARTS.map((part) => Buffer.from(crc32Base64(part), 'base64')));
    const expected = { ChecksumCRC32: `${crc32Base64(checksums)}-3`, ChecksumType: 'COMPOSITE' };
    const withoutChecksums = Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    await expect(complete({}, withoutChecksums)).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(complete({ ChecksumCRC32: 'AAAAAA==-3' })).rejects.toMatchObject({ name: 'BadDigest' });
    expect(await complete()).toMatchObject(expected);
    const head = await s3.client.send(new HeadObjectCommand({ ...target, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject(expected);
  });

  test('is that of the whole object for CRC64NVME', async () => {
    const { s3, complete } = await startUpload(PARTS, { ChecksumAlgorithm: 'CRC64NVME' });
    const { ChecksumCRC64NVME, ChecksumType } = await complete();
    expect(ChecksumType).toBe('FULL_OBJECT');
    // The SDK computes the checksum of a single PUT itself.
    const put = { ...target, Body: DATA, ChecksumAlgorithm: 'CRC64NVME' } as const;
    const stored = await s3.client.send(new PutObjectCommand(put));
    expect(stored.ChecksumCRC64NVME).toBe(ChecksumCRC64NVME);
  });

  test('is refused when it could not be verified', async () => {
    const { s3 } = await startUpload([]);
    for (const [name, ChecksumAlgorithm, ChecksumType] of [
      ['InvalidRequest', 'CRC64NVME', 'COMPOSITE'],
      ['NotImplemented', 'SHA256', 'COMPOSITE'],
    ] as const) {
      const create = new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm, ChecksumType });
      await expect(s3.client.send(create)).rejects.toMatchObject({ name });
    }
  });

  test('is refused at the end when it is of another kind than announced', async () => {
    const { complete } = await startUpload([Buffer.from('one')]);
    for (const other of [{ ChecksumCRC64NVME: 'AAAAAAAAAAA=' }, { ChecksumType: 'COMPOSITE' } as const]) {
      await expect(complete(other)).rejects.toMatchObject({ name: 'InvalidRequest' });
    }
  });
});

describe('the uploads in progress', () => {
  test('are listed by prefix, with the time at which they began', async () => {
    const { client, clock } = await startEmbeddedS3();
    for (const Key of ['b', 'a/2', 'a/1', 'a/1']) {
      await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
    }
    const list = async (Prefix?: string) =>
      (await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix }))).Uploads ?? [];
    expect((await list()).map(({ Key }) => Key).sort()).toEqual(['a/1', 'a/1', 'a/2', 'b']);
    expect((await list('a/')).map(({ Key }) => Key).sort()).toEqual(['a/1', 'a/1', 'a/2']);
    expect((await list('b'))[0]).toMatchObject({ Initiated: new Date(clock.nowMs) });
    expect(await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))).toMatchObject({ KeyCount: 0 });
  });
});
