import type { Context } from 'aws-lambda';
import { createS3Client, createSecretsManagerClient, createSqsClient } from '../shared/aws-clients.ts';
import { deadlineSignal } from '../shared/deadline.ts';
import { createLedger } from '../shared/ledger.ts';
import { parseSettings } from '../shared/parse-settings.ts';
import { openPbxs } from '../shared/pbxs.ts';
import { publishMetrics } from '../shared/publish-metrics.ts';
import { createSender } from '../shared/queues.ts';
import { readPbxRegistry } from '../shared/read-pbx-registry.ts';
import { createSecrets } from '../shared/secrets.ts';
import { createArchiveIndex } from './archive-index.ts';
import { envSchema } from './env.ts';
import { type ReconcileDeps, type ReconcileOutcome, reconcilePbxs } from './reconcile-pbxs.ts';
import { readRequest } from './request.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
const pbxs = openPbxs(registry, env.REPORT_HOST, createSecrets(createSecretsManagerClient()));
const { send } = createSender(createSqsClient());
const s3 = createS3Client();
const archive = createArchiveIndex(s3, env.BUCKET_NAME);
const ledger = createLedger(s3, env.BUCKET_NAME);

/** Queues what the PBXs have recorded and the archive does not have; tells what it found at each. */
export async function handler(event: unknown, context: Context): Promise<{ pbxs: ReconcileOutcome[] }> {
  const signal = deadlineSignal(context);
  const get = (pbxId: string): ReconcileDeps => {
    const { client, session, settings } = pbxs.get(pbxId);
    const { timeZone, queueName } = settings;
    const sendJob = (job: object) => send(env.QUEUE_URL_BASE + queueName, job);
    return { pbxId, client, session, timeZone, archive, ledger, send: sendJob, now: Date.now, signal };
  };
  return { pbxs: await reconcilePbxs(readRequest(event), { ids: pbxs.ids, get }) };
}
