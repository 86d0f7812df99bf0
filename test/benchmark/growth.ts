import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Aws, jobFor } from './aws.ts';
import { waitUntilStored } from './pipeline.ts';
import { newRecording, storedAt } from './servers.ts';
import type { DeployedFunction } from './stack.ts';
import { startFunctionHost } from './start-function-host.ts';
import type { Figure } from './statistics.ts';
import { measureEvents } from './work.ts';

/** A call of four seconds. */
const RECORDING_BYTES = 64_044;
/** SQS's limit. */
const BATCH = 10;
const CALLS_PER_DAY = 1000;

/** How long one job, link or reconciliation takes when the queue or the bucket has this size. */
export interface Growth {
  what: string;
  size: string;
  ms: Figure | number;
  s3Requests?: number;
}

/** Lets archive-recording work through backlogs, one job at a time. */
export async function measureBacklogs(
  archiver: DeployedFunction,
  queueUrl: string,
  sizes: readonly number[],
): Promise<Growth[]> {
  const measured: Growth[] = [];
  for (const jobs of sizes) {
    const recordings = Array.from({ length: jobs }, () => newRecording(RECORDING_BYTES));
    await sendJobs(queueUrl, recordings);
    await using _ = await startFunctionHost(archiver, queueUrl);
    await waitUntilStored(recordings);
    const times = recordings.map((recording) => storedAt.get(recording) ?? 0);
    // The first job includes the start of the process.
    const ms = (Math.max(...times) - Math.min(...times)) / Math.max(jobs - 1, 1);
    measured.push({ what: 'job of a backlog', size: `${jobs} jobs queued`, ms });
  }
  return measured;
}

async function sendJobs(queueUrl: string, recordings: readonly string[]): Promise<void> {
  const sqs = new SQSClient();
  for (let index = 0; index < recordings.length; index += BATCH) {
    const Entries = recordings
      .slice(index, index + BATCH)
      .map((recording, id) => ({ Id: String(id), MessageBody: JSON.stringify(jobFor(recording)) }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

/** Fills the bucket step by step. At each size it requests links and reconciles one day with 50 calls. */
export async function measureBuckets(
  { link, reconciler }: { link: DeployedFunction; reconciler: DeployedFunction },
  aws: Aws,
  sizes: readonly number[],
): Promise<Growth[]> {
  const measured: Growth[] = [];
  let filled = aws.archived;
  for (const recordings of sizes.toSorted((a, b) => a - b)) {
    const names = [];
    for (; filled < recordings; filled += 1) names.push(nameOfOtherDay(filled));
    await aws.archive(names);
    const works = {
      link: await measureEvents(link, () => aws.linkEvent),
      reconciliation: await measureEvents(reconciler, () => aws.reconciliationEvent),
    };
    for (const [what, { ms, requests }] of Object.entries(works)) {
      measured.push({ what, size: `${filled} recordings stored`, ms, s3Requests: requests.s3Reads });
    }
  }
  return measured;
}

/** A thousand recordings a day from 2020 on. */
function nameOfOtherDay(index: number): string {
  const day = new Date(Date.UTC(2020, 0, 1 + Math.floor(index / CALLS_PER_DAY)));
  return `${day.toISOString().slice(0, 10).replaceAll('-', '')}120000-${index}.1-1001-1003-Internal.wav`;
}
