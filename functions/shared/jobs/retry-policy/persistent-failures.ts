import { TIMEOUT_SECONDS } from '../../config/limits.ts';
import type { FailureKind } from '../../errors.ts';

const HOUR_MS = 60 * 60 * 1000;

/**
 * Kinds of failures that end a job when they go on: the PBX has no recording to send, or the line is too slow for it.
 * The age of the job proves nothing: whatever failed before may have been something else.
 */
export const PERSISTENT_KINDS = ['missing', 'empty', 'too-slow'] as const satisfies FailureKind[];
export type PersistentKind = (typeof PERSISTENT_KINDS)[number];

/** What has failed, and for what sort of call. */
export interface FailureOfCall<Kind extends FailureKind = FailureKind> {
  kind: Kind;
  /** Nobody answered the call. */
  isUnanswered?: boolean | undefined;
}

const isPersistent = (failure: FailureOfCall): failure is FailureOfCall<PersistentKind> =>
  PERSISTENT_KINDS.some((known) => known === failure.kind);

/**
 * How long attempts have to fail in one way before another such failure counts, and how many have to count before it is
 * believed to be final.
 */
interface Limit {
  patienceMs: number;
  count: number;
  ending: 'dead-letter' | 'lost' | 'not-recorded';
}

/** About a day in all. A file may come late; a line may be slow for an hour, but hardly for a day. */
const A_DAY = { patienceMs: 20 * HOUR_MS, count: 4 };

const LIMITS: Readonly<Record<PersistentKind, Limit>> = {
  missing: { ...A_DAY, ending: 'lost' },
  empty: { ...A_DAY, ending: 'dead-letter' },
  'too-slow': { ...A_DAY, ending: 'dead-letter' },
};

/** A PBX also names a recording for calls that nobody answered, but makes none. */
const UNANSWERED_LIMIT: Limit = { patienceMs: HOUR_MS, count: 1, ending: 'not-recorded' };

/** Failures of one hour count once: they say the same about the PBX's storage, or about the line. */
const COUNT_INTERVAL_MS = HOUR_MS;

/**
 * While its storage (a USB disk, a network share) is away, a PBX has no recording to send either. It may be away if the
 * PBX has delivered nothing else of late. Only after this time does it count all the same that a recording is missing.
 */
const OUTAGE_PATIENCE_MS = 72 * HOUR_MS;

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

/**
 * Adds a failed attempt. Returns `earlier` itself if it does not count. A missing file does not confirm an empty
 * one, nor the reverse: a PBX whose storage is away, or coming back, reports both. A slow download shows that the PBX
 * has the recording. Failures of other kinds say nothing about any of this.
 */
export function countFailure(
  earlier: Streak | undefined,
  failure: FailureOfCall,
  now: number,
): Streak | undefined {
  if (!isPersistent(failure)) return earlier;
  const { kind } = failure;
  if (earlier?.kind !== kind) return { kind, since: now, count: 0, lastAt: now };
  const { patienceMs } = limitOf(failure);
  if (now - earlier.since < patienceMs || now - earlier.lastAt < COUNT_INTERVAL_MS) return earlier;
  return { ...earlier, count: earlier.count + 1, lastAt: now };
}

/**
 * Since when (epoch ms) the PBX has to have delivered another recording for the latest failure to count: otherwise its
 * storage may be away. `undefined` if the failure counts in any case.
 */
export function outageDoubtedSince(failures: Streak & FailureOfCall<PersistentKind>): number | undefined {
  const { since, count, lastAt: now } = failures;
  // A dead letter can be sent back when the storage is there again.
  if (limitOf(failures).ending === 'dead-letter') return undefined;
  if (count === 0 || now - since >= OUTAGE_PATIENCE_MS) return undefined;
  // What was being downloaded when the storage went away may have been stored later.
  const firstAt = since + 1000 * TIMEOUT_SECONDS['archive-recording'];
  return Math.max(firstAt, now - DELIVERY_WINDOW_MS);
}

/** `undefined` while it is not certain that the failure is final. Only one that counts itself can be. */
export function endingOf(
  failure: FailureOfCall,
  streak: Streak | undefined,
  now: number,
): Limit['ending'] | undefined {
  if (!isPersistent(failure) || streak?.lastAt !== now) return undefined;
  const { count, ending } = limitOf(failure);
  return streak.count >= count ? ending : undefined;
}

const limitOf = ({ kind, isUnanswered = false }: FailureOfCall<PersistentKind>): Limit =>
  isUnanswered && kind !== 'too-slow' ? UNANSWERED_LIMIT : LIMITS[kind];
