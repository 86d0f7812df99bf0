import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { CONNECTION_TIMEOUT_MS, REQUEST_TIMEOUT_MS, TRANSFER_TIMEOUT_MS } from './timeouts.ts';

const waitingFor = (requestTimeout: number) => ({
  connectionTimeout: CONNECTION_TIMEOUT_MS,
  requestTimeout,
  throwOnRequestTimeout: true,
});

export const createSqsClient = () => new SQSClient({ requestHandler: waitingFor(REQUEST_TIMEOUT_MS) });

/** Servers other than AWS's, named by `AWS_ENDPOINT_URL_S3`, seldom have a host name for each bucket. */
export const createS3Client = () =>
  new S3Client({
    forcePathStyle: 'AWS_ENDPOINT_URL_S3' in process.env,
    requestHandler: waitingFor(TRANSFER_TIMEOUT_MS),
  });
