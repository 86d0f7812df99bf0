import { TIMEOUT_SECONDS } from '../config/limits.ts';
import type { FailureKind } from '../errors.ts';

const SECOND_MS = 1000;
const HOUR_MS = 60 * 60 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;

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

/**
 * Kinds of failures that end a job when they go on: the PBX has no recording to send, or the line is too slow for it.
 * The age of the job proves nothing: whatever failed before may have been something else.
 */
export const PERSISTENT_KINDS = ['missing', 'empty', 'too-slow'] as const satisfies FailureKind[];
export type PersistentKind = (typeof PERSISTENT_KINDS)[number];

const isPersistent = (kind: FailureKind): kind is PersistentKind =>
  PERSISTENT_KINDS.some((known) => known === kind);

/**
 * How long attempts have to fail in one way before another such failure counts, and how many have to count before it is
 * believed to be final.
 */
interface Limit {
  patienceMs: number;
  count: number;
  ending: 'dead-letter' | 'lost' | 'not-recorded';
}

/** A file may come late; a line may be slow for an hour, but hardly for a day. */
const LIMITS: Readonly<Record<PersistentKind, Limit>> = {
  missing: { patienceMs: DAY_MS, count: 4, ending: 'lost' },
  empty: { patienceMs: DAY_MS, count: 4, ending: 'dead-letter' },
  'too-slow': { patienceMs: DAY_MS, count: 4, ending: 'dead-letter' },
};

/** A PBX also names a recording for calls that nobody answered, but makes none. */
const UNANSWERED_LIMIT: Limit = { patienceMs: HOUR_MS, count: 1, ending: 'not-recorded' };

/** Failures of one hour count once: they say the same about the PBX's storage, or about the line. */
const COUNT_INTERVAL_MS = HOUR_MS;

/**
 * While its storage (a USB disk, a network share) is away, a PBX has no recording to send either. It may be away if the
 * PBX has delivered nothing else of late. Only after this time does it count all the same that a recording is missing.
 */
const OUTAGE_PATIENCE_MS = 3 * DAY_MS;

/**
 * What the PBX delivered earlier says nothing about its storage now. Longer than the longest backoff, so that nothing
 * that it delivers escapes between two attempts.
 */
const DELIVERY_WINDOW_MS = 2 * HOUR_MS;

/** Failures of one of these kinds in a row. Times are epoch ms. */
export interface Streak {
  kind: PersistentKind;
  since: number;
  /** How many have counted so far: none before the patience for the kind is over, and at most one an hour. */
  count: number;
  /** When the latest one counted, or the first one happened. */
  lastAt: number;
}

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
  /** Deliveries since the last progress. */
  deliveries: number;
  firstQueuedAt: number;
  /** The multipart upload that this attempt was to resume. */
  resumedFrom?: string | undefined;
  /** Nobody answered the call. */
  isUnanswered?: boolean;
  /** The failures by which the job may end, including this one. */
  streak?: Streak | undefined;
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
 * Adds a failed attempt. Returns `earlier` itself if it does not count. A missing file does not confirm an empty
 * one, nor the reverse: a PBX whose storage is away, or coming back, reports both. A slow download shows that the PBX
 * has the recording. Failures of other kinds say nothing about any of this.
 */
export function countFailure(
  earlier: Streak | undefined,
  kind: FailureKind,
  now: number,
  isUnanswered = false,
): Streak | undefined {
  if (!isPersistent(kind)) return earlier;
  if (earlier?.kind !== kind) return { kind, since: now, count: 0, lastAt: now };
  const { patienceMs } = limitOf(kind, isUnanswered);
  if (now - earlier.since < patienceMs || now - earlier.lastAt < COUNT_INTERVAL_MS) return earlier;
  return { ...earlier, count: earlier.count + 1, lastAt: now };
}

/**
 * Since when (epoch ms) the PBX has to have delivered another recording for the latest failure to count: otherwise its
 * storage may be away. `undefined` if the failure counts in any case.
 */
export function outageDoubtedSince(
  { kind, since, count, lastAt: now }: Streak,
  isUnanswered = false,
): number | undefined {
  // A dead letter can be sent back when the storage is there again.
  if (limitOf(kind, isUnanswered).ending === 'dead-letter') return undefined;
  if (count === 0 || now - since >= OUTAGE_PATIENCE_MS) return undefined;
  // What was being downloaded when the storage went away may have been stored later.
  const firstAt = since + 1000 * TIMEOUT_SECONDS['archive-recording'];
  return Math.max(firstAt, now - DELIVERY_WINDOW_MS);
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
  const ending = endingOf(kind, history, now);
  if (ending === 'lost' || ending === 'not-recorded') return { action: ending, afterSeconds };
  const isTooOld = now - history.firstQueuedAt > MAX_AGE_MS;
  if (kind === 'permanent' || ending === 'dead-letter' || isTooOld) return { action: 'dead-letter' };
  if (kind === 'moved-away') return { action: kind, afterSeconds };
  if (kind === 'busy') return { action: 'wait', afterSeconds: BUSY_SECONDS };
  if (failure.storedIn !== undefined) return decideResumption(failure.storedIn, history);
  return { action: kind === 'login-held' ? 'hold' : 'retry', afterSeconds };
}

/** `undefined` while it is not certain that the failure is final. Only one that counts itself can be. */
function endingOf(
  kind: FailureKind,
  { streak, isUnanswered }: JobHistory,
  now: number,
): Limit['ending'] | undefined {
  if (!isPersistent(kind) || streak?.lastAt !== now) return undefined;
  const { count, ending } = limitOf(kind, isUnanswered);
  return streak.count >= count ? ending : undefined;
}

const limitOf = (kind: PersistentKind, isUnanswered: boolean | undefined): Limit =>
  isUnanswered && kind !== 'too-slow' ? UNANSWERED_LIMIT : LIMITS[kind];

/** Without backoff, unless the transfer had to restart: a PBX that contradicts itself could cause restarts for days. */
function decideResumption(storedIn: string, { resumedFrom, attempts }: JobHistory): Decision {
  const isRestarted = resumedFrom !== undefined && resumedFrom !== storedIn;
  if (!isRestarted) return { action: 'resume' };
  return { action: 'resume', afterSeconds: Math.min(backoffSeconds(attempts), MAX_DELAY_SECONDS) };
}

/** 5, 10, 20 ... seconds, up to an hour. */
const backoffSeconds = (attempt: number) =>
  Math.min(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), MAX_BACKOFF_SECONDS);
