import { type ArchiveError, toArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';

/** So many recordings in a row without a connection: it is not the recordings. */
const MAX_UNREACHABLE = 5;

export interface ArchiveAllDeps {
  /** Resolves to the bytes that it stored; 0 where the recording was there already. */
  archive: (job: Job) => Promise<number>;
  concurrency: number;
  /** Ends the run: what is under way is given up cleanly, nothing more is begun. */
  stop: AbortController;
  onDone: (job: Job, outcome: { bytes: number } | { error: ArchiveError }) => void;
}

/**
 * Archives all of `jobs`, some at a time, each once: what fails is told, and found missing again by the next run.
 * A failure that every further recording would meet as well ends the run; it then is the signal's reason.
 */
export async function archiveAll(jobs: readonly Job[], deps: ArchiveAllDeps): Promise<void> {
  const { archive, concurrency, stop, onDone } = deps;
  const rest = jobs.values();
  let unreachable = 0;

  async function archiveOne(job: Job): Promise<void> {
    try {
      onDone(job, { bytes: await archive(job) });
      unreachable = 0;
    } catch (thrown) {
      if (stop.signal.aborted) return;
      const error = toArchiveError(thrown);
      unreachable = error.code === 'pbx-connection' ? unreachable + 1 : 0;
      if (error.kind === 'login-held' || unreachable === MAX_UNREACHABLE) stop.abort(error);
      onDone(job, { error });
    }
  }

  async function lane(): Promise<void> {
    for (const job of rest) {
      if (stop.signal.aborted) return;
      await archiveOne(job);
    }
  }

  await Promise.all(Array.from({ length: concurrency }, lane));
}
