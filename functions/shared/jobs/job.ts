import * as v from 'valibot';
import { pbxIdSchema } from '../config/pbx-registry.ts';
import { ArchiveError } from '../errors.ts';
import { findNameProblem } from '../recordings/recording-name.ts';
import type { JobHistory } from './retry-policy.ts';

/** Facts about the call, exactly as the report states them; absent if it does not. */
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

/** The latest time that a `Date` can represent (ECMAScript). */
const LATEST_DATE_MS = 8.64e15;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** An S3 multipart upload that holds the start of a recording, with all that is needed to resume and verify it. */
export const unfinishedUploadSchema = v.object({
  uploadId: v.string(),
  /** In order; the first is part 1. `crc32` is base64, as in S3's API. */
  parts: v.array(v.object({ etag: v.string(), crc32: v.string() })),
  /** Total size of the parts, and the CRC-32 of all their bytes as an unsigned number. */
  bytes: count,
  crc32: count,
  /** Sizes of the complete file according to the PBX and to the RIFF header, if known. */
  totalBytes: v.optional(count),
  riff: v.optional(v.object({ totalBytes: v.optional(count), audioEndsAt: count, isPatched: v.boolean() })),
});

export type UnfinishedUpload = v.InferOutput<typeof unfinishedUploadSchema>;

/** What earlier messages of a job achieved. A transfer that is resumed gets a new message. */
export const progressSchema = v.object({
  ...unfinishedUploadSchema.entries,
  /** Attempts before this message, and when the first message of this job was queued (epoch ms). */
  attempts: count,
  since: v.pipe(count, v.maxValue(LATEST_DATE_MS)),
});

/** One recording to archive. Contains identifiers and facts only: never a URL, a token or a random string. */
export const jobSchema = v.object({
  version: v.literal(1),
  pbx: pbxIdSchema,
  recording: v.pipe(
    v.string(),
    v.check((name) => findNameProblem(name) === undefined, 'is not usable as a name'),
  ),
  call: callSchema,
  /** ISO 8601, UTC: when the webhook or the reconciliation learned of the recording. */
  reportedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** ISO 8601, UTC: when the call ended, as far as known; `reportedAt` is used if absent. */
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
  /** When the message was queued (epoch ms). */
  sentAt: number;
}

/** Throws `job-malformed`, which is permanent: redelivery cannot repair the message. */
export function readJob(body: string): Job {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), jobSchema), body);
  if (parsed.success) return parsed.output;
  const fields = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'it is not JSON').join(', ');
  throw new ArchiveError('job-malformed', `Not a job message: ${fields}.`, { kind: 'permanent' });
}

/** When the call ended, as far as known (epoch ms). */
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
