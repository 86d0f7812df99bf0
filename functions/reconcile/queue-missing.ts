import type { MissingRecording } from '../shared/call-log/find-missing.ts';
import type { Job } from '../shared/jobs/job.ts';
import { mapConcurrently } from '../shared/map-concurrently.ts';
import type { Markers } from '../shared/recordings/markers.ts';
import { log } from '../shared/telemetry/log.ts';

/** The report of a call that has just ended is on its way, or its job in the queue. */
const GRACE_MS = 10 * 60_000;

/** A job waits in its queue for ten days: one that fails for so long must not get a copy of itself every hour. */
const REPEAT_AFTER_MS = 48 * 3_600_000;

const SENT_AT_ONCE = 10;

export interface QueueDeps {
  send: (job: Job) => Promise<void>;
  markers: Pick<Markers, 'markQueued'>;
  now: () => number;
  /** Aborted with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
}

/** What became of the recordings that the archive does not have. */
export interface Queued {
  queued: number;
  /** Those whose job is on its way already. */
  waiting: number;
  lost: number;
  /** How long ago the call of the oldest one that is not lost ended; 0 if there is none. */
  oldestMissingMs: number;
}

/** Puts a job into the queue for each missing recording that has none there, as far as is known. */
export async function queueMissing(missing: MissingRecording[], deps: QueueDeps): Promise<Queued> {
  const { send, markers, now, signal } = deps;
  const awaited = missing.filter(({ isLost }) => !isLost);
  const due = awaited.filter((recording) => isDue(recording, now()));
  await mapConcurrently(due, SENT_AT_ONCE, async ({ job }) => {
    signal.throwIfAborted();
    await send(job);
    const { pbx, recording, call } = job;
    log('info', 'missing-recording-queued', { pbx, callId: call.callId, recording });
    // Only now: a job that is sent twice is harmless, one that is noted and never sent is not.
    await markers.markQueued(pbx, recording);
  });
  return {
    queued: due.length,
    waiting: awaited.length - due.length,
    lost: missing.length - awaited.length,
    oldestMissingMs: awaited.reduce((oldest, { job }) => Math.max(oldest, now() - (endOf(job) ?? now())), 0),
  };
}

function isDue({ job, queuedAt }: MissingRecording, now: number): boolean {
  if (queuedAt !== undefined && now - queuedAt < REPEAT_AFTER_MS) return false;
  const end = endOf(job);
  // A call that ends in the future tells of clocks that differ, and waiting for its end would help nobody.
  return end === undefined || Math.abs(now - end) >= GRACE_MS;
}

const endOf = ({ endedAt }: Job) => (endedAt === undefined ? undefined : Date.parse(endedAt));
