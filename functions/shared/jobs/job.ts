import * as v from 'valibot';
import { pbxIdSchema } from '../config/pbx-registry.ts';
import { ArchiveError } from '../errors.ts';
import { findNameProblem } from '../recordings/recording-name.ts';
import type { JobHistory } from './retry-policy.ts';

/** What the report said of the call, as it said it; absent where it said nothing. */
export const callSchema = v.object({
  callId: v.optional(v.string()),
  from: v.optional(v.string()),
  to: v.optional(v.string()),
  type: v.optional(v.string()),
  status: v.optional(v.string()),
  /** PBX-local time, without a zone. */
  start: v.optional(v.string()),
  talkSeconds: v.optional(v.string()),
  trunk: v.optional(v.string()),
  did: v.optional(v.string()),
  serialNumber: v.optional(v.string()),
});

export type Call = v.InferOutput<typeof callSchema>;

/** No later one can be written as a date. */
const LATEST_DATE_MS = 8.64e15;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** An S3 multipart upload that holds the beginning of a recording, and what it takes to go on and to check the whole. */
export const unfinishedUploadSchema = v.object({
  uploadId: v.string(),
  /** In order; the first has number 1. `crc32` as S3 writes it. */
  parts: v.array(v.object({ etag: v.string(), crc32: v.string() })),
  /** The parts' bytes in all, and their CRC-32 as an unsigned number. */
  bytes: count,
  crc32: count,
  /** What the PBX and the RIFF header said of the whole file, where they said something. */
  totalBytes: v.optional(count),
  riff: v.optional(v.object({ totalBytes: v.optional(count), audioEndsAt: count, isPatched: v.boolean() })),
});

export type UnfinishedUpload = v.InferOutput<typeof unfinishedUploadSchema>;

/** What earlier messages have achieved of a job, when its transfer goes on with another one. */
export const progressSchema = v.object({
  ...unfinishedUploadSchema.entries,
  /** Attempts before this message, and when the first message of this job came into the queue (epoch ms). */
  attempts: count,
  since: v.pipe(count, v.maxValue(LATEST_DATE_MS)),
});

export type Progress = v.InferOutput<typeof progressSchema>;

/** One recording to archive. Holds identifiers and facts only: never a URL, a token or a random string. */
export const jobSchema = v.object({
  version: v.literal(1),
  pbx: pbxIdSchema,
  recording: v.pipe(
    v.string(),
    v.check((name) => findNameProblem(name) === undefined, 'cannot be used as a name'),
  ),
  call: callSchema,
  /** ISO 8601, UTC: when the webhook or the reconciliation learned of the recording. */
  reportedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** ISO 8601, UTC: when the call ended, as near as is known; `reportedAt` if absent. */
  endedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  progress: v.optional(progressSchema),
});

export type Job = v.InferOutput<typeof jobSchema>;

/** One delivery of a message from a PBX's queue. */
export interface JobMessage {
  body: string;
  queueUrl: string;
  receiptHandle: string;
  /** 1 for the first delivery. */
  attempt: number;
  /** When it was queued (epoch ms). */
  sentAt: number;
}

/** Throws `job-malformed`, which is permanent: no further delivery makes the message a job. */
export function readJob(body: string): Job {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), jobSchema), body);
  if (parsed.success) return parsed.output;
  const fields = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'it is not JSON').join(', ');
  throw new ArchiveError('job-malformed', `Not a job message: ${fields}.`, { kind: 'permanent' });
}

/** When the call ended, as far as it is known (epoch ms). */
export const callEndOf = ({ endedAt, reportedAt }: Job) => Date.parse(endedAt ?? reportedAt);

export function historyOf(message: JobMessage, job: Job | undefined): JobHistory {
  const { attempts = 0, since = message.sentAt, uploadId } = job?.progress ?? {};
  return {
    attempts: attempts + message.attempt,
    deliveries: message.attempt,
    firstQueuedAt: since,
    callEndedAt: job === undefined ? since : callEndOf(job),
    resumedFrom: uploadId,
  };
}

/** The fields of every log line about a job. */
export const describeJob = (message: JobMessage, job: Job | undefined) => ({
  pbx: job?.pbx,
  callId: job?.call.callId,
  recording: job?.recording,
  attempt: historyOf(message, job).attempts,
});
