import { receiveDocument } from './body.ts';
import type { Call, Operation } from './operation.ts';
import { numberParameter, queryParameter } from './request.ts';
import { uriEncode } from './signature.ts';
import { xmlResponse } from './xml.ts';

const MAXIMUM_KEYS = 1000;

/** S3's version ID of an object that was written without versioning. */
export const NO_VERSION = 'null';

export const listBuckets: Operation = ({ buckets }) => {
  // The time of creation is not stored, but clients fail without one.
  const CreationDate = new Date(0).toISOString();
  const Bucket = buckets.names().map((Name) => ({ Name, CreationDate }));
  return xmlResponse('ListAllMyBucketsResult', { Buckets: { Bucket } });
};

export const createBucket: Operation = async (call) => {
  await receiveDocument(call);
  call.buckets.create(call.request.bucket);
  return {};
};

export const headBucket: Operation = ({ buckets, request }) => {
  buckets.get(request.bucket);
  return {};
};

export const listObjectsV2: Operation = (call) => {
  const token = queryParameter(call.request, 'continuation-token');
  const { page, result } = list(call, Buffer.from(token ?? '', 'base64url').toString());
  return xmlResponse('ListBucketResult', {
    ...result,
    KeyCount: page.keys.length + page.commonPrefixes.length,
    ContinuationToken: token,
    NextContinuationToken: page.next && Buffer.from(page.next).toString('base64url'),
  });
};

/** Version 1 of ListObjects, which rclone uses with the provider `Other`. */
export const listObjects: Operation = (call) => {
  const marker = queryParameter(call.request, 'marker') ?? '';
  const { page, result, encode } = list(call, marker);
  const NextMarker = page.next && encode(page.next);
  return xmlResponse('ListBucketResult', { ...result, Marker: encode(marker), NextMarker });
};

/** As in a bucket that has never had versioning: each object is its only version, with the ID `null`. */
export const listObjectVersions: Operation = (call) => {
  const marker = queryParameter(call.request, 'key-marker') ?? '';
  const { page, result, encode } = list(call, marker);
  const { Contents, ...rest } = result;
  return xmlResponse('ListVersionsResult', {
    ...rest,
    KeyMarker: encode(marker),
    NextKeyMarker: page.next && encode(page.next),
    Version: Contents.map((object) => ({ ...object, VersionId: NO_VERSION, IsLatest: true })),
  });
};

function list({ request, bucket }: Call, after: string) {
  const prefix = queryParameter(request, 'prefix') ?? '';
  const delimiter = queryParameter(request, 'delimiter') ?? '';
  const limit = Math.min(numberParameter(request, 'max-keys', MAXIMUM_KEYS), MAXIMUM_KEYS);
  const EncodingType = queryParameter(request, 'encoding-type');
  const encode = (key: string) => (EncodingType === 'url' ? key.split('/').map(uriEncode).join('/') : key);
  const page = selectPage(bucket.keys(), { prefix, delimiter, after, limit });
  const objects = page.keys.map((key) => bucket.get(key)).filter((object) => object !== undefined);
  const result = {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: limit,
    EncodingType,
    IsTruncated: page.next !== undefined,
    Contents: objects.map(({ key, lastModifiedMs, etag, size }) => ({
      Key: encode(key),
      LastModified: new Date(lastModifiedMs).toISOString(),
      ETag: etag,
      Size: size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: page.commonPrefixes.map((commonPrefix) => ({ Prefix: encode(commonPrefix) })),
  };
  return { page, result, encode };
}

interface Page {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix of this page, after which the next one starts. `undefined` on the last page. */
  readonly next: string | undefined;
}

/** Keys that are equal up to a delimiter are rolled up into one common prefix. */
function selectPage(
  sortedKeys: readonly string[],
  { prefix, delimiter, after, limit }: { prefix: string; delimiter: string; after: string; limit: number },
): Page {
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last: string | undefined;
  for (const key of sortedKeys.slice(findFirstAfter(sortedKeys, after))) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = end === -1 ? key : key.slice(0, end + delimiter.length);
    // The common prefix is already on this page or on the previous one.
    if (end !== -1 && (entry === last || after.startsWith(entry))) continue;
    if (keys.length + commonPrefixes.length === limit) return { keys, commonPrefixes, next: last };
    (end === -1 ? keys : commonPrefixes).push(entry);
    last = entry;
  }
  return { keys, commonPrefixes, next: undefined };
}

/** Compares UTF-8 bytes, because `sortedKeys` is in their order. JavaScript's strings compare differently. */
function findFirstAfter(sortedKeys: readonly string[], after: string): number {
  const bytes = Buffer.from(after);
  let [low, high] = [0, sortedKeys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(Buffer.from(sortedKeys[middle] ?? ''), bytes) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
