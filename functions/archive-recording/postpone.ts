import { toArchiveError } from '../shared/errors.ts';
import { log } from '../shared/log.ts';
import { type Failure, type FailureDeps, fieldsOf } from './failure.ts';

const FIRST_RETRY_SECONDS = 5;
const MAX_RETRY_SECONDS = 60 * 60;

/** Makes a message come again after a delay that grows. Returns false: it is not done with. */
export async function postpone(failure: Failure, { queues, now }: FailureDeps): Promise<false> {
  const { queueUrl, receiptHandle, attempt } = failure.message;
  const { notBefore = 0 } = failure.error;
  const fields = fieldsOf(failure, now());
  const seconds = Math.max(retrySeconds(attempt), Math.ceil((notBefore - now()) / 1000));
  const retryInSeconds = Math.min(seconds, MAX_RETRY_SECONDS);
  try {
    await queues.postpone(queueUrl, receiptHandle, retryInSeconds);
    log('warn', 'postponed', { ...fields, retryInSeconds });
  } catch (error) {
    // It then comes again when its visibility timeout ends.
    log('warn', 'not-postponed', { ...fields, code: toArchiveError(error).code });
  }
  return false;
}

/** 5, 10, 20 ... seconds, up to an hour: a file may not be ready right after hang-up, a PBX may be off for days. */
export function retrySeconds(attempt: number): number {
  return Math.min(FIRST_RETRY_SECONDS * 2 ** (attempt - 1), MAX_RETRY_SECONDS);
}
