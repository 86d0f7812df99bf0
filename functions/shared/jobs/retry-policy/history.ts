import type { Job, JobMessage } from '../job.ts';
import type { Streak } from './persistent-failures.ts';

/** What has happened to a job so far. Times are epoch ms. */
export interface JobHistory {
  /** Attempts at the job, including this one. */
  attempts: number;
  /** Deliveries since the last progress. */
  deliveries: number;
  firstQueuedAt: number;
  /** The multipart upload that this attempt was to resume. */
  resumedFrom?: string | undefined;
  /** The failures by which the job may end, including this one. */
  streak?: Streak | undefined;
}

/** The history, this delivery included, but no finding of this attempt. `job`: `undefined` if it could not be parsed. */
export function historyOf(message: JobMessage, job: Job | undefined): JobHistory {
  const { attempts = 0, deliveries = 0, since = message.sentAt, streak } = job?.earlier ?? {};
  return {
    attempts: attempts + message.attempt,
    deliveries: deliveries + message.attempt,
    firstQueuedAt: since,
    resumedFrom: job?.progress?.uploadId,
    streak,
  };
}

/** What attempts have found out about the recording. */
type Findings = Pick<NonNullable<Job['earlier']>, 'download' | 'streak'>;

/** The job as a new message, which has a delivery count of its own and so has to carry its history. */
export const withHistory = (
  job: Job,
  { attempts, deliveries, firstQueuedAt }: JobHistory,
  { download, streak }: Findings = {},
): Job => ({ ...job, earlier: { attempts, deliveries, since: firstQueuedAt, download, streak } });
