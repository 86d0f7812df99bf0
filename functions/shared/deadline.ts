import { ArchiveError } from './errors.ts';

/** Enough for three attempts of one request to AWS, and for the end of a TLS handshake, which no abort ends (5 s). */
const DEFAULT_RESERVE_MS = 20_000;

/**
 * For the end of a job: a TLS handshake, aborting an upload (4 s), and three attempts each of reading and writing its
 * marker in S3 (20 s) and of the request to SQS (10 s).
 */
export const JOB_RESERVE_MS = 40_000;

/** Aborts shortly before Lambda would freeze the function, so that work in progress can be cleaned up. */
export function deadlineSignal(
  { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number },
  reserveMs = DEFAULT_RESERVE_MS,
): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new ArchiveError('deadline', 'The function ran out of time.'));
  setTimeout(abort, Math.max(0, getRemainingTimeInMillis() - reserveMs)).unref();
  return controller.signal;
}
