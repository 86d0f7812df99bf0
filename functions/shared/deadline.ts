import { ArchiveError } from './errors.ts';

/** What keeping or aborting an upload, and seeing to the job, may take at the end. */
const RESERVE_MS = 10_000;

/** Aborts shortly before Lambda would freeze the function, so that what is under way is cleaned up. */
export function deadlineSignal({
  getRemainingTimeInMillis,
}: {
  getRemainingTimeInMillis(): number;
}): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new ArchiveError('deadline', 'The function ran out of time.'));
  setTimeout(abort, Math.max(0, getRemainingTimeInMillis() - RESERVE_MS)).unref();
  return controller.signal;
}
