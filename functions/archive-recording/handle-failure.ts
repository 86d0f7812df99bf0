import { ArchiveError, toArchiveError } from '../shared/errors.ts';
import { isUnanswered } from '../shared/jobs/call.ts';
import type { EarlierDownload, Job } from '../shared/jobs/job.ts';
import { type Decision, decide, MAX_DELAY_SECONDS } from '../shared/jobs/retry-policy/decide.ts';
import { historyOf, withHistory } from '../shared/jobs/retry-policy/history.ts';
import { isSettled } from '../shared/recordings/compare-with-stored.ts';
import { recordingKey } from '../shared/recordings/recording-name.ts';
import { Interruption } from '../shared/recordings/save-in-parts.ts';
import { discardUpload, uploadOf } from '../shared/recordings/uploads.ts';
import { log } from '../shared/telemetry/log.ts';
import { discardUploads, endJob } from './end-job.ts';
import type { Failure, FailureDeps } from './failure.ts';
import { describeFailure, describeJob } from './log-fields.ts';
import { recordFindings } from './record-findings.ts';

const FIND_TIMEOUT_MS = 4_000;

/**
 * Carries out the decision of the retry policy. If that itself fails, nothing is lost: the message stays in the queue
 * and is handled again at its next delivery.
 *
 * @returns whether the message is finished and may be deleted
 */
export async function handleFailure(failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { message, error } = failure;
  const { kind, notBefore } = error;
  const now = deps.now();
  const job = failure.job && (await recordFindings(failure.job, failure, now, deps));
  const attempt = {
    kind,
    isUnanswered: job !== undefined && isUnanswered(job.call),
    notBefore,
    storedIn: error instanceof Interruption ? error.stored.uploadId : undefined,
  };
  const history = { ...historyOf(message, failure.job), streak: job?.earlier?.streak };
  const decision = decide(attempt, history, now);
  switch (decision.action) {
    case 'lost':
    case 'not-recorded':
    case 'moved-away':
      return endMissing(failure, decision, deps);
    case 'dead-letter':
      return endJob('dead-lettered', failure, deps);
    case 'resume':
      if (await requeueWithProgress(failure, job?.earlier?.download, decision.afterSeconds, deps))
        return true;
      // The progress could not be queued, so handle the failure as an ordinary one.
      return handleFailure(
        { ...failure, error: new ArchiveError(error.code, error.message, { kind, notBefore }) },
        deps,
      );
    case 'wait':
      return wait(failure, decision.afterSeconds, deps);
    case 'retry':
    case 'hold':
      return retry(failure, job, decision.afterSeconds, deps);
  }
}

/**
 * Has the job tried again after a delay. A job that has found something out gets a new message, because a message in
 * the queue cannot be changed.
 *
 * @returns whether the message is finished
 */
async function retry(
  failure: Failure,
  job: Job | undefined,
  afterSeconds: number,
  deps: FailureDeps,
): Promise<boolean> {
  const { queues } = deps;
  const { queueUrl, receiptHandle } = failure.message;
  const fields = describeFailure(failure, deps);
  const isChanged = job !== failure.job;
  const delaySeconds = isChanged ? Math.min(afterSeconds, MAX_DELAY_SECONDS) : afterSeconds;
  try {
    if (isChanged) await queues.send(queueUrl, job, delaySeconds);
    else await queues.scheduleRetry(queueUrl, receiptHandle, delaySeconds);
    log('warn', 'retry-scheduled', { ...fields, retryInSeconds: delaySeconds });
    if (isChanged && job?.progress === undefined) await discardUploads(failure, deps);
    return isChanged;
  } catch (error) {
    logNotScheduled(fields, error);
    return false;
  }
}

/** Queues a job again as a new message that does not count the attempt: only the PBX was busy. */
async function wait(failure: Failure, afterSeconds: number, deps: FailureDeps): Promise<boolean> {
  const { message, job } = failure;
  if (job === undefined) return false;
  const history = historyOf(message, job);
  const before = { ...history, attempts: history.attempts - 1, deliveries: history.deliveries - 1 };
  try {
    await deps.queues.send(message.queueUrl, withHistory(job, before, job.earlier), afterSeconds);
    log('info', 'pbx-busy', { ...describeFailure(failure, deps), retryInSeconds: afterSeconds });
    return true;
  } catch (error) {
    logNotScheduled(describeFailure(failure, deps), error);
    return false;
  }
}

/** The message is then redelivered when its visibility timeout ends. */
const logNotScheduled = (fields: ReturnType<typeof describeFailure>, error: unknown) =>
  log('warn', 'retry-not-scheduled', { ...fields, code: toArchiveError(error).code });

/**
 * Queues an interrupted job again, as a new message with its progress. A new message's delivery count starts at 1, so
 * that a job is not delayed because it made progress.
 *
 * @returns whether the old message is finished
 */
async function requeueWithProgress(
  failure: Failure,
  download: EarlierDownload | undefined,
  delaySeconds: number | undefined,
  deps: FailureDeps,
): Promise<boolean> {
  const { message, job, error } = failure;
  if (job === undefined || !(error instanceof Interruption)) return false;
  const { stored } = error;
  const fields = { ...describeFailure(failure, deps), bytes: stored.bytes };
  const history = { ...historyOf(message, job), deliveries: 0 };
  // Progress ends a streak: the PBX has the recording, and the line is fast enough.
  const resumed = withHistory(job, history, { download });
  const isNewUpload = job.progress?.uploadId !== stored.uploadId;
  try {
    await deps.queues.send(message.queueUrl, { ...resumed, progress: stored }, delaySeconds);
  } catch (sendError) {
    log('warn', 'resume-failed', { ...fields, code: toArchiveError(sendError).code });
    // Keep an upload that the old message refers to: its next attempt can resume it.
    if (isNewUpload) await discardUpload(uploadOf(job, stored), deps.store);
    return false;
  }
  log('info', 'resumed', fields);
  if (isNewUpload) await discardUpload(uploadOf(job, job.progress), deps.store);
  return true;
}

/** Ends a job whose recording the PBX does not have, unless another job has archived it. */
async function endMissing(
  failure: Failure,
  { action, afterSeconds }: Extract<Decision, { action: 'lost' | 'not-recorded' | 'moved-away' }>,
  deps: FailureDeps,
): Promise<boolean> {
  const { message, job } = failure;
  const ending = action === 'moved-away' ? 'dead-lettered' : action;
  if (job === undefined) return endJob(ending, failure, deps);
  const key = recordingKey(job.pbx, job.recording);
  try {
    const stored = await deps.store.find(key, AbortSignal.timeout(FIND_TIMEOUT_MS));
    if (stored !== undefined && isSettled(stored, job)) {
      log('info', 'already-archived', { ...describeJob(message, job), key });
      await discardUploads(failure, deps);
      return true;
    }
  } catch (error) {
    log('warn', 'loss-not-confirmed', {
      ...describeFailure(failure, deps),
      code: toArchiveError(error).code,
    });
    // The failure that would end the job is not remembered, so that the next one counts in its place.
    return retry(failure, job, afterSeconds, deps);
  }
  return endJob(ending, failure, deps);
}
