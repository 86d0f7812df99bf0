import { toArchiveError } from '../shared/errors.ts';
import { toMessageBody } from '../shared/jobs/queues.ts';
import { historyOf } from '../shared/jobs/retry-policy/history.ts';
import type { Ending } from '../shared/recordings/markers.ts';
import { Interruption } from '../shared/recordings/save-in-parts.ts';
import { discardUpload, uploadOf } from '../shared/recordings/uploads.ts';
import { log } from '../shared/telemetry/log.ts';
import type { Failure, FailureDeps } from './failure.ts';
import { describeFailure } from './log-fields.ts';

/**
 * Ends a job that found no recording: marks it, then moves it to the dead-letter queue, unless nothing is lost or
 * another job for the same recording is there. Returns whether that succeeded.
 */
export async function endJob(kind: Ending, failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { job } = failure;
  if (job === undefined) return deadLetter(failure, deps);
  const fields = describeFailure(failure, deps);
  const { firstQueuedAt } = historyOf(failure.message, job);
  // In this order, a redelivered message is neither counted twice nor dead-lettered twice.
  const marked = await deps.markers.markEnded(kind, job, firstQueuedAt).catch((error: unknown) => {
    log('error', 'marker-failed', { ...fields, marker: kind, code: toArchiveError(error).code });
    return 'failed' as const;
  });
  // Without its marker, a dead letter could be followed by another one for the same recording.
  if (marked === 'failed') return false;
  if (marked === 'first' && kind === 'lost') log('error', 'recording-lost', fields);
  if (kind !== 'not-recorded' && marked !== 'duplicate') {
    if (!(await deadLetter(failure, deps))) return false;
    await deps.markers.markDeadLettered(kind, job).catch((error: unknown) => {
      log('warn', 'marker-failed', { ...fields, marker: kind, code: toArchiveError(error).code });
    });
    return true;
  }
  log('info', marked === 'duplicate' ? 'duplicate-dropped' : 'not-recorded', fields);
  await discardUploads(failure, deps);
  return true;
}

/** Moves the job to the dead-letter queue with its reason. Returns whether that succeeded. */
async function deadLetter(failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { message, job, error } = failure;
  const { attempts, firstQueuedAt } = historyOf(message, job);
  const fields = describeFailure(failure, deps);
  try {
    await deps.queues.sendDeadLetter(toDeadLetterBody(failure), {
      pbx: job?.pbx,
      error,
      attempts,
      firstAt: new Date(firstQueuedAt).toISOString(),
      lastAt: new Date(deps.now()).toISOString(),
    });
  } catch (sendError) {
    log('error', 'dead-letter-failed', { ...fields, code: toArchiveError(sendError).code });
    return false;
  }
  log('error', 'job-dead-lettered', fields);
  await discardUploads(failure, deps);
  return true;
}

export async function discardUploads({ job, error }: Failure, { store }: FailureDeps): Promise<void> {
  if (job === undefined) return;
  await discardUpload(uploadOf(job, job.progress), store);
  if (error instanceof Interruption) await discardUpload(uploadOf(job, error.stored), store);
}

/** The message as received, but without what the job found out: a job that is sent back begins anew. */
function toDeadLetterBody({ message, job }: Failure): string {
  if (job === undefined || (job.progress === undefined && job.earlier === undefined)) return message.body;
  const { progress, earlier, ...original } = job;
  return toMessageBody(original);
}
