import { ArchiveError, PbxRefusal, toArchiveError } from '../errors.ts';
import { callEndOf, type Job } from '../jobs/job.ts';
import type { PbxClient } from '../pbx/pbx-client.ts';
import type { Session } from '../session/session.ts';
import { withToken } from '../session/with-token.ts';
import { log } from '../telemetry/log.ts';
import {
  crc32InKey,
  isArchived,
  isSameCall,
  keyBeside,
  type StoredRecording,
} from './compare-with-stored.ts';
import type { SaveResult } from './create-object.ts';
import { encodeCall, encodeDeliveredName, encodeName, encodeOpenedAt } from './metadata.ts';
import { openDownload } from './open-download.ts';
import type { PartBuffers } from './parts.ts';
import { contentTypeOf, recordingKey } from './recording-name.ts';
import type { RecordingStore } from './recording-store.ts';
import { Interruption } from './save-in-parts.ts';
import { saveRecording } from './save-recording.ts';

export interface ArchiveDeps {
  client: PbxClient;
  session: Session;
  store: RecordingStore;
  /** Aborts with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  now: () => number;
  buffers: PartBuffers;
}

/** `crc32` is base64, as in S3's API. */
export type Archived = { key: string } & (
  | { outcome: 'already-archived' }
  | {
      /** `recording-replaced`: a shorter object; `stored-beside`: another recording has the name, and both are kept. */
      outcome: 'archived' | 'recording-replaced' | 'stored-beside';
      bytes: number;
      crc32: string;
      verifiedBy: string;
    }
);

export interface ArchiveOptions {
  /** An earlier attempt, or another job, may have archived the recording. */
  isRepeated: boolean;
}

/**
 * Copies one recording from the PBX to the bucket, unless it is already there. Continues where the job's progress ends.
 * Rejects with an `Interruption` if this attempt made progress but did not finish, with an `Unverified` if another
 * download has to confirm what was received.
 *
 * S3 itself refuses to overwrite, so the bucket is not checked before the first attempt at a reported recording. The
 * check would be one of three requests for every recording, and would save a download only for a rare duplicate job.
 */
export async function archiveRecording(
  job: Job,
  deps: ArchiveDeps,
  { isRepeated }: ArchiveOptions = { isRepeated: false },
): Promise<Archived> {
  try {
    return await archive(job, deps, isRepeated);
  } catch (error) {
    // The SDK reports an abort in its own words.
    if (deps.signal.aborted && !(error instanceof ArchiveError)) throw deps.signal.reason;
    if (job.progress === undefined || toArchiveError(error).code !== 'upload-gone') throw error;
    // A duplicate job has completed or discarded the upload, or the bucket's lifecycle rule has removed it.
    const { progress, ...restarted } = job;
    return archive(restarted, deps, isRepeated);
  }
}

async function archive(job: Job, deps: ArchiveDeps, isRepeated: boolean): Promise<Archived> {
  const key = recordingKey(job.pbx, job.recording);
  const alreadyArchived = { outcome: 'already-archived', key } as const;
  if ((isRepeated || job.progress !== undefined) && (await isDone(job, key, deps))) return alreadyArchived;

  // An earlier run may have begun to store the recording beside another one.
  const first = job.progress?.key ?? key;
  let saved: SaveResult;
  try {
    saved = await transfer(job, first, deps);
  } catch (error) {
    // A recording that a duplicate job has archived is not lost, even if the PBX has deleted it since.
    if (error instanceof Interruption || !(await isDone(job, key, deps).catch(() => false))) throw error;
    return alreadyArchived;
  }
  if (saved.outcome !== 'differs') {
    return finish(saved, first, first === key ? 'archived' : 'stored-beside', deps);
  }

  // The upload belongs to the other key, so the recording is downloaded again.
  const beside = keyBeside(key, saved);
  const { progress, ...fromStart } = job;
  return finish(await transfer(fromStart, beside, deps), beside, 'stored-beside', deps);
}

async function isDone(job: Job, key: string, { store, signal }: ArchiveDeps): Promise<boolean> {
  const stored = await store.find(key, signal);
  return stored !== undefined && isArchived(stored, job);
}

/** Downloads a recording into the object `key`: its own, or one beside another recording of its name. */
const transfer = (job: Job, key: string, deps: ArchiveDeps): Promise<SaveResult> =>
  withToken(deps.session, (token) => withRepetition(() => download(job, key, token, deps)));

async function download(job: Job, key: string, token: string, deps: ArchiveDeps): Promise<SaveResult> {
  const { pbx, recording, call } = job;
  const openedAt = deps.now();
  const opened = await openDownload(job, token, deps);
  const { start, totalBytes, deliveredName } = opened.source;
  log('debug', 'download-started', { pbx, recording, start, contentLength: totalBytes });
  const target = {
    key,
    namedCrc32: key === recordingKey(pbx, recording) ? undefined : crc32InKey(key),
    contentType: contentTypeOf(recording),
    metadata: {
      ...encodeCall(call),
      ...encodeName(recording),
      ...encodeDeliveredName(deliveredName, recording),
      ...encodeOpenedAt(openedAt),
    },
    callId: call.callId,
    call: expectationOf(job),
    isStored: (stored: StoredRecording, totalBytes: number | undefined) =>
      isArchived(stored, job) || isSameCall(stored, { totalBytes, callId: call.callId }),
    onProgress: (bytes: number) => log('debug', 'download-progress', { pbx, recording, bytes }),
  };
  return saveRecording(opened, target, deps);
}

/** What the call and earlier attempts say about the recording. */
const expectationOf = (job: Job) => ({
  talkSeconds: Number(job.call.talkSeconds) || undefined,
  // The clock of the PBX may be wrong, but no call ends after it was reported.
  endedAt: Math.min(callEndOf(job), Date.parse(job.reportedAt)),
  earlier: job.earlier?.download,
  listedBytes: job.listedBytes,
});

async function finish(
  { outcome, ...stored }: SaveResult,
  key: string,
  created: 'archived' | 'stored-beside',
  deps: ArchiveDeps,
): Promise<Archived> {
  if (outcome === 'same') return { outcome: 'already-archived', key };
  await verifyStored(key, stored, deps);
  return { outcome: outcome === 'replaced' ? 'recording-replaced' : created, key, ...stored };
}

const isMomentary = (error: unknown): error is PbxRefusal => error instanceof PbxRefusal && error.isMomentary;

/** Repeats a refused transfer at once. If it is refused again, it is the recording that the PBX does not have. */
async function withRepetition<T>(transfer: () => Promise<T>): Promise<T> {
  try {
    return await transfer();
  } catch (error) {
    if (!isMomentary(error)) throw error;
    return transfer().catch((second: unknown) => {
      if (!isMomentary(second)) throw second;
      throw new PbxRefusal(second.code, second.message, { kind: 'missing' });
    });
  }
}

/** Compares what S3 says it stored with what was received. */
async function verifyStored(
  key: string,
  { bytes, crc32 }: { bytes: number; crc32: string },
  { store, signal }: Pick<ArchiveDeps, 'store' | 'signal'>,
): Promise<void> {
  const stored = await store.find(key, signal);
  if (stored?.bytes === bytes && stored.crc32 === crc32 && stored.isFullObjectChecksum) return;
  throw new ArchiveError(
    'stored-differently',
    `The object ${key} differs from what was received, in its size or its checksum. Inspect it before anything else.`,
    // Permanent, because a retry would find the object and count it as archived.
    { kind: 'permanent' },
  );
}
