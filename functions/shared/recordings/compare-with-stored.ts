import { parse } from 'node:path/posix';
import type { Call } from '../jobs/call.ts';
import { callEndOf, type Job } from '../jobs/job.ts';
import { findCallStart } from '../pbx/call-start.ts';
import { sha256 } from '../sha256.ts';
import { SETTLED_AFTER_MS } from './completeness.ts';
import { isSound } from './verified-by.ts';

/** An object in the bucket. */
export interface StoredRecording {
  bytes: number;
  /** CRC-32 (IEEE) of the complete object, big-endian and in base64, as in S3's API. */
  crc32: string | undefined;
  isFullObjectChecksum: boolean;
  etag: string;
  /**
   * When its download began (epoch ms): later changes of the PBX's file are not in it. For an object without this
   * metadata, when it was written.
   */
  openedAt: number;
  verifiedBy: string;
  /** The call for which it was stored. */
  callId: string | undefined;
  talkSeconds: string | undefined;
}

/** Whether the object has what the PBX had when the recording was reported, or later. */
const isOpenedSinceReport = ({ openedAt }: StoredRecording, { reportedAt }: Pick<Job, 'reportedAt'>) =>
  openedAt >= Date.parse(reportedAt);

/** Whether a job has nothing left to do. An object with doubts may be an unfinished version. */
export const isArchived = (stored: StoredRecording, job: Pick<Job, 'reportedAt' | 'endedAt' | 'call'>) =>
  isOpenedSinceReport(stored, job) && isSound(stored.verifiedBy) && !mayBeBeginning(stored, job);

/**
 * Whether the PBX may still have been writing the recording when the object was stored. Only the talk time tells, and a
 * P-Series's list does not have it. A job that knows it has to look again.
 */
function mayBeBeginning(
  { talkSeconds, openedAt }: StoredRecording,
  job: Pick<Job, 'reportedAt' | 'endedAt' | 'call'>,
): boolean {
  const isKnownNow = talkSeconds === undefined && Number(job.call.talkSeconds) > 0;
  return isKnownNow && openedAt < callEndOf(job) + SETTLED_AFTER_MS;
}

/**
 * Whether nothing is lost if the PBX no longer has a job's recording: it was fetched after the report, or the report is
 * another copy of the one for which it was stored. Otherwise the object may be another recording of the same name, or
 * the beginning of this one.
 */
export function isSettled(stored: StoredRecording, job: Pick<Job, 'reportedAt' | 'call'>): boolean {
  const { callId, talkSeconds } = job.call;
  const isOfCall = callId !== undefined && stored.callId === callId;
  const isWhole = stored.talkSeconds === talkSeconds || isOpenedAfterCall(stored, job.call);
  return isOpenedSinceReport(stored, job) || (isOfCall && isWhole && isSound(stored.verifiedBy));
}

/**
 * Of what was found in a P-Series's list, which has no talk times, only the time can tell. The report may come for the
 * second time, long after the call, so that its own time says nothing.
 */
function isOpenedAfterCall({ talkSeconds, openedAt }: StoredRecording, call: Call): boolean {
  const startedAt = findCallStart(call.callId ?? '', '', 'UTC');
  if (talkSeconds !== undefined || startedAt === undefined) return false;
  return openedAt >= startedAt + 1000 * Number(call.talkSeconds ?? 0) + SETTLED_AFTER_MS;
}

/** Whether a recording that has only been announced is certainly the stored one. Then a long download is saved. */
export const isSameCall = (
  stored: StoredRecording,
  { totalBytes, callId }: { totalBytes: number | undefined; callId: string | undefined },
) =>
  callId !== undefined &&
  stored.callId === callId &&
  stored.bytes === totalBytes &&
  isSound(stored.verifiedBy);

/**
 * Compares a recording with the object that is already stored under its name. A transferred call's recording grows
 * between its reports, so a longer one replaces a shorter one, unless there are doubts about it that there were not
 * about the stored one. Anything else may be another recording: `differs`.
 */
export function compareWithStored(
  received: { bytes: number; crc32: string; verifiedBy: string },
  stored: StoredRecording,
): 'same' | 'replaces' | 'differs' {
  if (received.bytes === stored.bytes && received.crc32 === stored.crc32) return 'same';
  const isTrusted = isSound(received.verifiedBy) || !isSound(stored.verifiedBy);
  return received.bytes > stored.bytes && isTrusted ? 'replaces' : 'differs';
}

/**
 * The key of a recording whose own is taken by another one: `NAME~CRC32.EXT`, with the CRC-32 as eight hex digits. Links
 * are given out for this name as for any other. An object that another program wrote may have no CRC-32: then the
 * digits are a digest of its ETag.
 */
export function keyBeside(
  key: string,
  { crc32, etag = '' }: { crc32: string | undefined; etag?: string },
): string {
  const { dir, name, ext } = parse(key);
  const digits = crc32 ? Buffer.from(crc32, 'base64').toString('hex') : sha256(etag).toString('hex', 0, 4);
  return `${dir}/${name}~${digits}${ext}`;
}

/** The CRC-32 in a key of `keyBeside`, in base64. */
export const crc32InKey = (key: string): string =>
  Buffer.from(parse(key).name.slice(-8), 'hex').toString('base64');
