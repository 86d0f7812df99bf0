import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FauxqsServer } from 'fauxqs';
import { applyEnvironment } from '../shared/environment.ts';
import { startDynamoDb } from './dynamodb.ts';
import { startSqs } from './embedded-sqs.ts';
import { createProblems } from './problems.ts';
import { type S3Options, startS3 } from './s3/server.ts';
import { startSecretsManager } from './secrets-manager/server.ts';

const REGION = 'us-east-1';

export interface Emulators {
  sqs: FauxqsServer;
  /** Environment variables that a process needs so that its AWS SDK uses these services. */
  environment: Record<string, string>;
}

/**
 * Starts S3, SQS, Secrets Manager and DynamoDB on this machine, and points the AWS SDK of this process at them through
 * its environment variables. If `AWS_ENDPOINT_URL_S3` is set, that S3 is used instead of the embedded one, and there are
 * no events.
 */
export async function startEmulators(
  directory: string,
  cleanup: AsyncDisposableStack,
  s3Options: Pick<S3Options, 'onEvent' | 'allowedOrigins'> = {},
): Promise<Emulators> {
  const region = process.env.AWS_REGION ?? REGION;
  const credentials = { accessKeyId: 'local', secretAccessKey: randomBytes(30).toString('base64') };
  const common = { credentials, region, problems: createProblems(directory) };
  const sqs = await startSqs({ ...common, directory: join(directory, 'sqs') });
  cleanup.defer(() => sqs.stop());
  const secretsManager = await startSecretsManager({ ...common, directory: join(directory, 'secrets') });
  cleanup.defer(() => secretsManager.close());
  const dynamoDb = await startDynamoDb(join(directory, 'dynamodb'), common);
  cleanup.defer(() => dynamoDb.close());

  const environment: Record<string, string> = {
    AWS_REGION: region,
    AWS_ENDPOINT_URL_SQS: sqs.address,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url,
  };
  const { AWS_ENDPOINT_URL_S3 } = process.env;
  if (AWS_ENDPOINT_URL_S3 !== undefined) {
    environment.AWS_ENDPOINT_URL_S3 = AWS_ENDPOINT_URL_S3;
    environment.EMULATOR_SECRET_KEY = credentials.secretAccessKey;
  } else {
    const s3 = await startS3({ ...common, ...s3Options, directory: join(directory, 's3') });
    cleanup.defer(() => s3.close());
    environment.AWS_ENDPOINT_URL_S3 = s3.url;
    environment.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
    environment.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
  }
  applyEnvironment(environment);
  return { sqs, environment };
}
