import { ArchiveError } from './errors.ts';

/**
 * Reserved for the end of a TLS handshake, which no abort ends (5 s), for aborting an upload (4 s), and for the three
 * attempts of the request to SQS that returns the job to its queue (10 s).
 */
const RESERVE_MS = 20_000;

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
