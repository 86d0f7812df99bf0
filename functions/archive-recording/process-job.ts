import * as v from 'valibot';
import { ArchiveError, toArchiveError } from '../shared/errors.ts';
import { type Job, jobSchema } from '../shared/job.ts';
import { log } from '../shared/log.ts';
import type { Queues } from '../shared/queues.ts';
import type { Archived } from './archive-recording.ts';

const FIRST_RETRY_SECONDS = 5;
const MAX_RETRY_SECONDS = 60 * 60;

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

export interface ProcessDeps {
  archive: (job: Job) => Promise<Archived>;
  queues: Queues;
  now: () => number;
}

/**
 * Does a message's job, or sees to it that it is not lost: it comes again after a delay that grows, or it
 * goes to the dead-letter queue with its reason.
 *
 * @returns whether the message is done with and may be deleted
 */
export async function processJob(message: JobMessage, deps: ProcessDeps): Promise<boolean> {
  const startedAt = deps.now();
  let job: Job | undefined;
  try {
    job = readJob(message.body);
    const { outcome, ...details } = await deps.archive(job);
    log('info', outcome, { ...about(job, message), ...details, ms: deps.now() - startedAt });
    return true;
  } catch (error) {
    const failure = toArchiveError(error);
    const fields = { ...about(job, message), code: failure.code, reason: failure.message };
    const isHopeless = failure.action === 'give-up' || deps.now() - message.sentAt > failure.patienceMs;
    return isHopeless
      ? giveUp(message, job, failure, fields, deps)
      : postpone(message, failure, fields, deps);
  }
}

/** A malformed message is permanent: no retry makes it a job. */
function readJob(body: string): Job {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), jobSchema), body);
  if (parsed.success) return parsed.output;
  const fields = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the whole').join(', ');
  throw new ArchiveError('job-malformed', `The message is not a job: ${fields}.`, { action: 'give-up' });
}

async function giveUp(
  { body, attempt, sentAt }: JobMessage,
  job: Job | undefined,
  error: ArchiveError,
  fields: Record<string, unknown>,
  { queues, now }: ProcessDeps,
): Promise<boolean> {
  try {
    await queues.sendDeadLetter(body, {
      pbx: job?.pbx,
      error,
      attempts: attempt,
      firstAt: new Date(sentAt).toISOString(),
      lastAt: new Date(now()).toISOString(),
    });
  } catch (sendError) {
    // Nothing disappears: the message stays and is given up again when it next comes.
    log('error', 'dead-letter-refused', { ...fields, code: toArchiveError(sendError).code });
    return false;
  }
  log('error', 'given-up', fields);
  return true;
}

async function postpone(
  { queueUrl, receiptHandle, attempt }: JobMessage,
  { notBefore = 0 }: ArchiveError,
  fields: Record<string, unknown>,
  { queues, now }: ProcessDeps,
): Promise<boolean> {
  const seconds = Math.max(retrySeconds(attempt), Math.ceil((notBefore - now()) / 1000));
  const retryInSeconds = Math.min(seconds, MAX_RETRY_SECONDS);
  try {
    await queues.postpone(queueUrl, receiptHandle, retryInSeconds);
    log('warn', 'postponed', { ...fields, retryInSeconds });
  } catch (error) {
    // It then comes again when its visibility timeout ends.
    log('warn', 'not-postponed', { ...fields, code: toArchiveError(error).code });
  }
  return false;
}

/** 5, 10, 20 ... seconds, up to an hour: a file may not be ready right after hang-up, a PBX may be off for days. */
export function retrySeconds(attempt: number): number {
  return Math.min(FIRST_RETRY_SECONDS * 2 ** (attempt - 1), MAX_RETRY_SECONDS);
}

const about = (job: Job | undefined, { attempt }: JobMessage) => ({
  pbx: job?.pbx,
  callId: job?.call.callId,
  recording: job?.recording,
  attempt,
});
