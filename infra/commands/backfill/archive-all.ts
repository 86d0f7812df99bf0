import { type ArchiveError, toArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';

/** After this many connection failures in a row, the PBX itself is unreachable. */
const MAX_CONNECTION_FAILURES = 5;

export interface ArchiveAllDeps {
  /** Resolves to the number of bytes stored; 0 if the recording was archived already. */
  archive: (job: Job) => Promise<number>;
  concurrency: number;
  /** Ends the run: downloads in progress are aborted cleanly, and no more are started. */
  stop: AbortController;
  onDone: (job: Job, outcome: { bytes: number } | { error: ArchiveError }) => void;
}

/**
 * Archives all `jobs`, `concurrency` at a time. Each is tried once; the next run finds a failed one missing again.
 * A failure that every other recording would meet as well aborts `stop`, with the error as the reason.
 */
export async function archiveAll(jobs: readonly Job[], deps: ArchiveAllDeps): Promise<void> {
  const { archive, concurrency, stop, onDone } = deps;
  const remaining = jobs.values();
  let connectionFailures = 0;

  async function archiveOne(job: Job): Promise<void> {
    try {
      onDone(job, { bytes: await archive(job) });
      connectionFailures = 0;
    } catch (thrown) {
      if (stop.signal.aborted) return;
      const error = toArchiveError(thrown);
      connectionFailures = error.code === 'pbx-connection' ? connectionFailures + 1 : 0;
      if (error.kind === 'login-held' || connectionFailures === MAX_CONNECTION_FAILURES) stop.abort(error);
      onDone(job, { error });
    }
  }

  async function work(): Promise<void> {
    for (const job of remaining) {
      if (stop.signal.aborted) return;
      await archiveOne(job);
    }
  }

  await Promise.all(Array.from({ length: concurrency }, work));
}
