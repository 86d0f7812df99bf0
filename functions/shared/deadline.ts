import { ArchiveError } from './errors.ts';

/** Time reserved for saving or aborting the upload and for handling the failed job. */
const RESERVE_MS = 10_000;

/** Aborts shortly before Lambda would freeze the function, so that work in progress can be cleaned up. */
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
