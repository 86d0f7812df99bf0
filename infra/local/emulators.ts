import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FauxqsServer } from 'fauxqs';
import { startSqs } from './embedded-sqs.ts';
import { startS3 } from './s3/server.ts';
import { startSecretsManager } from './secrets-manager.ts';

const REGION = 'us-east-1';

/**
 * Starts S3, SQS and Secrets Manager on this machine and points the AWS SDK of this process at them, by its
 * own environment variables. An S3 that `AWS_ENDPOINT_URL_S3` names is used instead of ours.
 */
export async function startEmulators(
  directory: string,
  running: AsyncDisposableStack,
): Promise<FauxqsServer> {
  const region = process.env.AWS_REGION ?? REGION;
  const sqs = await startSqs(join(directory, 'sqs'), region);
  running.defer(() => sqs.stop());
  const secretsManager = await startSecretsManager({ directory: join(directory, 'secrets') });
  running.defer(() => secretsManager.close());

  process.env.AWS_REGION = region;
  process.env.AWS_ENDPOINT_URL_SQS = sqs.address;
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secretsManager.url;
  if (process.env.AWS_ENDPOINT_URL_S3 === undefined) {
    const credentials = { accessKeyId: 'local', secretAccessKey: randomBytes(30).toString('base64') };
    const s3 = await startS3({ directory: join(directory, 's3'), credentials, region });
    running.defer(() => s3.close());
    process.env.AWS_ENDPOINT_URL_S3 = s3.url;
    process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
    // Either would come before the keys above.
    delete process.env.AWS_PROFILE;
    delete process.env.AWS_SESSION_TOKEN;
  }
  return sqs;
}
