import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { readCredentials } from '../../../../functions/shared/config/credentials.ts';
import { createSecrets } from '../../../../functions/shared/config/secrets.ts';
import type { PbxClient } from '../../../../functions/shared/pbx/pbx-client.ts';
import { createLoginStore } from '../../../../functions/shared/session/login-store.ts';
import { createSession } from '../../../../functions/shared/session/session.ts';
import { createSessionStore } from '../../../../functions/shared/session/session-store.ts';
import { subscriptionOf } from '../../../../functions/shared/session/subscription.ts';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import { startSecretsManager } from '../../../../infra/local/secrets-manager/server.ts';

const BUCKET = 'archive';

export const WEBHOOK_SECRET = 'webhook-secret-of-the-test';

export interface SessionHarnessOptions {
  clock: { now: number };
  username?: string;
  password?: string;
  family?: 's-series' | 'p-series';
  /** Where the PBX posts reports; the test may run a server there. */
  reportUrl?: string;
  /** What happens while a function waits. By default it does not wait. */
  wait?: (ms: number) => Promise<void>;
}

/** Sessions with the given PBX that share their state through an embedded Secrets Manager and S3. */
export async function startSession(client: PbxClient, options: SessionHarnessOptions) {
  const { clock, username = 'api', password = 'pbx-password', reportUrl = 'http://127.0.0.1:9' } = options;
  const { family = 's-series', wait = async () => {} } = options;
  const directory = await mkdtemp(join(tmpdir(), 'session-'));
  const access = { credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, region: 'us-east-1' };
  const server = await startSecretsManager({
    ...access,
    directory: join(directory, 'secrets'),
    versionNow: () => clock.now,
  });
  const bucketServer = await startS3({ ...access, directory: join(directory, 's3') });
  const aws = new SecretsManagerClient({ ...access, endpoint: server.url, maxAttempts: 1 });
  const s3 = createS3Client({ ...access, endpoint: bucketServer.url, forcePathStyle: true });
  onTestFinished(async () => {
    aws.destroy();
    s3.destroy();
    await Promise.all([server.close(), bucketServer.close()]);
    await rm(directory, { recursive: true });
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const secret = (entered: object) => JSON.stringify({ webhookSecret: WEBHOOK_SECRET, ...entered });
  const named = (entered: object) =>
    family === 's-series'
      ? { username, password, ...entered }
      : { clientId: username, clientSecret: password, ...entered };
  await aws.send(new CreateSecretCommand({ Name: 'pbx/test', SecretString: secret(named({})) }));
  await aws.send(new CreateSecretCommand({ Name: 'session/test', SecretString: '{"nonce":"generated"}' }));

  const secrets = createSecrets(aws);
  const store = createSessionStore('session/test', secrets);
  const logins = createLoginStore(s3, BUCKET, 'test');
  const written: string[] = [];
  const { replace } = store;
  store.replace = (snapshot, state) => {
    written.push(snapshot.version);
    return replace(snapshot, state);
  };
  const open = () =>
    createSession({
      pbxId: 'test',
      client,
      store,
      logins,
      readCredentials: () => readCredentials({ credentialsSecret: 'pbx/test', family }, secrets),
      subscriptionFor: ({ webhookSecret }) => subscriptionOf('test', { reportUrl }, 'unused', webhookSecret),
      now: () => clock.now,
      wait,
    });
  return {
    session: open(),
    /** Another function's session with the same PBX. */
    open,
    store,
    logins,
    secrets,
    s3,
    /** One entry for each time that a function wanted to write the session secret. */
    written,
    /** Stops S3. */
    closeBucket: () => bucketServer.close(),
    /** Changes the credentials, as a person does in Secrets Manager. */
    async enterCredentials(entered: Readonly<Record<string, string>>) {
      const value = secret(named(entered));
      await aws.send(new PutSecretValueCommand({ SecretId: 'pbx/test', SecretString: value }));
    },
  };
}
