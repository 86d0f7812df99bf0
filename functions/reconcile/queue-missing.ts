import type { MissingRecording } from '../shared/call-log/find-missing.ts';
import { MESSAGE_RETENTION_DAYS } from '../shared/config/limits.ts';
import { describeQueuedJob, type Job } from '../shared/jobs/job.ts';
import { mapConcurrently } from '../shared/map-concurrently.ts';
import { SETTLED_AFTER_MS } from '../shared/recordings/completeness.ts';
import type { Markers } from '../shared/recordings/markers.ts';
import { log } from '../shared/telemetry/log.ts';

/** When a call has just ended, its report may still be on its way, or its job in the queue. */
export const GRACE_MS = 10 * 60_000;

/** A PBX that cannot report its calls may still be writing the file. */
const UNREPORTED_GRACE_MS = 30_000;

/** Without the length of the call, only the report can tell whether the file is still being written. */
const UNTIMED_GRACE_MS = SETTLED_AFTER_MS;

/** No job stays in its queue for longer. Before that, it ends with the recording or with a marker. */
const REPEAT_AFTER_MS = MESSAGE_RETENTION_DAYS * 24 * 3_600_000;

const CONCURRENT_SENDS = 10;

export interface QueueDeps {
  send: (job: Job) => Promise<void>;
  markers: Pick<Markers, 'markQueued'>;
  now: () => number;
  /** Aborts with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  /** Set for a PBX that cannot report its calls. */
  discoverEveryMinutes?: number | undefined;
}

/** What was done about the recordings that the archive does not have. */
export interface QueueResult {
  queued: number;
  /** Recordings whose job is probably still queued, or whose report may still arrive. */
  waiting: number;
  /** Recordings that nobody waits for: lost, dead-lettered, erased, or never made by the PBX. */
  ended: number;
  /** Time since the end of the oldest call whose recording is still awaited; 0 if there is none. */
  oldestMissingMs: number;
  /** The same among those for which it is too early: until a later run, they depend on their reports. */
  oldestUnqueuedMs: number;
}

/** Queues a job for each missing recording that has none in the queue, as far as known. */
export async function queueMissing(missing: MissingRecording[], deps: QueueDeps): Promise<QueueResult> {
  const { send, markers, now, signal, discoverEveryMinutes } = deps;
  const isReporting = discoverEveryMinutes === undefined;
  const awaited = missing.filter(({ ended }) => ended === undefined);
  const at = now();
  const unqueued = awaited.filter(
    ({ queuedAt }) => queuedAt === undefined || at - queuedAt >= REPEAT_AFTER_MS,
  );
  const early = unqueued.filter(({ job }) => isEarly(job, at, isReporting));
  const due = unqueued.filter(({ job }) => !isEarly(job, at, isReporting));
  await mapConcurrently(due, CONCURRENT_SENDS, async ({ job }) => {
    signal.throwIfAborted();
    await send(job);
    log('info', 'missing-recording-queued', describeQueuedJob(job));
    // Only now: a job that is sent twice is harmless, one that is marked and never sent is not.
    await markers.markQueued(job);
  });
  return {
    queued: due.length,
    waiting: awaited.length - due.length,
    ended: missing.length - awaited.length,
    oldestMissingMs: sinceOldestEnd(awaited, at),
    oldestUnqueuedMs: sinceOldestEnd(early, at),
  };
}

const sinceOldestEnd = (recordings: MissingRecording[], now: number) =>
  recordings.reduce((oldest, { job }) => Math.max(oldest, now - (endOf(job) ?? now)), 0);

function isEarly(job: Job, now: number, isReporting: boolean): boolean {
  const end = endOf(job);
  const graceWhenReporting = job.call.talkSeconds === undefined ? UNTIMED_GRACE_MS : GRACE_MS;
  const graceMs = isReporting ? graceWhenReporting : UNREPORTED_GRACE_MS;
  // If a call seems to end in the future, the clocks differ. Waiting for its end would not help.
  return end !== undefined && Math.abs(now - end) < graceMs;
}

const endOf = ({ endedAt }: Job) => (endedAt === undefined ? undefined : Date.parse(endedAt));
