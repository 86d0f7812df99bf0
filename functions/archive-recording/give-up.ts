import { toArchiveError } from '../shared/errors.ts';
import { log } from '../shared/log.ts';
import { toMessageBody } from '../shared/queues.ts';
import { discardStored } from './discard-upload.ts';
import { type Failure, type FailureDeps, fieldsOf } from './failure.ts';
import { Interruption } from './interruption.ts';
import { historyOf } from './job-message.ts';

/**
 * Makes a job a dead letter, with its reason; a recording that the PBX no longer has is counted as lost before.
 * Nothing disappears: where one of these fails, the message stays, and is given up again when it next comes.
 *
 * @returns whether the message is done with
 */
export async function giveUp(failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { message, job, error } = failure;
  const { queues, uploads, now } = deps;
  const fields = fieldsOf(failure, now());
  const { attempts, since } = historyOf(message, job);
  // In this order, a message that stays counts nothing twice, and sends no second dead letter.
  if (!(await countLoss(failure, deps))) return false;
  try {
    await queues.sendDeadLetter(deadLetterOf(failure), {
      pbx: job?.pbx,
      error,
      attempts,
      firstAt: new Date(since).toISOString(),
      lastAt: new Date(now()).toISOString(),
    });
  } catch (refusal) {
    log('error', 'dead-letter-refused', { ...fields, code: toArchiveError(refusal).code });
    return false;
  }
  log('error', 'given-up', fields);
  if (job === undefined) return true;
  await discardStored(job, job.progress, uploads);
  if (error instanceof Interruption) await discardStored(job, error.stored, uploads);
  return true;
}

/** Logs a lost recording, once, however often its job comes. Returns whether there is nothing left to count. */
async function countLoss(failure: Failure, { ledger, now }: FailureDeps): Promise<boolean> {
  const { job, error } = failure;
  if (job === undefined || !error.isMissing) return true;
  const fields = fieldsOf(failure, now());
  try {
    const isFirst = await ledger.noteLost(job.pbx, job.recording);
    if (isFirst) log('error', 'recording-lost', fields);
    return true;
  } catch (refusal) {
    log('error', 'loss-not-noted', { ...fields, code: toArchiveError(refusal).code });
    return false;
  }
}

/** The message as it came, but without what only helped its transfer: that is discarded. */
function deadLetterOf({ message, job }: Failure): string {
  if (job?.progress === undefined) return message.body;
  const { progress, ...whole } = job;
  return toMessageBody(whole);
}
