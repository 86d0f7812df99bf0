import { join, resolve } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type * as v from 'valibot';
import type { accessSchema } from '../../functions/shared/config/access-settings.ts';
import {
  DEFAULT_ACCESS_LOG_DAYS,
  DEFAULT_MAX_SHARE_DAYS,
  DEFAULT_SHARE_DAYS,
} from '../../functions/shared/config/limits.ts';
import { type PbxRegistry, readPbxRegistry } from '../../functions/shared/config/pbx-registry.ts';
import { ACCESS_TABLE, INDEX_TABLE } from '../../functions/shared/config/tables.ts';
import { createLoginStore } from '../../functions/shared/session/login-store.ts';
import { replaceFile } from './durable-file.ts';
import { ensureTable } from './dynamodb.ts';
import { type LocalPbx, registerPbxs } from './register-pbxs.ts';
import { ensureBucket, ensureSecret, generateSecret, releaseLogin } from './resources.ts';

export const LINK_TOKEN_SECRET = 'link-token';
export const TABLES = { INDEX_TABLE: 'recording-index', ACCESS_TABLE: 'access' };

const ACCESS_SETTINGS: v.InferInput<typeof accessSchema> = {
  shares: { allowed: true, maxDays: DEFAULT_MAX_SHARE_DAYS, defaultDays: DEFAULT_SHARE_DAYS },
  accessLogDays: DEFAULT_ACCESS_LOG_DAYS,
};

interface Options {
  directory: string;
  bucket: string;
  pbxs: Readonly<Record<string, LocalPbx>>;
}

interface Clients {
  s3: S3Client;
  secrets: SecretsManagerClient;
  dynamoDb: DynamoDBClient;
}

export interface Stores {
  registry: PbxRegistry;
  registryFile: string;
  accessFile: string;
  linkTokenFile: string;
}

/** Creates bucket, secrets, tables and the files with the settings. What an earlier run has left is kept. */
export async function prepareStores(
  { directory, bucket, pbxs }: Options,
  { s3, secrets, dynamoDb }: Clients,
): Promise<Stores> {
  await ensureBucket(s3, bucket);
  const linkTokenFile = join(directory, 'link-token');
  const linkToken = await ensureSecret(secrets, LINK_TOKEN_SECRET, generateSecret());
  await replaceFile(linkTokenFile, linkToken);
  const entries = await registerPbxs(pbxs, secrets);
  for (const id of Object.keys(entries)) await releaseLogin(createLoginStore(s3, bucket, id));
  const registryFile = resolve(directory, 'pbx-registry.json');
  await replaceFile(registryFile, JSON.stringify(entries, undefined, 2));
  const accessFile = resolve(directory, 'access.json');
  await replaceFile(accessFile, JSON.stringify(ACCESS_SETTINGS, undefined, 2));
  await ensureTable(dynamoDb, TABLES.INDEX_TABLE, INDEX_TABLE);
  await ensureTable(dynamoDb, TABLES.ACCESS_TABLE, ACCESS_TABLE);
  return { registry: readPbxRegistry(registryFile), registryFile, accessFile, linkTokenFile };
}
