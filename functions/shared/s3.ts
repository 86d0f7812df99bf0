import { S3Client } from '@aws-sdk/client-s3';

/** Servers other than AWS's, named by `AWS_ENDPOINT_URL_S3`, seldom have a host name for each bucket. */
export function createS3Client(): S3Client {
  return new S3Client({ forcePathStyle: 'AWS_ENDPOINT_URL_S3' in process.env });
}
