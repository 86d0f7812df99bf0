import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { fromEnv } from '@aws-sdk/credential-provider-env';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

const CONNECTION_TIMEOUT_MS = 3_000;

/** For a short response to begin, and then to continue. Three attempts fit into the ten seconds of the shortest function. */
const RESPONSE_TIMEOUT_MS = 3_000;

/** How long a connection to S3 may be idle. Progress resets it, so a large part may take its time on a slow line. */
const S3_IDLE_TIMEOUT_MS = 60_000;

/** One attempt and two retries. The SDK decides what to retry and how long to back off. */
const MAX_ATTEMPTS = 3;

const SLICE_BYTES = 1024 * 1024;

/**
 * Lambda passes a function's credentials in its environment. Elsewhere the SDK's default provider chain applies; the
 * functions' bundles do not even contain it (infra/bundled).
 */
const commonConfig = () => ({
  maxAttempts: MAX_ATTEMPTS,
  ...('AWS_LAMBDA_FUNCTION_NAME' in process.env && { credentials: fromEnv() }),
});

/** The keys of the local host's SQS and Secrets Manager, where its S3 is another one with keys of its own. */
export function emulatorKeys() {
  const { EMULATOR_SECRET_KEY: secretAccessKey } = process.env;
  return secretAccessKey === undefined ? {} : { credentials: { accessKeyId: 'local', secretAccessKey } };
}

/** By default the SDK waits forever, which in a function ends in a bare "Task timed out". */
const shortTimeouts = {
  connectionTimeout: CONNECTION_TIMEOUT_MS,
  requestTimeout: RESPONSE_TIMEOUT_MS,
  throwOnRequestTimeout: true,
  socketTimeout: RESPONSE_TIMEOUT_MS,
};

const transferTimeouts = { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: S3_IDLE_TIMEOUT_MS };

export const createSecretsManagerClient = () =>
  new SecretsManagerClient({ ...commonConfig(), ...emulatorKeys(), requestHandler: shortTimeouts });

export const createSqsClient = () =>
  new SQSClient({
    ...commonConfig(),
    ...emulatorKeys(),
    requestHandler: shortTimeouts,
    // By default the host of the queue's URL is used even where AWS_ENDPOINT_URL names another one.
    useQueueUrlAsEndpoint: false,
  });

export const createDynamoDbClient = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(
    new DynamoDBClient({ ...commonConfig(), ...emulatorKeys(), requestHandler: shortTimeouts }),
    { marshallOptions: { removeUndefinedValues: true } },
  );

export const createEventBridgeClient = () =>
  new EventBridgeClient({ ...commonConfig(), requestHandler: shortTimeouts });

/** For requests about an object, without its bytes. */
export const createS3MetadataClient = () => createS3Client({ requestHandler: shortTimeouts });

/** `config` overrides the defaults and the environment. */
export function createS3Client(config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({
    ...commonConfig(),
    // S3-compatible servers seldom have a host name for each bucket.
    forcePathStyle: 'AWS_ENDPOINT_URL_S3' in process.env || 'AWS_ENDPOINT_URL' in process.env,
    // `Expect: 100-continue` costs a round trip and a new connection for each part.
    expectContinueHeader: false,
    requestHandler: transferTimeouts,
    ...config,
  });
  streamBodies(client);
  return client;
}

/**
 * Sends large bodies as streams. The SDK would hash a buffer for the signature and pass it to the socket in one piece,
 * which is then copied and encrypted as a whole. A stream is signed as UNSIGNED-PAYLOAD, which S3 allows, and is sent
 * slice by slice; TLS and the CRC-32 of each part protect the bytes. This middleware runs inside the retries because
 * each of them needs the buffer again.
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

/** Options of a request that may have a signal: the SDK takes no `undefined`. */
export const withSignal = (abortSignal: AbortSignal | undefined) => (abortSignal ? { abortSignal } : {});

/** Whether S3 rejected a request with this HTTP status. */
export const hasStatus = (error: unknown, status: number): error is S3ServiceException =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
