import { ArchiveError, toArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import { CUT_CONFIRMED_AFTER_MS, Unverified } from '../../../functions/shared/recordings/completeness.ts';
import { describeRefusal, isAwsFailure } from '../../shared/aws-refusal.ts';

/** After this many failures in a row that are not the recording's own, the PBX or AWS itself is unreachable. */
const MAX_FAILURES_IN_A_ROW = 5;

/** The first attempt, and those after a wait. */
const MAX_ATTEMPTS = 4;

/** A person is watching. What takes longer is for the next run. */
const MAX_WAIT_MS = 10 * 60_000;

/** How long after a PBX was busy with another download it is asked again. */
const BUSY_PAUSE_MS = 10_000;

export type Outcome = { bytes: number } | { error: ArchiveError };

/** Recordings whose next attempt cannot succeed before a certain time. */
export interface Postponed {
  count: number;
  /** Epoch ms. */
  until: number;
  /** Why the first of them has to wait. */
  reason: ArchiveError;
}

export interface ArchiveAllDeps {
  /** Resolves to the number of bytes stored; 0 if the recording was archived already. */
  archive: (job: Job) => Promise<number>;
  concurrency: number;
  /** Ends the run: downloads in progress are aborted cleanly, and no more are started. */
  stop: AbortController;
  /** Called once for each recording, unless the run ends before. */
  onDone: (job: Job, outcome: Outcome) => void;
  onWait: (postponed: Postponed) => void;
  now: () => number;
  /** Settles early when the signal is aborted. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface Retry {
  job: Job;
  error: ArchiveError;
  /** When to try again (epoch ms). */
  at: number;
}

/**
 * Archives all `jobs`, `concurrency` at a time. A recording that has to wait is tried again after the others, and one for
 * which the PBX is busy before them: it would be busy for them as well. Any other is tried once, and the next run finds a
 * failed one missing again. A failure that every other recording would meet as
 * well aborts `stop`, with the error as the reason.
 */
export async function archiveAll(jobs: readonly Job[], deps: ArchiveAllDeps): Promise<void> {
  const { stop, now, wait, onWait } = deps;
  const tryAll = createRound(deps);
  let retries = await tryAll(jobs, true);
  for (let attempt = 2; retries.length > 0 && !stop.signal.aborted; attempt += 1) {
    const [first] = retries as [Retry, ...Retry[]];
    const until = Math.max(...retries.map(({ at }) => at));
    onWait({ count: retries.length, until, reason: first.error });
    await wait(Math.max(until - now(), 0), stop.signal);
    retries = await tryAll(
      retries.map(({ job }) => job),
      attempt < MAX_ATTEMPTS,
    );
  }
}

/** Returns a function that tries jobs once each, and returns those that are worth a wait. */
function createRound({ archive, concurrency, stop, onDone, now, wait }: ArchiveAllDeps) {
  let failuresInARow = 0;

  async function archiveUnlessBusy(job: Job): Promise<number> {
    const until = now() + MAX_WAIT_MS;
    for (;;) {
      try {
        return await archive(job);
      } catch (error) {
        if (toArchiveError(error).kind !== 'busy' || now() >= until || stop.signal.aborted) throw error;
        await wait(BUSY_PAUSE_MS, stop.signal);
      }
    }
  }

  async function tryOne(job: Job, mayWait: boolean): Promise<Retry[]> {
    try {
      onDone(job, { bytes: await archiveUnlessBusy(job) });
      failuresInARow = 0;
    } catch (thrown) {
      if (stop.signal.aborted) return [];
      const error = toArchiveError(thrown);
      failuresInARow = isOfPbxOrAws(error) ? failuresInARow + 1 : 0;
      const end = findEnd(error, failuresInARow);
      const at = mayWait && end === undefined ? findRetryTime(job, error, now()) : undefined;
      if (at !== undefined) return [{ job: remember(job, error, now()), error, at }];
      if (end !== undefined) stop.abort(end);
      onDone(job, { error });
    }
    return [];
  }

  return async (jobs: readonly Job[], mayWait: boolean): Promise<Retry[]> => {
    const remaining = jobs.values();
    const retries: Retry[] = [];
    async function work(): Promise<void> {
      for (const job of remaining) {
        if (stop.signal.aborted) return;
        retries.push(...(await tryOne(job, mayWait)));
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work));
    return retries;
  };
}

/** Whether the failure says nothing about the recording. */
const isOfPbxOrAws = ({ code, cause }: ArchiveError) =>
  ['pbx-connection', 'deadline', 'too-slow'].includes(code) || isAwsFailure(cause);

/** Why the run ends with this failure; `undefined` if it goes on. */
function findEnd(error: ArchiveError, failuresInARow: number): ArchiveError | undefined {
  const { code, kind, message, cause } = error;
  const refusal = describeRefusal(cause);
  if (refusal !== undefined) return new ArchiveError(code, refusal, { kind: 'permanent', cause });
  if (kind === 'login-held') return error;
  if (failuresInARow < MAX_FAILURES_IN_A_ROW) return undefined;
  return isAwsFailure(cause)
    ? new ArchiveError(code, `AWS keeps failing: ${message} (${code})`, { cause })
    : error;
}

/** The job with what the failed attempt downloaded: another download of the same bytes can confirm it. */
function remember(job: Job, error: ArchiveError, now: number): Job {
  const download = error instanceof Unverified ? error.download : undefined;
  return download === undefined
    ? job
    : { ...job, earlier: { attempts: 0, deliveries: 0, since: now, download } };
}

/** When it is worth trying the job again in this run; `undefined` if it is not. */
function findRetryTime(job: Job, error: ArchiveError, now: number): number | undefined {
  const { notBefore } = error;
  if (notBefore !== undefined) return notBefore - now <= MAX_WAIT_MS ? notBefore : undefined;
  const download = error instanceof Unverified ? error.download : undefined;
  if (download === undefined) return undefined;
  // The connection may have been cut, or the file. The next run will not know of this download, so wait for the proof.
  const isRepeated = download.at === job.earlier?.download?.at;
  return isRepeated ? download.at + CUT_CONFIRMED_AFTER_MS : now;
}
