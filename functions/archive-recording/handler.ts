import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as aws from '../shared/aws-clients.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { readPbxRegistry } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { deadlineSignal, JOB_RESERVE_MS } from '../shared/deadline.ts';
import { createQueues } from '../shared/jobs/queues.ts';
import { archiveRecording } from '../shared/recordings/archive-recording.ts';
import { createMarkers } from '../shared/recordings/markers.ts';
import { createPartBuffers } from '../shared/recordings/parts.ts';
import { createRecordingStore } from '../shared/recordings/recording-store.ts';
import { openPbxs } from '../shared/session/pbxs.ts';
import { publishMetrics } from '../shared/telemetry/publish-metrics.ts';
import { envSchema } from './env.ts';
import { processJob } from './process-job.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const s3 = aws.createS3Client();
const shared = { secrets: createSecrets(aws.createSecretsManagerClient()), s3, bucket: env.BUCKET_NAME };
const pbxs = openPbxs(readPbxRegistry(env.PBX_REGISTRY_FILE), env.REPORT_HOST, shared);
const deps = {
  store: createRecordingStore(s3, env.BUCKET_NAME),
  queues: createQueues(aws.createSqsClient(), env.DEAD_LETTER_QUEUE_URL),
  markers: createMarkers(aws.createS3MetadataClient(), env.BUCKET_NAME),
  now: Date.now,
};
const buffers = createPartBuffers();

/** Archives one recording per message. Reports unfinished messages back, so that SQS keeps them. */
export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const signal = deadlineSignal(context, JOB_RESERVE_MS);
  const batchItemFailures = [];
  for (const record of Records) {
    const message = {
      body: record.body,
      queueUrl: env.QUEUE_URL_BASE + record.eventSourceARN.split(':').at(-1),
      receiptHandle: record.receiptHandle,
      attempt: Number(record.attributes.ApproximateReceiveCount),
      sentAt: Number(record.attributes.SentTimestamp),
    };
    const isDone = await processJob(message, {
      ...deps,
      archive: (job, options) =>
        archiveRecording(job, { ...pbxs.get(job.pbx), ...deps, buffers, signal }, options),
    });
    if (!isDone) batchItemFailures.push({ itemIdentifier: record.messageId });
  }
  return { batchItemFailures };
}
