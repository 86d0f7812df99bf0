import type { Context } from 'aws-lambda';
import { createS3Client, createSecretsManagerClient, createSqsClient } from '../shared/aws-clients.ts';
import { createArchiveIndex } from '../shared/call-log/archive-index.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { readPbxRegistry } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { deadlineSignal } from '../shared/deadline.ts';
import { createSender } from '../shared/jobs/queues.ts';
import { createMarkers } from '../shared/recordings/markers.ts';
import { openPbxs } from '../shared/session/pbxs.ts';
import { publishMetrics } from '../shared/telemetry/publish-metrics.ts';
import { envSchema } from './env.ts';
import { type ReconcileDeps, type ReconcileOutcome, reconcilePbxs } from './reconcile-pbxs.ts';
import { readRequest } from './reconcile-request.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
const s3 = createS3Client();
const secrets = createSecrets(createSecretsManagerClient());
const pbxs = openPbxs(registry, env.REPORT_HOST, { secrets, s3, bucket: env.BUCKET_NAME });
const { send } = createSender(createSqsClient());
const archive = createArchiveIndex(s3, env.BUCKET_NAME);
const markers = createMarkers(s3, env.BUCKET_NAME);

/** Queues the recordings that the PBXs have and the archive does not. Returns what it found at each PBX. */
export async function handler(event: unknown, context: Context): Promise<{ pbxs: ReconcileOutcome[] }> {
  const signal = deadlineSignal(context);
  const get = (pbxId: string): ReconcileDeps => {
    const { client, session, settings } = pbxs.get(pbxId);
    const { timeZone, queueName } = settings;
    const sendJob = (job: object) => send(env.QUEUE_URL_BASE + queueName, job);
    return { pbxId, client, session, timeZone, archive, markers, send: sendJob, now: Date.now, signal };
  };
  return { pbxs: await reconcilePbxs(readRequest(event), { ids: pbxs.ids, get }) };
}
