import * as buckets from './bucket-operations.ts';
import { S3Error } from './errors.ts';
import * as objects from './object-operations.ts';
import type { Operation } from './operation.ts';
import type { S3Request } from './request.ts';
import * as uploadListings from './upload-listings.ts';
import * as uploads from './upload-operations.ts';

const ROUTES: Readonly<Record<string, Operation>> = {
  'GET /': buckets.listBuckets,
  'PUT /bucket': buckets.createBucket,
  'HEAD /bucket': buckets.headBucket,
  'GET /bucket': buckets.listObjects,
  'GET /bucket?list-type': buckets.listObjectsV2,
  'GET /bucket?location': buckets.getBucketLocation,
  'GET /bucket?uploads': uploadListings.listMultipartUploads,
  'POST /bucket?delete': buckets.deleteObjects,
  'GET /bucket/key': objects.getObject,
  'HEAD /bucket/key': objects.headObject,
  'PUT /bucket/key': objects.putObject,
  'DELETE /bucket/key': objects.deleteObject,
  'POST /bucket/key?uploads': uploads.createMultipartUpload,
  'PUT /bucket/key?partNumber&uploadId': uploads.uploadPart,
  'GET /bucket/key?uploadId': uploadListings.listParts,
  'POST /bucket/key?uploadId': uploads.completeMultipartUpload,
  'DELETE /bucket/key?uploadId': uploads.abortMultipartUpload,
};

/** Parameters that refine an operation. Any other names the operation: a PUT with `acl` must not write the object. */
const REFINEMENTS = new Set([
  ...['prefix', 'delimiter', 'encoding-type', 'fetch-owner', 'x-id'],
  ...['max-keys', 'continuation-token', 'start-after', 'marker'],
  ...['max-parts', 'part-number-marker', 'max-uploads', 'key-marker', 'upload-id-marker'],
]);

/** Throws `NotImplemented` for an operation that this server does not have. */
export function findOperation({ method, bucket, key, query }: S3Request): Operation {
  const scope = bucket === '' ? '/' : key === '' ? '/bucket' : '/bucket/key';
  const names = query
    .map(([name]) => name)
    .filter((name) => !REFINEMENTS.has(name) && !/^(?:x-amz-|response-)/i.test(name))
    .sort();
  const route = `${method} ${scope}${names.length > 0 ? `?${names.join('&')}` : ''}`;
  const operation = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined;
  if (!operation) throw new S3Error('NotImplemented', `This server does not implement ${route}`);
  return operation;
}
