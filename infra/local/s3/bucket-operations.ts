import { receiveDocument } from './body.ts';
import { listKeys } from './listing.ts';
import { type Call, numberParameter, type Operation, xmlReply } from './operation.ts';
import { queryParameter } from './request.ts';
import { uriEncode } from './signature.ts';
import { toXml } from './xml.ts';

const MAXIMUM_KEYS = 1000;

export const listBuckets: Operation = async ({ store }) => {
  // When a bucket was created is not kept; the field is mandatory for some clients.
  const CreationDate = new Date(0).toISOString();
  const Bucket = store.bucketNames().map((Name) => ({ Name, CreationDate }));
  return xmlReply(toXml('ListAllMyBucketsResult', { Owner: { ID: 'local' }, Buckets: { Bucket } }));
};

export const createBucket: Operation = async ({ request, authentication, store }) => {
  await receiveDocument(request, authentication);
  await store.createBucket(request.bucket);
  return { headers: { location: `/${request.bucket}` } };
};

export const headBucket: Operation = async ({ store, request, region }) => {
  store.bucket(request.bucket);
  return { headers: { 'x-amz-bucket-region': region } };
};

export const listObjectsV2: Operation = async (call) => {
  const { request } = call;
  const token = queryParameter(request, 'continuation-token');
  const { listing, common } = list(call, Buffer.from(token ?? '', 'base64url').toString());
  return xmlReply(
    toXml('ListBucketResult', {
      ...common,
      KeyCount: listing.keys.length + listing.commonPrefixes.length,
      ContinuationToken: token,
      NextContinuationToken: listing.next && Buffer.from(listing.next).toString('base64url'),
    }),
  );
};

/** The first version of ListObjects, which older clients use. */
export const listObjects: Operation = async (call) => {
  const marker = queryParameter(call.request, 'marker') ?? '';
  const { listing, common, encode } = list(call, marker);
  const NextMarker = listing.next && encode(listing.next);
  return xmlReply(toXml('ListBucketResult', { ...common, Marker: encode(marker), NextMarker }));
};

/** What the two versions of ListObjects share. */
function list({ request, bucket }: Call, after: string) {
  const prefix = queryParameter(request, 'prefix') ?? '';
  const delimiter = queryParameter(request, 'delimiter') ?? '';
  const limit = numberParameter(request, 'max-keys', MAXIMUM_KEYS);
  const EncodingType = queryParameter(request, 'encoding-type');
  const encode = (key: string) => (EncodingType === 'url' ? key.split('/').map(uriEncode).join('/') : key);
  const listing = listKeys(bucket.keys(), { prefix, delimiter, after, limit });
  const objects = listing.keys.map((key) => bucket.get(key)).filter((object) => object !== undefined);
  const common = {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: limit,
    EncodingType,
    IsTruncated: listing.next !== undefined,
    Contents: objects.map(({ key, lastModifiedMs, etag, size, checksum }) => ({
      Key: encode(key),
      LastModified: new Date(lastModifiedMs).toISOString(),
      ETag: etag,
      ChecksumAlgorithm: checksum?.algorithm,
      ChecksumType: checksum?.type,
      Size: size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: listing.commonPrefixes.map((found) => ({ Prefix: encode(found) })),
  };
  return { listing, common, encode };
}

/** Multipart uploads in progress, all of them at once. */
export const listMultipartUploads: Operation = async ({ request, bucket }) => {
  const prefix = queryParameter(request, 'prefix') ?? '';
  const uploads = (await bucket.uploads.list()).filter(({ key }) => key.startsWith(prefix));
  return xmlReply(
    toXml('ListMultipartUploadsResult', {
      Bucket: bucket.name,
      Prefix: prefix,
      IsTruncated: false,
      Upload: uploads.map(({ key, uploadId, initiatedMs }) => ({
        Key: key,
        UploadId: uploadId,
        Initiated: new Date(initiatedMs).toISOString(),
        StorageClass: 'STANDARD',
      })),
    }),
  );
};
