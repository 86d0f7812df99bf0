import * as buckets from './bucket-operations.ts';
import { completeMultipartUpload } from './complete-upload.ts';
import { S3Error } from './errors.ts';
import * as objects from './object-operations.ts';
import type { Operation } from './operation.ts';
import type { S3Request } from './request.ts';
import * as uploads from './upload-operations.ts';

const LIST_OPTIONS = ['prefix', 'delimiter', 'encoding-type', 'max-keys'];

/** Each route lists the query parameters that select the operation, then those that it takes as options. */
const ROUTES: readonly [route: string, operation: Operation, options?: readonly string[]][] = [
  ['GET /', buckets.listBuckets],
  ['PUT /bucket', buckets.createBucket],
  ['HEAD /bucket', buckets.headBucket],
  ['GET /bucket', buckets.listObjects, [...LIST_OPTIONS, 'marker']],
  ['GET /bucket?list-type', buckets.listObjectsV2, [...LIST_OPTIONS, 'continuation-token']],
  ['GET /bucket?versions', buckets.listObjectVersions, [...LIST_OPTIONS, 'key-marker', 'version-id-marker']],
  ['GET /bucket?uploads', uploads.listMultipartUploads, ['prefix']],
  ['GET /bucket/key', objects.getObject, objects.RESPONSE_OVERRIDES],
  ['HEAD /bucket/key', objects.headObject, objects.RESPONSE_OVERRIDES],
  ['PUT /bucket/key', objects.putObject],
  ['DELETE /bucket/key', objects.deleteObject],
  ['DELETE /bucket/key?versionId', objects.deleteObject],
  ['POST /bucket/key?uploads', uploads.createMultipartUpload],
  ['PUT /bucket/key?partNumber&uploadId', uploads.uploadPart],
  ['POST /bucket/key?uploadId', completeMultipartUpload],
  ['DELETE /bucket/key?uploadId', uploads.abortMultipartUpload],
];

/**
 * Throws `NotImplemented` if there is a query parameter that the operation does not know: a PUT with `acl` must
 * not overwrite the object, and a listing with an unknown filter must not return everything.
 */
export function findOperation({ method, bucket, key, query, headers }: S3Request): Operation {
  const scope = bucket === '' ? '/' : key === '' ? '/bucket' : '/bucket/key';
  // `x-id` only repeats the name of the operation.
  const names = query.map(([name]) => name).filter((name) => name !== 'x-id' && !/^x-amz-/i.test(name));
  const describeRoute = (options: readonly string[]) => {
    const selectors = names.filter((name) => !options.includes(name)).sort();
    return [`${method} ${scope}`, ...selectors].join('&').replace('&', '?');
  };
  // Only this header distinguishes CopyObject from PutObject, and UploadPartCopy from UploadPart.
  if (headers['x-amz-copy-source']) {
    if (describeRoute([]) === 'PUT /bucket/key') return objects.copyObject;
    throw new S3Error('NotImplemented', 'This server does not copy parts.');
  }
  const found = ROUTES.find(([route, , options = []]) => describeRoute(options) === route);
  if (!found) throw new S3Error('NotImplemented', `This server does not implement ${describeRoute([])}.`);
  return found[1];
}
