import type { Context } from 'aws-lambda';
import * as aws from '../shared/aws-clients.ts';
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
import { createIndexUpdater } from './index-updater.ts';
import { type ReconcileDeps, type ReconcileOutcome, reconcilePbxs } from './reconcile-pbxs.ts';
import { readRequest } from './reconcile-request.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
const { BUCKET_NAME: bucketName } = env;
const s3 = aws.createS3Client();
const secrets = createSecrets(aws.createSecretsManagerClient());
const pbxs = openPbxs(registry, env.REPORT_HOST, { secrets, s3, bucket: bucketName });
const { send } = createSender(aws.createSqsClient());
const markers = createMarkers(s3, bucketName);
const deletions = { requestDeletion: (event: object) => send(env.INDEX_QUEUE_URL, event), now: Date.now };
const indexUpdater = createIndexUpdater(registry, bucketName, env.INDEX_TABLE, deletions);

/**
 * Queues the recordings that the PBXs have and the archive does not. Returns what it found at each PBX. Then repairs the
 * index of the days that it has looked at.
 */
export async function handler(event: unknown, context: Context): Promise<{ pbxs: ReconcileOutcome[] }> {
  const signal = deadlineSignal(context);
  const request = readRequest(event);
  const index = indexUpdater.begin(request, signal);
  const get = (pbxId: string): ReconcileDeps => {
    const { client, session, settings } = pbxs.get(pbxId);
    const { timeZone, queueName, discoverEveryMinutes } = settings;
    const archive = createArchiveIndex(s3, bucketName, index.collect(pbxId));
    const sendJob = (job: object) => send(env.QUEUE_URL_BASE + queueName, job);
    const clock = { now: Date.now, signal, discoverEveryMinutes };
    return { pbxId, client, session, timeZone, archive, markers, send: sendJob, ...clock };
  };
  const outcomes = await reconcilePbxs(request, { ids: pbxs.ids, get });
  await index.finish(outcomes);
  return { pbxs: outcomes };
}
