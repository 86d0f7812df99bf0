import { Readable } from 'node:stream';
import { writeNewFile } from '../durable-file.ts';
import { receiveBody } from './body.ts';
import type { Precondition } from './bucket.ts';
import { NO_VERSION } from './bucket-operations.ts';
import { checksumHeader } from './checksum.ts';
import { S3Error } from './errors.ts';
import type { Operation } from './operation.ts';
import { queryParameter, type S3Request, toHeaderValue } from './request.ts';
import type { StoredObject } from './stored-object.ts';
import { xmlResponse } from './xml.ts';

type Headers = S3Request['headers'];

/** Headers that are kept with an object. A GET can override them by `response-` parameters. */
const OBJECT_HEADERS = ['cache-control', 'content-disposition', 'content-encoding', 'content-type'];
export const RESPONSE_OVERRIDES = OBJECT_HEADERS.map((name) => `response-${name}`);

export const putObject: Operation = (call) => {
  const { request, bucket, nowMs } = call;
  const { headers, key } = request;
  const precondition = writePrecondition(headers);
  return bucket.withTemporaryFile(async (path) => {
    const { size, md5Hex, checksum } = await receiveBody(call, (bytes) => writeNewFile(path, bytes));
    const object = {
      key,
      size,
      etag: `"${md5Hex}"`,
      lastModifiedMs: nowMs,
      headers: pickObjectHeaders(headers),
      ...(checksum && { checksum: { ...checksum, type: 'FULL_OBJECT' as const } }),
    };
    await bucket.commit(path, object, precondition, 'PutObject');
    return { headers: { etag: object.etag, ...checksumHeaders(object) } };
  });
};

/** Copies within the bucket. The copied bytes get no new checksum: they are those of the source. */
export const copyObject: Operation = async ({ request, bucket, nowMs }) => {
  const { headers, key } = request;
  const [, sourceBucket, sourceKey = ''] =
    /^\/?([^/]+)\/(.+)$/.exec(decodeURIComponent(headers['x-amz-copy-source'] ?? '')) ?? [];
  if (sourceBucket !== bucket.name) {
    throw new S3Error('NotImplemented', 'This server copies within one bucket only.');
  }
  const source = await bucket.open(sourceKey);
  if (!source) throw noSuchKey();
  const { object, file } = source;
  return bucket.withTemporaryFile(async (path) => {
    try {
      const ifMatch = headers['x-amz-copy-source-if-match'];
      if (![undefined, object.etag].includes(ifMatch)) {
        throw new S3Error('PreconditionFailed', 'The source has a different ETag.');
      }
      await writeNewFile(path, file.createReadStream({ autoClose: false }));
    } finally {
      await file.close();
    }
    const { file: _, ...details } = object;
    const isReplaced = headers['x-amz-metadata-directive'] === 'REPLACE';
    const copiedHeaders = isReplaced ? pickObjectHeaders(headers) : object.headers;
    await bucket.commit(
      path,
      { ...details, key, lastModifiedMs: nowMs, headers: copiedHeaders },
      writePrecondition(headers),
      'CopyObject',
    );
    return xmlResponse('CopyObjectResult', {
      ETag: object.etag,
      LastModified: new Date(nowMs).toISOString(),
    });
  });
};

export const getObject: Operation = async ({ request, bucket }) => {
  const opened = await bucket.open(request.key);
  if (!opened) throw noSuchKey();
  const { object, file } = opened;
  try {
    const { range, ...response } = describe(request, object);
    // `createReadStream` cannot express an empty range: it would try to read a byte.
    if (object.size === 0) await file.close();
    const options = { ...range, highWaterMark: 256 * 1024 };
    return { ...response, body: object.size === 0 ? Readable.from([]) : file.createReadStream(options) };
  } catch (error) {
    await file.close();
    throw error;
  }
};

export const headObject: Operation = ({ request, bucket }) => {
  const object = bucket.get(request.key);
  if (!object) throw noSuchKey();
  const { range: _, ...response } = describe(request, object);
  return response;
};

export const deleteObject: Operation = async ({ request, bucket }) => {
  if (![undefined, NO_VERSION].includes(queryParameter(request, 'versionId'))) {
    throw new S3Error('NoSuchVersion', 'The specified version does not exist.');
  }
  await bucket.delete(request.key);
  return { status: 204 };
};

const noSuchKey = () => new S3Error('NoSuchKey', 'The specified key does not exist.');

/** `If-None-Match: *` lets a write only create an object, `If-Match` only replace the one with this ETag. */
export function writePrecondition(headers: Headers): Precondition {
  const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = headers;
  if (![undefined, '*'].includes(ifNoneMatch) || ifMatch === '*') {
    throw new S3Error(
      'NotImplemented',
      'For writes, only If-None-Match: * and If-Match: ETAG are implemented.',
    );
  }
  return (current) => {
    if (ifNoneMatch && current) throw new S3Error('PreconditionFailed', 'The object exists already.');
    if (ifMatch === undefined) return;
    if (!current) throw noSuchKey();
    if (current.etag !== ifMatch) {
      throw new S3Error('PreconditionFailed', 'The object has a different ETag.');
    }
  };
}

/** Picks the headers of a request that are kept with the object. */
export function pickObjectHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (value && (OBJECT_HEADERS.includes(name) || name.startsWith('x-amz-meta-'))) kept[name] = value;
  }
  // `aws-chunked` is the encoding of the upload, not of the object.
  const encodings = kept['content-encoding']?.split(',').map((encoding) => encoding.trim()) ?? [];
  kept['content-encoding'] = encodings.filter((encoding) => encoding !== 'aws-chunked').join(',');
  if (kept['content-encoding'] === '') delete kept['content-encoding'];
  return kept;
}

/** Status and headers of a GET or HEAD. */
function describe({ headers, query }: S3Request, object: StoredObject) {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && !['*', object.etag].includes(ifMatch)) {
    throw new S3Error('PreconditionFailed', 'The object has a different ETag.');
  }
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
      // Not with a range: the client would compare the object's checksum with that of the range.
      ...(wantsChecksum && !range && checksumHeaders(object)),
      'content-length': String(range ? range.end - range.start + 1 : object.size),
      ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
    },
  };
}

function checksumHeaders({ checksum }: Pick<StoredObject, 'checksum'>): Record<string, string> {
  if (!checksum) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** The first and the last byte. `undefined`, for the whole object, also if there are several ranges or another unit. */
function parseRange(header = '', size: number): { start: number; end: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start > end) throw new S3Error('InvalidRange', `The object has ${size} bytes.`);
  return { start, end };
}
