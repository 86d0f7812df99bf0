import * as v from 'valibot';
import { pbxIdSchema } from '../config/pbx-registry.ts';
import { ArchiveError } from '../errors.ts';
import { CONTAINER_FORMATS } from '../recordings/container.ts';
import { findNameProblem } from '../recordings/recording-name.ts';
import { callSchema, isUnanswered } from './call.ts';
import { PERSISTENT_KINDS } from './retry-policy/persistent-failures.ts';

/** The latest time that a `Date` can represent (ECMAScript). */
const LATEST_DATE_MS = 8.64e15;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** `Container` of recordings/container.ts. */
const containerSchema = v.object({
  format: v.picklist(CONTAINER_FORMATS),
  sizes: v.picklist(['written', 'unwritten', 'none']),
  totalBytes: v.optional(count),
  audioStartsAt: v.optional(count),
  audioEndsAt: v.optional(count),
  /** Not always whole: the Macintosh records 22,254.545 samples a second. */
  bytesPerSecond: v.optional(v.pipe(v.number(), v.minValue(0))),
});

/** An S3 multipart upload that holds the start of a recording, with all that is needed to resume and verify it. */
export const unfinishedUploadSchema = v.object({
  uploadId: v.string(),
  /** That of the recording if absent. */
  key: v.optional(v.string()),
  /** In order; the first is part 1. `crc32` is base64, as in S3's API. */
  parts: v.array(v.object({ etag: v.string(), crc32: v.string() })),
  /** Total size of the parts, and the CRC-32 of all their bytes as an unsigned number. */
  bytes: count,
  crc32: count,
  /** Size of the complete file according to the PBX, if known. */
  totalBytes: v.optional(count),
  /** Facts from the file's header; absent if its format is unknown. */
  container: v.optional(containerSchema),
  /** How the recording is going to be verified, as the upload's metadata says. */
  verifiedBy: v.optional(v.string()),
});

export type UnfinishedUpload = v.InferOutput<typeof unfinishedUploadSchema>;

const instant = v.pipe(count, v.maxValue(LATEST_DATE_MS));

/** A complete download that could not be verified. `at`: when the first one with these bytes ended (epoch ms). */
const downloadSchema = v.object({ bytes: count, crc32: count, at: instant });

export type EarlierDownload = v.InferOutput<typeof downloadSchema>;

/** Findings of a job's earlier messages. A requeued job is a new message, with a delivery count of its own. */
const earlierSchema = v.object({
  attempts: count,
  /** Deliveries that still count for the back-off. */
  deliveries: count,
  /** When the first message was queued (epoch ms). */
  since: instant,
  download: v.optional(downloadSchema),
  streak: v.optional(
    v.object({ kind: v.picklist(PERSISTENT_KINDS), since: instant, count, lastAt: instant }),
  ),
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
  /** Size of the file in the PBX's list of recordings, if it has one. */
  listedBytes: v.optional(count),
  /** Absent if a report announced the recording. */
  foundBy: v.optional(v.literal('reconciliation')),
  progress: v.optional(unfinishedUploadSchema),
  earlier: v.optional(earlierSchema),
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
export const callEndOf = ({ endedAt, reportedAt }: Pick<Job, 'endedAt' | 'reportedAt'>) =>
  Date.parse(endedAt ?? reportedAt);

/** The fields of a log line about a job that has just been queued. */
export const describeQueuedJob = ({ pbx, recording, call }: Job) => ({
  pbx,
  callId: call.callId,
  recording,
  ...(isUnanswered(call) && { unanswered: true }),
});
