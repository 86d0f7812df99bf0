import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

/** The SDK's own default is to wait for ever, which in a function ends as a bare "Task timed out". */
const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 5_000;

/** A part of eight megabytes has a minute, which is 1 Mbit/s. */
const TRANSFER_TIMEOUT_MS = 64_000;

const waitingFor = (requestTimeout: number) => ({
  connectionTimeout: CONNECTION_TIMEOUT_MS,
  requestTimeout,
  throwOnRequestTimeout: true,
});

export const createSecretsManagerClient = () =>
  new SecretsManagerClient({ requestHandler: waitingFor(REQUEST_TIMEOUT_MS) });

export const createSqsClient = () => new SQSClient({ requestHandler: waitingFor(REQUEST_TIMEOUT_MS) });

/** Servers other than AWS's, named by `AWS_ENDPOINT_URL_S3`, seldom have a host name for each bucket. */
export const createS3Client = () =>
  new S3Client({
    forcePathStyle: 'AWS_ENDPOINT_URL_S3' in process.env,
    requestHandler: waitingFor(TRANSFER_TIMEOUT_MS),
  });
