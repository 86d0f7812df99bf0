import { isUnanswered } from '../shared/jobs/call.ts';
import type { Job, JobMessage } from '../shared/jobs/job.ts';
import { historyOf } from '../shared/jobs/retry-policy/history.ts';
import type { Failure, FailureDeps } from './failure.ts';

/** The fields of every log line about a job. */
export const describeJob = (message: JobMessage, job: Job | undefined) => ({
  pbx: job?.pbx,
  callId: job?.call.callId,
  recording: job?.recording,
  attempt: historyOf(message, job).attempts,
});

/** The fields of every log line about a failure. */
export const describeFailure = ({ message, job, error }: Failure, { now }: Pick<FailureDeps, 'now'>) => ({
  ...describeJob(message, job),
  code: error.code,
  reason: error.message,
  ageMs: now() - historyOf(message, job).firstQueuedAt,
  ...(job !== undefined && isUnanswered(job.call) && { unanswered: true }),
});
