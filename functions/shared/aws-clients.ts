import { Readable } from 'node:stream';
import { S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { fromEnv } from '@aws-sdk/credential-provider-env';

/** By default the SDK waits for ever, which in a function ends as a bare "Task timed out". */
const CONNECTION_TIMEOUT_MS = 3_000;

/** For a response of Secrets Manager or SQS to begin. */
const REQUEST_TIMEOUT_MS = 5_000;

/** How long a connection to S3 may be idle. Counts progress, so a slow line may take its time with a large part. */
const S3_IDLE_TIMEOUT_MS = 60_000;

/** The first attempt and two retries; the SDK decides what is worth one, and how long to wait. */
const MAX_ATTEMPTS = 3;

const SLICE_BYTES = 1024 * 1024;

/** Lambda puts a function's credentials into its environment; elsewhere the SDK looks wherever a person keeps them. */
const common = () => ({
  maxAttempts: MAX_ATTEMPTS,
  ...('AWS_LAMBDA_FUNCTION_NAME' in process.env && { credentials: fromEnv() }),
});

const requestHandler = {
  connectionTimeout: CONNECTION_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  throwOnRequestTimeout: true,
};

export const createSecretsManagerClient = () => new SecretsManagerClient({ ...common(), requestHandler });

export const createSqsClient = () => new SQSClient({ ...common(), requestHandler });

/** `config` takes precedence over the environment. */
export function createS3Client(config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({
    ...common(),
    // Servers other than AWS's seldom have a host name for each bucket.
    forcePathStyle: 'AWS_ENDPOINT_URL_S3' in process.env || 'AWS_ENDPOINT_URL' in process.env,
    // Asking before each part whether it may be sent costs a round trip and a new connection.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: S3_IDLE_TIMEOUT_MS },
    ...config,
  });
  streamBodies(client);
  return client;
}

/**
 * Sends large bodies as streams. The SDK hashes a buffer for the signature and hands it to the socket in one piece,
 * which is copied and encrypted whole; a stream is signed as UNSIGNED-PAYLOAD, as S3 allows (TLS and the CRC-32 of
 * every part protect its bytes), and goes out slice by slice. Inside the retries, which need the buffer again.
 */
function streamBodies({ middlewareStack }: S3Client): void {
  middlewareStack.addRelativeTo(
    <Args extends { request: unknown }, Output>(next: (args: Args) => Promise<Output>) =>
      async (args: Args) => {
        const request = args.request as { body?: unknown };
        const { body } = request;
        if (!Buffer.isBuffer(body)) return next(args);
        request.body = Readable.from(slicesOf(body), { objectMode: false, highWaterMark: SLICE_BYTES });
        try {
          return await next(args);
        } finally {
          request.body = body;
        }
      },
    { name: 'streamBodies', relation: 'before', toMiddleware: 'httpSigningMiddleware' },
  );
}

function* slicesOf(body: Buffer): Generator<Buffer, void> {
  for (let start = 0; start < body.length; start += SLICE_BYTES) {
    yield body.subarray(start, start + SLICE_BYTES);
  }
}

/** Whether S3 refused a request with this HTTP status. */
export const hasStatus = (error: unknown, status: number): error is S3ServiceException =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
