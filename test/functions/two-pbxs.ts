import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll } from 'vitest';
import { startSimulatedPbx } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { identity } from '../infra/simulated-pbx/harness.ts';
import { makeDirectory, writeRegistry } from './aws-services.ts';

export const BUCKET = 'archive';

/**
 * Sets up `hq`, a simulated PBX, and `away`, a PBX that cannot be reached, in the services that the AWS SDK of this process
 * uses: registry, secrets, bucket, and the environment that names them. `queues` are the URLs of the queue of `hq` and of
 * the dead letters.
 */
export async function useTwoPbxs(
  queues: { jobs: string; deadLetters: string },
  settings: { timeZone?: string } = {},
) {
  const pbx = await startSimulatedPbx({ tls: identity, directory: await makeDirectory(), ...settings });
  afterAll(() => pbx.close());
  Object.assign(process.env, {
    PBX_REGISTRY_FILE: await writeRegistry({
      hq: { baseUrl: pbx.url, tls: { fingerprint256: pbx.fingerprint256 }, ...settings },
      // Nothing listens on this port.
      away: { baseUrl: 'https://127.0.0.1:9' },
    }),
    QUEUE_URL_BASE: queues.jobs.replace(/[^/]+$/, ''),
    DEAD_LETTER_QUEUE_URL: queues.deadLetters,
    BUCKET_NAME: BUCKET,
    REPORT_HOST: 'reports.test',
  });
  const credentials = {
    username: 'api',
    password: 'pbx-password',
    webhookSecret: 'webhook-secret-of-the-test',
  };
  const secretsManager = new SecretsManagerClient();
  for (const [name, value] of [
    ['pbx/hq', credentials],
    ['pbx/away', credentials],
    ['session/hq', {}],
    // With a token, no login is needed: the request that fails is a later one.
    ['session/away', { token: 'a-token' }],
  ] as const) {
    await secretsManager.send(new CreateSecretCommand({ Name: name, SecretString: JSON.stringify(value) }));
  }
  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  secretsManager.destroy();
  return { pbx, s3 };
}
