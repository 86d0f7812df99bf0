import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  HeadBucketCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { LoginStore } from '../../functions/shared/session/login-store.ts';

/** URL-safe, like the secrets that the stack generates. */
export const generateSecret = () => randomBytes(30).toString('base64url');

/** Returns the secret's value. Creates the secret with the value `initial` if it does not exist. */
export async function ensureSecret(
  client: SecretsManagerClient,
  name: string,
  initial: string,
): Promise<string> {
  try {
    const { SecretString = initial } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return SecretString;
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(new CreateSecretCommand({ Name: name, SecretString: initial }));
    return initial;
  }
}

/** Stores the credentials, as a person would in the console. The webhook secret is kept. */
export async function storeCredentials(
  client: SecretsManagerClient,
  name: string,
  credentials: Readonly<Record<string, string>>,
): Promise<void> {
  const initial = { webhookSecret: generateSecret() };
  const before = await ensureSecret(client, name, JSON.stringify(initial));
  const after = JSON.stringify({ ...JSON.parse(before), ...credentials });
  if (after === before) return;
  await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: after }));
}

/** Creates the queue if it does not exist. An existing one gets these attributes and keeps its messages. */
export async function ensureQueue(
  client: SQSClient,
  queueUrl: string,
  attributes: Partial<Record<QueueAttributeName, string>>,
): Promise<void> {
  await client.send(new CreateQueueCommand({ QueueName: queueUrl.split('/').at(-1) }));
  await client.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: attributes }));
}

export async function ensureBucket(client: S3Client, name: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: name }));
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode !== 404) throw error;
    await client.send(new CreateBucketCommand({ Bucket: name }));
  }
}

/** Ends a login that a killed process had begun, so that nothing waits for it. No other process is running now. */
export async function releaseLogin(store: LoginStore): Promise<void> {
  const snapshot = await store.read();
  const { login, ...state } = snapshot.state;
  if (login !== undefined) await store.replace(snapshot, state);
}
