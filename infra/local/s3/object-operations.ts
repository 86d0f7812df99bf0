import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { receiveBody } from './body.ts';
import { checksumHeader } from './checksum.ts';
import { checkReadConditions, writePrecondition } from './conditions.ts';
import { writeNewFile } from './durable-file.ts';
import { S3Error } from './errors.ts';
import type { Operation } from './operation.ts';
import { parseRange } from './range.ts';
import { type S3Request, toHeaderValue } from './request.ts';
import { pickObjectHeaders, type StoredObject } from './stored-object.ts';

/** Query parameters of GetObject that replace a header of the response. */
export const RESPONSE_OVERRIDES = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];

export const putObject: Operation = async ({ request, authentication, bucket, nowMs }) => {
  const { headers, key } = request;
  if (headers['x-amz-copy-source']) throw new S3Error('NotImplemented', 'CopyObject is not implemented');
  const precondition = writePrecondition(headers);
  const temporaryPath = bucket.temporaryPath();
  try {
    const body = await receiveBody(request, authentication, (bytes) => writeNewFile(temporaryPath, bytes));
    const object = await bucket.commit(
      temporaryPath,
      {
        key,
        size: body.size,
        etag: `"${body.md5Hex}"`,
        lastModifiedMs: nowMs,
        headers: pickObjectHeaders(headers),
        ...(body.checksum && { checksum: { ...body.checksum, type: 'FULL_OBJECT' } }),
      },
      precondition,
    );
    return { headers: { etag: object.etag, ...checksumHeaders(object) } };
  } finally {
    await rm(temporaryPath, { force: true });
  }
};

export const getObject: Operation = async ({ request, bucket }) => {
  const opened = await bucket.open(request.key);
  if (!opened) throw noSuchKey(request.key);
  const { object, file } = opened;
  try {
    const { range, ...reply } = describe(request, object);
    // `createReadStream` would read a byte of an empty object: it has no way to say "none".
    if (object.size === 0) {
      await file.close();
      return { ...reply, body: Readable.from([]) };
    }
    return { ...reply, body: file.createReadStream({ ...range, highWaterMark: 256 * 1024 }) };
  } catch (error) {
    await file.close();
    throw error;
  }
};

export const headObject: Operation = async ({ request, bucket }) => {
  const object = bucket.get(request.key);
  if (!object) throw noSuchKey(request.key);
  const { range: _, ...reply } = describe(request, object);
  return reply;
};

export const deleteObject: Operation = async ({ request, bucket }) => {
  await bucket.delete(request.key);
  return { status: 204 };
};

/** Status and headers of a GET or HEAD. */
function describe({ headers, query }: S3Request, object: StoredObject) {
  checkReadConditions(headers, object);
  const range = parseRange(headers.range, object.size);
  const overrides = query
    .filter(([name]) => RESPONSE_OVERRIDES.includes(name))
    .map(([name, value]) => [name.slice('response-'.length), toHeaderValue(value)]);
  const wantsChecksum = headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED';
  return {
    range,
    status: range ? 206 : 200,
    headers: {
      'accept-ranges': 'bytes',
      etag: object.etag,
      'last-modified': new Date(object.lastModifiedMs).toUTCString(),
      ...object.headers,
      ...Object.fromEntries(overrides),
      // A client would hold the checksum of the whole against the part that it has got.
      ...(wantsChecksum && !range && checksumHeaders(object)),
      'content-length': String(range ? range.end - range.start + 1 : object.size),
      ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
    },
  };
}

function checksumHeaders({ checksum }: StoredObject): Record<string, string> {
  if (!checksum) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

function noSuchKey(key: string): S3Error {
  return new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
}
