import type { FailureKind } from '../errors.ts';

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

/** The longest delay that SQS accepts for a new message. */
const MAX_DELAY_SECONDS = 15 * 60;

/** How long failures of one kind are retried, counted from when, and how the job then ends. */
interface Limit {
  patienceMs: number;
  countedFrom: 'firstQueuedAt' | 'callEndedAt';
  ending: 'dead-letter' | 'lost';
}

const LIMITS: Readonly<Record<FailureKind, Limit>> = {
  transient: { patienceMs: MAX_AGE_MS, countedFrom: 'firstQueuedAt', ending: 'dead-letter' },
  'session-expired': { patienceMs: MAX_AGE_MS, countedFrom: 'firstQueuedAt', ending: 'dead-letter' },
  'login-held': { patienceMs: MAX_AGE_MS, countedFrom: 'firstQueuedAt', ending: 'dead-letter' },
  // A recording that the PBX does not have a day after the call will not appear any more.
  missing: { patienceMs: DAY_MS, countedFrom: 'callEndedAt', ending: 'lost' },
  // A line may be slow for an hour, but hardly for a day.
  'too-slow': { patienceMs: DAY_MS, countedFrom: 'firstQueuedAt', ending: 'dead-letter' },
  permanent: { patienceMs: Number.NEGATIVE_INFINITY, countedFrom: 'firstQueuedAt', ending: 'dead-letter' },
};

/** A failed attempt at a job. */
export interface FailedAttempt {
  kind: FailureKind;
  /** Earliest time at which another attempt can succeed (epoch ms). */
  notBefore?: number | undefined;
  /** The multipart upload to which this attempt added parts, if it did. */
  storedIn?: string | undefined;
}

/** What has happened to a job so far. Times are epoch ms. */
export interface JobHistory {
  /** Attempts at the job, including this one. */
  attempts: number;
  /** Deliveries of its current message. A resumed job gets a new message. */
  deliveries: number;
  firstQueuedAt: number;
  /** As far as known. */
  callEndedAt: number;
  /** The multipart upload that this attempt was to resume. */
  resumedFrom?: string | undefined;
}

export type Decision =
  /** Redeliver the message after this delay. */
  | { action: 'retry'; afterSeconds: number }
  /** As `retry`, told apart for the reader: logins are held, and the session decides when one is allowed again. */
  | { action: 'hold'; afterSeconds: number }
  /** Queue the job as a new message with its progress. Without `afterSeconds`, the queue's default delay applies. */
  | { action: 'resume'; afterSeconds?: number }
  /** Move the job to the dead-letter queue with its code. It cannot succeed without a person's help. */
  | { action: 'dead-letter' }
  /** Like `dead-letter`, and mark the recording as lost: the PBX no longer has it. */
  | { action: 'lost' };

/**
 * The one place that decides what happens to a job after a failed attempt. docs/architecture.md prints it as a table.
 *
 * Only the queue repeats attempts. Within an attempt there are one session renewal, one fresh random string and the AWS
 * SDK's own retries.
 */
export function decide(failure: FailedAttempt, history: JobHistory, now: number): Decision {
  const { patienceMs, countedFrom, ending } = LIMITS[failure.kind];
  const isTooOld = now - history.firstQueuedAt > MAX_AGE_MS;
  if (isTooOld || now - history[countedFrom] > patienceMs) return { action: ending };
  if (failure.storedIn !== undefined) return decideResumption(failure.storedIn, history);

  const waitSeconds = Math.ceil(((failure.notBefore ?? now) - now) / SECOND_MS);
  const afterSeconds = Math.min(
    Math.max(backoffSeconds(history.deliveries), waitSeconds),
    MAX_BACKOFF_SECONDS,
  );
  return { action: failure.kind === 'login-held' ? 'hold' : 'retry', afterSeconds };
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
