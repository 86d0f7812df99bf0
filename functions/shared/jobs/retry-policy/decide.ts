import type { JobHistory } from './history.ts';
import { endingOf, type FailureOfCall } from './persistent-failures.ts';

const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

/**
 * Ten of the fourteen days that the queue keeps a message. The rest is enough to write the dead letter with its reason,
 * whatever else goes wrong.
 */
const MAX_AGE_MS = 10 * DAY_MS;

/** A file may not be ready right after hang-up; a PBX may be off for days. */
const FIRST_BACKOFF_SECONDS = 5;
const MAX_BACKOFF_SECONDS = 60 * 60;

/** A PBX that prepares one download at a time is asked again after a recording's usual time. */
const BUSY_SECONDS = 30;

/** The longest delay that SQS accepts for a new message. */
export const MAX_DELAY_SECONDS = 15 * 60;

/** A failed attempt at a job. */
export interface FailedAttempt extends FailureOfCall {
  /** Earliest time at which another attempt can succeed (epoch ms). */
  notBefore?: number | undefined;
  /** The multipart upload to which this attempt added parts, if it did. */
  storedIn?: string | undefined;
}

export type Decision =
  /** Redeliver the message after this delay. */
  | { action: 'retry'; afterSeconds: number }
  /** Queue the job as a new message, as if it had not been tried: the PBX is busy with another one. */
  | { action: 'wait'; afterSeconds: number }
  /** As `retry`, told apart for the reader: logins are held, and the session decides when one is allowed again. */
  | { action: 'hold'; afterSeconds: number }
  /** Queue the job as a new message with its progress. Without `afterSeconds`, the queue's default delay applies. */
  | { action: 'resume'; afterSeconds?: number }
  /** Move the job to the dead-letter queue with its code. It cannot succeed without a person's help. */
  | { action: 'dead-letter' }
  /** Like `dead-letter`, and mark the recording as lost: the PBX no longer has it. */
  | EndMissing<'lost'>
  /** Nothing is lost: the PBX named a recording for an unanswered call, and made none. */
  | EndMissing<'not-recorded'>
  /** Like `dead-letter`: the PBX's own archive has taken the recording. */
  | EndMissing<'moved-away'>;

/** Unless the archive has the recording from another job. Retry after `afterSeconds` if the bucket cannot say. */
interface EndMissing<Action> {
  action: Action;
  afterSeconds: number;
}

/**
 * The one place that decides what happens to a job after a failed attempt. docs/architecture.md prints it as a table.
 *
 * Only the queue repeats attempts. Within an attempt there are one session renewal, one fresh random string and the AWS
 * SDK's own retries.
 */
export function decide(failure: FailedAttempt, history: JobHistory, now: number): Decision {
  const { kind } = failure;
  const waitSeconds = Math.ceil(((failure.notBefore ?? now) - now) / SECOND_MS);
  const afterSeconds = Math.min(
    Math.max(backoffSeconds(history.deliveries), waitSeconds),
    MAX_BACKOFF_SECONDS,
  );
  const ending = endingOf(failure, history.streak, now);
  if (ending === 'lost' || ending === 'not-recorded') return { action: ending, afterSeconds };
  const isTooOld = now - history.firstQueuedAt > MAX_AGE_MS;
  if (kind === 'permanent' || ending === 'dead-letter' || isTooOld) return { action: 'dead-letter' };
  if (kind === 'moved-away') return { action: kind, afterSeconds };
  if (kind === 'busy') return { action: 'wait', afterSeconds: BUSY_SECONDS };
  if (failure.storedIn !== undefined) return decideResumption(failure.storedIn, history);
  return { action: kind === 'login-held' ? 'hold' : 'retry', afterSeconds };
}

/** Without backoff, unless the transfer had to restart: a PBX that contradicts itself could cause restarts for days. */
function decideResumption(storedIn: string, { resumedFrom, attempts }: JobHistory): Decision {
  const isRestarted = resumedFrom !== undefined && resumedFrom !== storedIn;
  if (!isRestarted) return { action: 'resume' };
  return { action: 'resume', afterSeconds: Math.min(backoffSeconds(attempts), MAX_DELAY_SECONDS) };
}

/** 5, 10, 20 ... seconds, up to an hour. */
const backoffSeconds = (attempt: number) =>
  Math.min(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), MAX_BACKOFF_SECONDS);
