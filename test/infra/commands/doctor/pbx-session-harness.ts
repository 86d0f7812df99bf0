import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { readPbxRegistry } from '../../../../functions/shared/config/pbx-registry.ts';
import { INDEX_TABLE } from '../../../../functions/shared/config/tables.ts';
import { checkSession } from '../../../../infra/commands/doctor/check-session.ts';
import { runPbxSession } from '../../../../infra/commands/doctor/pbx-session.ts';
import type { SessionLocation } from '../../../../infra/commands/doctor/session-location.ts';
import { useDynamoDb, useS3, useSecretsManager, writeRegistry } from '../../../functions/aws-services.ts';

await useSecretsManager();
await useDynamoDb({ index: INDEX_TABLE });
await useS3();
const BUCKET = 'archive';
await createS3Client().send(new CreateBucketCommand({ Bucket: BUCKET }));

export const PASSWORD = 'password-of-the-session';
const secretsManager = new SecretsManagerClient();

/**
 * Runs pbx-session for PBXs with these settings, and explains what it says about each. Once in a test file: the function
 * reads its settings when it is loaded.
 */
export async function diagnose(pbxs: Record<string, object>, passwords: Record<string, string> = {}) {
  for (const id of Object.keys(pbxs)) {
    const credentials = {
      username: 'api',
      password: passwords[id] ?? PASSWORD,
      webhookSecret: 'webhook-secret-of-the-session',
      clientId: 'client-id',
      clientSecret: passwords[id] ?? PASSWORD,
    };
    for (const [name, value] of Object.entries({ pbx: credentials, session: {} })) {
      await secretsManager.send(
        new CreateSecretCommand({ Name: `${name}/${id}`, SecretString: JSON.stringify(value) }),
      );
    }
  }
  const file = await writeRegistry(pbxs);
  Object.assign(process.env, {
    PBX_REGISTRY_FILE: file,
    BUCKET_NAME: BUCKET,
    REPORT_HOST: 'reports.test',
    INDEX_TABLE: 'index',
  });
  const registry = readPbxRegistry(file);
  const sessions = await runPbxSession({});
  return Object.fromEntries(
    Object.entries(registry).map(([id, settings]) => [
      id,
      checkSession(
        sessions.find(({ pbx }) => pbx === id),
        settings,
        HERE,
      ),
    ]),
  );
}

export const HERE: SessionLocation = {
  name: 'here',
  address: 'The address is that of this test.',
  nameOf: (setting) => `${setting} in cdk.json`,
  apply: 'then deploy',
};

export const statuses = (results: object) =>
  Object.fromEntries(Object.entries(results).map(([check, { status }]) => [check, status]));

export const [OK, TO_DO, UNKNOWN] = ['ok', 'to-do', 'not-checked'];
