import type { ArchiveError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import type { Ledger } from '../shared/ledger.ts';
import type { Queues } from '../shared/queues.ts';
import { about, callEndOf, historyOf, type JobMessage } from './job-message.ts';
import type { Uploads } from './uploads.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A delivery that did not succeed. */
export interface Failure {
  message: JobMessage;
  /** Absent if the message is none. */
  job: Job | undefined;
  error: ArchiveError;
}

/** What a failure is dealt with by. */
export interface FailureDeps {
  queues: Queues;
  ledger: Pick<Ledger, 'noteLost'>;
  uploads: Pick<Uploads, 'abort'>;
  now: () => number;
}

/** Whether another try makes no sense. What a PBX does not have a day after the call, it will never have. */
export function isHopeless({ message, job, error }: Failure, now: number): boolean {
  if (error.action === 'give-up' || now - historyOf(message, job).since > error.patienceMs) return true;
  return error.isMissing && job !== undefined && now - callEndOf(job) > DAY_MS;
}

/** What a log line says of a failure. */
export const fieldsOf = ({ message, job, error }: Failure, now: number) => ({
  ...about(message, job),
  code: error.code,
  reason: error.message,
  ageMs: now - historyOf(message, job).since,
});
