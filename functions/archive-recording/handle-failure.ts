import { ArchiveError, toArchiveError } from '../shared/errors.ts';
import { describeJob, historyOf, type Job, type JobMessage } from '../shared/jobs/job.ts';
import { type Queues, toMessageBody } from '../shared/jobs/queues.ts';
import { decide } from '../shared/jobs/retry-policy.ts';
import type { Markers } from '../shared/recordings/markers.ts';
import { Interruption } from '../shared/recordings/save-in-parts.ts';
import { discardUpload, type Uploads, uploadOf } from '../shared/recordings/uploads.ts';
import { log } from '../shared/telemetry/log.ts';

/** A failed attempt at a job. */
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
 * Carries out the decision of the retry policy. If that itself fails, nothing is lost: the message stays in the queue
 * and is handled again at its next delivery.
 *
 * @returns whether the message is finished and may be deleted
 */
export async function handleFailure(failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { message, job, error } = failure;
  const { kind, notBefore } = error;
  const storedIn = error instanceof Interruption ? error.stored.uploadId : undefined;
  const decision = decide({ kind, notBefore, storedIn }, historyOf(message, job), deps.now());
  switch (decision.action) {
    case 'lost':
      // In this order, a redelivered message is neither counted twice nor dead-lettered twice.
      return (await markLost(failure, deps)) && deadLetter(failure, deps);
    case 'dead-letter':
      return deadLetter(failure, deps);
    case 'resume':
      if (await requeueWithProgress(failure, decision.afterSeconds, deps)) return true;
      // The progress could not be queued, so handle the failure as an ordinary one.
      return handleFailure(
        { ...failure, error: new ArchiveError(error.code, error.message, { kind, notBefore }) },
        deps,
      );
    case 'retry':
    case 'hold':
      return scheduleRetry(failure, decision.afterSeconds, deps);
  }
}

/** Makes the queue redeliver the message after a delay. Returns false: the message is not finished. */
async function scheduleRetry(failure: Failure, afterSeconds: number, deps: FailureDeps): Promise<false> {
  const { queueUrl, receiptHandle } = failure.message;
  const fields = describeFailure(failure, deps);
  try {
    await deps.queues.scheduleRetry(queueUrl, receiptHandle, afterSeconds);
    log('warn', 'retry-scheduled', { ...fields, retryInSeconds: afterSeconds });
  } catch (error) {
    // The message is then redelivered when its visibility timeout ends.
    log('warn', 'retry-not-scheduled', { ...fields, code: toArchiveError(error).code });
  }
  return false;
}

/**
 * Queues an interrupted job again, as a new message with its progress. A new message's delivery count starts at 1, so
 * that a job is not delayed because it made progress.
 *
 * @returns whether the old message is finished
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
  } catch (sendError) {
    log('warn', 'resume-failed', { ...fields, code: toArchiveError(sendError).code });
    // Keep an upload that the old message refers to: its next attempt can resume it.
    if (isNewUpload) await discardUpload(uploadOf(job, stored), deps.uploads);
    return false;
  }
  log('info', 'resumed', fields);
  if (isNewUpload) await discardUpload(uploadOf(job, job.progress), deps.uploads);
  return true;
}

/** Logs a lost recording once, however often its job fails. Returns whether it is marked as lost. */
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

/** Moves the job to the dead-letter queue with its reason. Returns whether that succeeded. */
async function deadLetter(failure: Failure, { queues, uploads, now }: FailureDeps): Promise<boolean> {
  const { message, job, error } = failure;
  const { attempts, firstQueuedAt } = historyOf(message, job);
  const fields = describeFailure(failure, { now });
  try {
    await queues.sendDeadLetter(toDeadLetterBody(failure), {
      pbx: job?.pbx,
      error,
      attempts,
      firstAt: new Date(firstQueuedAt).toISOString(),
      lastAt: new Date(now()).toISOString(),
    });
  } catch (sendError) {
    log('error', 'dead-letter-failed', { ...fields, code: toArchiveError(sendError).code });
    return false;
  }
  log('error', 'job-dead-lettered', fields);
  if (job === undefined) return true;
  await discardUpload(uploadOf(job, job.progress), uploads);
  if (error instanceof Interruption) await discardUpload(uploadOf(job, error.stored), uploads);
  return true;
}

/** The message as received, but without its progress: the upload that it refers to is discarded. */
function toDeadLetterBody({ message, job }: Failure): string {
  if (job?.progress === undefined) return message.body;
  const { progress, ...withoutProgress } = job;
  return toMessageBody(withoutProgress);
}

const describeFailure = ({ message, job, error }: Failure, { now }: Pick<FailureDeps, 'now'>) => ({
  ...describeJob(message, job),
  code: error.code,
  reason: error.message,
  ageMs: now() - historyOf(message, job).firstQueuedAt,
});
