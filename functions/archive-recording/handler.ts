import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createS3Client, createSecretsManagerClient, createSqsClient } from '../shared/aws-clients.ts';
import { deadlineSignal } from '../shared/deadline.ts';
import { parseSettings } from '../shared/parse-settings.ts';
import { openPbxs } from '../shared/pbxs.ts';
import { createQueues } from '../shared/queues.ts';
import { createSecrets } from '../shared/secrets.ts';
import { archiveRecording } from './archive-recording.ts';
import { envSchema } from './env.ts';
import { processJob } from './process-job.ts';
import { createRecordingStore } from './recording-store.ts';

const env = parseSettings('The environment', envSchema, process.env);
const pbxs = openPbxs(env, createSecrets(createSecretsManagerClient()));
const queues = createQueues(createSqsClient(), env.DEAD_LETTER_QUEUE_URL);
const store = createRecordingStore(createS3Client(), env.BUCKET_NAME);

/** Archives one recording per message; what is not done is reported back, so that SQS keeps it. */
export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const signal = deadlineSignal(context);
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
      archive: (job) => archiveRecording(job, { ...pbxs.get(job.pbx), store, signal }),
      queues,
      now: Date.now,
    });
    if (!isDone) batchItemFailures.push({ itemIdentifier: record.messageId });
  }
  return { batchItemFailures };
}
