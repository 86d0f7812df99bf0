import { ArchiveError, toArchiveError } from '../shared/errors.ts';
import { describeJob, historyOf, type Job, type JobMessage } from '../shared/jobs/job.ts';
import { type Queues, toMessageBody } from '../shared/jobs/queues.ts';
import { decide } from '../shared/jobs/retry-policy.ts';
import type { Markers } from '../shared/recordings/markers.ts';
import { Interruption } from '../shared/recordings/save-in-parts.ts';
import { discardUpload, type Uploads, uploadOf } from '../shared/recordings/uploads.ts';
import { log } from '../shared/telemetry/log.ts';

/** An attempt at a job that did not succeed. */
export interface Failure {
  message: JobMessage;
  /** `undefined` if the message could not be parsed. */
  job: Job | undefined;
  error: ArchiveError;
}

/** Dependencies of failure handling. */
export interface FailureDeps {
  queues: Queues;
  markers: Pick<Markers, 'markLost'>;
  uploads: Pick<Uploads, 'abort'>;
  now: () => number;
}

/**
 * Does what the retry policy decides. Nothing ever just disappears: where that itself fails, the message stays in the
 * queue, and is handled again with its next delivery.
 *
 * @returns whether the message is done with and may be deleted
 */
export async function handleFailure(failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { message, job, error } = failure;
  const { kind, notBefore } = error;
  const storedIn = error instanceof Interruption ? error.stored.uploadId : undefined;
  const decision = decide({ kind, notBefore, storedIn }, historyOf(message, job), deps.now());
  switch (decision.action) {
    case 'lost':
      // In this order, a message that stays counts nothing twice, and sends no second dead letter.
      return (await markLost(failure, deps)) && deadLetter(failure, deps);
    case 'dead-letter':
      return deadLetter(failure, deps);
    case 'resume':
      if (await requeueWithProgress(failure, decision.afterSeconds, deps)) return true;
      // Without its progress, the job has only failed.
      return handleFailure({ ...failure, error: new ArchiveError(error.code, error.message, error) }, deps);
    case 'retry':
    case 'hold':
      return scheduleRetry(failure, decision.afterSeconds, deps);
  }
}

/** Makes the queue redeliver the message after a delay. Returns false: it is not done with. */
async function scheduleRetry(failure: Failure, afterSeconds: number, deps: FailureDeps): Promise<false> {
  const { queueUrl, receiptHandle } = failure.message;
  const fields = describeFailure(failure, deps);
  try {
    await deps.queues.scheduleRetry(queueUrl, receiptHandle, afterSeconds);
    log('warn', 'retry-scheduled', { ...fields, retryInSeconds: afterSeconds });
  } catch (error) {
    // It is then redelivered when its visibility timeout ends.
    log('warn', 'retry-not-scheduled', { ...fields, code: toArchiveError(error).code });
  }
  return false;
}

/**
 * Puts a job whose transfer was interrupted back into its queue, with what is stored of it, as a new message: whose
 * deliveries count anew, so that it is not delayed for having got further.
 *
 * @returns whether the old message is done with
 */
async function requeueWithProgress(
  failure: Failure,
  delaySeconds: number | undefined,
  deps: FailureDeps,
): Promise<boolean> {
  const { message, job, error } = failure;
  if (job === undefined || !(error instanceof Interruption)) return false;
  const { stored } = error;
  const { attempts, firstQueuedAt } = historyOf(message, job);
  const fields = { ...describeFailure(failure, deps), bytes: stored.bytes };
  const progress = { ...stored, attempts, since: firstQueuedAt };
  const isNewUpload = job.progress?.uploadId !== stored.uploadId;
  try {
    await deps.queues.send(message.queueUrl, { ...job, progress }, delaySeconds);
  } catch (refusal) {
    log('warn', 'resume-failed', { ...fields, code: toArchiveError(refusal).code });
    // An upload that the old message knows of is good for its next attempt.
    if (isNewUpload) await discardUpload(uploadOf(job, stored), deps.uploads);
    return false;
  }
  log('info', 'resumed', fields);
  if (isNewUpload) await discardUpload(uploadOf(job, job.progress), deps.uploads);
  return true;
}

/** Logs a lost recording, once, however often its job fails. Returns whether that has been done. */
async function markLost(failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { job } = failure;
  if (job === undefined) return true;
  const fields = describeFailure(failure, deps);
  try {
    const isFirst = await deps.markers.markLost(job.pbx, job.recording);
    if (isFirst) log('error', 'recording-lost', fields);
    return true;
  } catch (error) {
    log('error', 'mark-lost-failed', { ...fields, code: toArchiveError(error).code });
    return false;
  }
}

/** Moves the job to the dead-letter queue, with its reason. Returns whether that has been done. */
async function deadLetter(failure: Failure, { queues, uploads, now }: FailureDeps): Promise<boolean> {
  const { message, job, error } = failure;
  const { attempts, firstQueuedAt } = historyOf(message, job);
  const fields = describeFailure(failure, { now });
  try {
    await queues.sendDeadLetter(withoutProgress(failure), {
      pbx: job?.pbx,
      error,
      attempts,
      firstAt: new Date(firstQueuedAt).toISOString(),
      lastAt: new Date(now()).toISOString(),
    });
  } catch (refusal) {
    log('error', 'dead-letter-failed', { ...fields, code: toArchiveError(refusal).code });
    return false;
  }
  log('error', 'job-dead-lettered', fields);
  if (job === undefined) return true;
  await discardUpload(uploadOf(job, job.progress), uploads);
  if (error instanceof Interruption) await discardUpload(uploadOf(job, error.stored), uploads);
  return true;
}

/** The message as it came, but without what only helped its transfer: that is discarded. */
function withoutProgress({ message, job }: Failure): string {
  if (job?.progress === undefined) return message.body;
  const { progress, ...whole } = job;
  return toMessageBody(whole);
}

const describeFailure = ({ message, job, error }: Failure, { now }: Pick<FailureDeps, 'now'>) => ({
  ...describeJob(message, job),
  code: error.code,
  reason: error.message,
  ageMs: now() - historyOf(message, job).firstQueuedAt,
});
