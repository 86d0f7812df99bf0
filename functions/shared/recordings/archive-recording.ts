import { ArchiveError, toArchiveError } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import type { PbxClient, RecordingSource } from '../pbx/types.ts';
import { type Session, withToken } from '../session/session.ts';
import { log } from '../telemetry/log.ts';
import { encodeCall } from './metadata.ts';
import type { PartBuffers } from './parts.ts';
import { contentTypeOf, recordingKey } from './recording-name.ts';
import type { RecordingStore } from './recording-store.ts';
import { Interruption } from './save-in-parts.ts';
import { type Download, saveRecording } from './save-recording.ts';
import type { SaveResult } from './uploads.ts';

export interface ArchiveDeps {
  client: PbxClient;
  session: Session;
  store: RecordingStore;
  /** Aborts with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  now: () => number;
  buffers: PartBuffers;
}

export type Archived = { key: string } & (
  | { outcome: 'already-archived' }
  | { outcome: 'archived'; bytes: number; crc32: string }
);

/**
 * Copies one recording from the PBX to the bucket, unless it is already there. Continues where the job's progress ends.
 * Rejects with an `Interruption` if this attempt made progress but did not finish.
 *
 * S3 itself refuses a second write, so the bucket is not checked before a short recording is downloaded. The check
 * would be one of three requests for every recording, and would save a download only for a rare duplicate job.
 */
export async function archiveRecording(job: Job, deps: ArchiveDeps): Promise<Archived> {
  try {
    return await archive(job, deps);
  } catch (error) {
    // The SDK reports an abort in its own words.
    if (deps.signal.aborted && !(error instanceof ArchiveError)) throw deps.signal.reason;
    if (job.progress === undefined || toArchiveError(error).code !== 'upload-gone') throw error;
    // A duplicate job has completed or discarded the upload, or the bucket's lifecycle rule has removed it.
    const { progress, ...restarted } = job;
    return archive(restarted, deps);
  }
}

async function archive(job: Job, deps: ArchiveDeps): Promise<Archived> {
  const { pbx, recording, call } = job;
  const { client, session, store, signal, now, buffers } = deps;
  const key = recordingKey(pbx, recording);
  const isArchived = async () => (await store.find(key, signal)) !== undefined;
  const alreadyArchived = { outcome: 'already-archived', key } as const;
  if (job.progress !== undefined && (await isArchived())) return alreadyArchived;

  const target = {
    key,
    contentType: contentTypeOf(recording),
    metadata: encodeCall(call),
    onProgress: (bytes: number) => log('debug', 'download-progress', { pbx, recording, bytes }),
  };
  const transfer = async (token: string) => {
    const download = await openDownload(job, { client, token, signal });
    const { start, totalBytes } = download.source;
    log('debug', 'download-started', { pbx, recording, start, contentLength: totalBytes });
    return saveRecording(download, target, { store, signal, now, buffers });
  };
  let saved: SaveResult;
  try {
    saved = await withToken(session, (token) => withFreshRandom(() => transfer(token)));
  } catch (error) {
    // A recording that a duplicate job has archived is not lost, even if the PBX has deleted it since.
    if (error instanceof Interruption || !(await isArchived().catch(() => false))) throw error;
    return alreadyArchived;
  }
  if (saved.outcome === 'already-there') return alreadyArchived;
  const { bytes, crc32 } = saved;
  await verifyStored(key, { bytes, crc32 }, { store, signal });
  return { outcome: 'archived', key, bytes, crc32 };
}

/** Sources disagree about 20012: it means an unknown recording, or a wrong random string. */
async function withFreshRandom<T>(transfer: () => Promise<T>): Promise<T> {
  try {
    return await transfer();
  } catch (error) {
    const { code, kind } = toArchiveError(error);
    if (code !== 'pbx-20012' || kind === 'missing') throw error;
    return transfer();
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

interface OpenDeps {
  client: PbxClient;
  token: string;
  signal: AbortSignal;
}

/**
 * Opens a recording where earlier runs stopped. Opens it from its start if there were none, if the PBX does not send
 * the requested range, or if the file's size has changed.
 */
async function openDownload(job: Job, deps: OpenDeps): Promise<Download> {
  const { recording, progress } = job;
  const { client, token, signal } = deps;
  const openFromStart = () => client.openRecording(token, recording, signal);
  if (progress === undefined) return { source: await openFromStart(), isResumable: true };

  const logRestart = (why: string) =>
    log('info', 'restarted', { pbx: job.pbx, recording, why, storedBytes: progress.bytes });
  let source: RecordingSource;
  try {
    source = await client.openRecording(token, recording, signal, progress.bytes);
  } catch (error) {
    const { code } = toArchiveError(error);
    if (code !== 'pbx-bad-range') throw error;
    logRestart(code);
    return { source: await openFromStart(), isResumable: false };
  }
  // The PBX ignores ranges, or it sends an error instead of the recording, which is detected when the body is read.
  if (source.start === 0) return { source, isResumable: false };
  const { totalBytes = source.totalBytes } = progress;
  if (source.totalBytes === undefined || source.totalBytes === totalBytes) {
    return { source, stored: progress, isResumable: true };
  }
  logRestart('size-changed');
  source.body.destroy();
  return { source: await openFromStart(), isResumable: true };
}
