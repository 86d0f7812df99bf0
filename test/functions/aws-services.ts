import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startFauxqs } from 'fauxqs';
import { afterAll } from 'vitest';
import type { TableKeys } from '../../functions/shared/config/tables.ts';
import { ensureTable, startDynamoDb } from '../../infra/local/dynamodb.ts';
import { type S3Options, startS3 } from '../../infra/local/s3/server.ts';
import { startSecretsManager } from '../../infra/local/secrets-manager/server.ts';

const region = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret-access-key' };

Object.assign(process.env, {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  POWERTOOLS_METRICS_DISABLED: 'true',
  STACK_NAME: 'test',
});
delete process.env.AWS_PROFILE;
delete process.env.AWS_SESSION_TOKEN;

/** A temporary directory, deleted after the last test of the file. */
export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pbx-recording-archive-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Points the AWS SDK of this process at a Secrets Manager of its own. */
export async function useSecretsManager(): Promise<void> {
  const server = await startSecretsManager({ directory: await makeDirectory(), credentials, region });
  afterAll(() => server.close());
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = server.url;
}

/** Points the AWS SDK of this process at an S3 of its own. */
export async function useS3(options: Pick<S3Options, 'onEvent' | 'now'> = {}): Promise<void> {
  const server = await startS3({ ...options, directory: await makeDirectory(), credentials, region });
  afterAll(() => server.close());
  process.env.AWS_ENDPOINT_URL_S3 = server.url;
}

/** Points the AWS SDK of this process at a DynamoDB of its own with these tables, in memory. */
export async function useDynamoDb(tables: Record<string, TableKeys>): Promise<void> {
  const server = await startDynamoDb();
  afterAll(() => server.close());
  process.env.AWS_ENDPOINT_URL_DYNAMODB = server.url;
  const client = new DynamoDBClient();
  for (const [name, keys] of Object.entries(tables)) await ensureTable(client, name, keys);
  client.destroy();
}

/** Points the AWS SDK of this process at an SQS of its own. */
export async function useSqs() {
  const server = await startFauxqs({ port: 0, logger: false });
  afterAll(() => server.stop());
  process.env.AWS_ENDPOINT_URL_SQS = server.address;
  return {
    /** Returns the URL of the queue; the URL that fauxqs gives has a host that not every machine can resolve. */
    createQueue: (name: string) => `${server.address}/000000000000/${server.createQueue(name).queueName}`,
    empty: () => server.reset(),
  };
}

/** Writes the access settings for a function that is loaded afterwards. */
export async function useAccessSettings(settings: object = {}): Promise<void> {
  const file = join(await makeDirectory(), 'access.json');
  const shares = { allowed: true, maxDays: 30, defaultDays: 7 };
  await writeFile(file, JSON.stringify({ shares, accessLogDays: 400, ...settings }));
  process.env.ACCESS_FILE = file;
}

/** Writes a registry of PBXs with default settings, their secrets and queues named after them. */
export async function writeRegistry(pbxs: Record<string, object>): Promise<string> {
  const file = join(await makeDirectory(), 'pbx-registry.json');
  const entries = Object.entries(pbxs).map(([id, settings]) => [
    id,
    {
      baseUrl: 'https://192.0.2.1:8088',
      reportUrl: 'https://{host}',
      credentialsSecret: `pbx/${id}`,
      sessionSecret: `session/${id}`,
      queueName: `recordings-${id}`,
      ...settings,
    },
  ]);
  await writeFile(file, JSON.stringify(Object.fromEntries(entries)));
  return file;
}
