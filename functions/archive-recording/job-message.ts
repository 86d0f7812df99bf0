import * as v from 'valibot';
import { ArchiveError } from '../shared/errors.ts';
import { type Job, jobSchema } from '../shared/job.ts';

/** A message of a PBX's queue. */
export interface JobMessage {
  body: string;
  queueUrl: string;
  receiptHandle: string;
  /** 1 for the first delivery. */
  attempt: number;
  /** When it came into the queue, epoch ms. */
  sentAt: number;
}

/** A malformed message is permanent: no retry makes it a job. */
export function readJob({ body }: JobMessage): Job {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), jobSchema), body);
  if (parsed.success) return parsed.output;
  const fields = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the whole').join(', ');
  throw new ArchiveError('job-malformed', `The message is not a job: ${fields}.`, { action: 'give-up' });
}

/** How often a job has been tried, and since when (epoch ms): this message's share, and that of those before it. */
export function historyOf(message: JobMessage, job?: Job): { attempts: number; since: number } {
  const { attempts = 0, since = message.sentAt } = job?.progress ?? {};
  return { attempts: attempts + message.attempt, since };
}

/** What every log line says of a job. */
export const about = (message: JobMessage, job?: Job) => ({
  pbx: job?.pbx,
  callId: job?.call.callId,
  recording: job?.recording,
  attempt: historyOf(message, job).attempts,
});

/** When the call ended, as near as is known; epoch ms. */
export const callEndOf = ({ endedAt, reportedAt }: Job) => Date.parse(endedAt ?? reportedAt);
