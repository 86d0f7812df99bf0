import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import { readCredentials } from '../../../../functions/shared/config/credentials.ts';
import { createSecrets } from '../../../../functions/shared/config/secrets.ts';
import type { PbxClient } from '../../../../functions/shared/pbx/types.ts';
import { createSession } from '../../../../functions/shared/session/session.ts';
import { createSessionStore } from '../../../../functions/shared/session/session-store.ts';
import { subscriptionOf } from '../../../../functions/shared/session/subscription.ts';
import { startSecretsManager } from '../../../../infra/local/secrets-manager.ts';

export const WEBHOOK_SECRET = 'webhook-secret-of-the-test';

export interface SessionHarnessOptions {
  clock: { now: number };
  username?: string;
  password?: string;
  /** Where the PBX posts reports; the test may run a server there. */
  reportUrl?: string;
}

/** Sessions with the given PBX that share their state through an embedded Secrets Manager. */
export async function startSession(client: PbxClient, options: SessionHarnessOptions) {
  const { clock, username = 'api', password = 'pbx-password', reportUrl = 'http://127.0.0.1:9' } = options;
  const directory = await mkdtemp(join(tmpdir(), 'secrets-'));
  const access = { credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, region: 'us-east-1' };
  const server = await startSecretsManager({ ...access, directory });
  const aws = new SecretsManagerClient({ ...access, endpoint: server.url });
  onTestFinished(async () => {
    aws.destroy();
    await server.close();
    await rm(directory, { recursive: true });
  });
  const secret = (entered: object) => JSON.stringify({ webhookSecret: WEBHOOK_SECRET, ...entered });
  await aws.send(new CreateSecretCommand({ Name: 'pbx/test', SecretString: secret({ username, password }) }));
  await aws.send(new CreateSecretCommand({ Name: 'session/test', SecretString: '{"nonce":"generated"}' }));

  const secrets = createSecrets(aws);
  const store = createSessionStore('session/test', secrets);
  const open = () =>
    createSession({
      pbxId: 'test',
      client,
      store,
      readCredentials: () => readCredentials({ credentialsSecret: 'pbx/test' }, secrets),
      subscriptionFor: ({ webhookSecret }) => subscriptionOf('test', { reportUrl }, 'unused', webhookSecret),
      now: () => clock.now,
    });
  return {
    session: open(),
    /** Another function's session with the same PBX. */
    open,
    store,
    /** Changes the credentials, as a person does in Secrets Manager. */
    async enterCredentials(entered: { username?: string; password?: string; webhookSecret?: string }) {
      const value = secret({ username, password, ...entered });
      await aws.send(new PutSecretValueCommand({ SecretId: 'pbx/test', SecretString: value }));
    },
  };
}
