import { toArchiveError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { log } from '../shared/log.ts';
import { discardStored } from './discard-upload.ts';
import { type FailureDeps, fieldsOf } from './failure.ts';
import type { Interruption } from './interruption.ts';
import { historyOf, type JobMessage } from './job-message.ts';
import { retrySeconds } from './postpone.ts';

/** SQS's own limit. */
const MAX_DELAY_SECONDS = 15 * 60;

/**
 * Puts a job whose transfer was interrupted back into its queue, with what it has achieved, as a new message:
 * whose attempts count anew, so that it is not delayed for having got further.
 *
 * @returns whether the old message is done with
 */
export async function passOn(
  failure: { message: JobMessage; job: Job; error: Interruption },
  { queues, uploads, now }: FailureDeps,
): Promise<boolean> {
  const { message, job, error } = failure;
  const { stored } = error;
  const history = historyOf(message, job);
  const fields = { ...fieldsOf(failure, now()), bytes: stored.bytes };
  const isBegunAgain = job.progress !== undefined && job.progress.uploadId !== stored.uploadId;
  // Beginning again is no progress: a PBX that contradicts itself could make it go on like this for days.
  const delaySeconds = isBegunAgain ? Math.min(retrySeconds(history.attempts), MAX_DELAY_SECONDS) : undefined;
  try {
    await queues.send(message.queueUrl, { ...job, progress: { ...stored, ...history } }, delaySeconds);
  } catch (refusal) {
    log('warn', 'not-continued', { ...fields, code: toArchiveError(refusal).code });
    // An upload that the old message knows of is good for its next attempt.
    if (job.progress?.uploadId !== stored.uploadId) await discardStored(job, stored, uploads);
    return false;
  }
  log('info', 'continued', fields);
  if (isBegunAgain) await discardStored(job, job.progress, uploads);
  return true;
}
