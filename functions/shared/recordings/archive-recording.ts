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
import type { Saved } from './uploads.ts';

export interface ArchiveDeps {
  client: PbxClient;
  session: Session;
  store: RecordingStore;
  /** Aborted with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  now: () => number;
  buffers: PartBuffers;
}

export type Archived = { key: string } & (
  | { outcome: 'already-archived' }
  | { outcome: 'archived'; bytes: number; crc32: string }
);

/**
 * Brings one recording from the PBX into the bucket, unless it is there. Goes on where the job's progress ends;
 * fails with an `Interruption` when it has made progress itself.
 *
 * S3 itself refuses to write a second time, so a short recording is not looked for beforehand: that is one request
 * of three for each, to spare the rare copy of a job a download.
 */
export async function archiveRecording(job: Job, deps: ArchiveDeps): Promise<Archived> {
  try {
    return await archive(job, deps);
  } catch (error) {
    if (job.progress === undefined || toArchiveError(error).code !== 'upload-gone') throw error;
    // A copy of the job has completed or discarded it, or it was open for so long that the bucket removed it.
    const { progress, ...anew } = job;
    return archive(anew, deps);
  }
}

async function archive(job: Job, deps: ArchiveDeps): Promise<Archived> {
  const { pbx, recording, call } = job;
  const { client, session, store, signal, now, buffers } = deps;
  const key = recordingKey(pbx, recording);
  const isThere = async () => (await store.find(key, signal)) !== undefined;
  const archivedBefore = { outcome: 'already-archived', key } as const;
  if (job.progress !== undefined && (await isThere())) return archivedBefore;

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
  let saved: Saved;
  try {
    saved = await withToken(session, (token) => withFreshRandom(() => transfer(token)));
  } catch (error) {
    // What a copy of the job has archived is not lost, though the PBX has deleted it since.
    if (error instanceof Interruption || !(await isThere().catch(() => false))) throw error;
    return archivedBefore;
  }
  if (saved.outcome === 'already-there') return archivedBefore;
  const { bytes, crc32 } = saved;
  await verifyStored(key, { bytes, crc32 }, { store, signal });
  return { outcome: 'archived', key, bytes, crc32 };
}

/** The sources disagree on what 20012 says: no such recording, or a random string that was not right. */
async function withFreshRandom<T>(transfer: () => Promise<T>): Promise<T> {
  try {
    return await transfer();
  } catch (error) {
    const { code, kind } = toArchiveError(error);
    if (code !== 'pbx-20012' || kind === 'missing') throw error;
    return transfer();
  }
}

/** What S3 says it stored, against what was received. */
async function verifyStored(
  key: string,
  { bytes, crc32 }: { bytes: number; crc32: string },
  { store, signal }: Pick<ArchiveDeps, 'store' | 'signal'>,
): Promise<void> {
  const stored = await store.find(key, signal);
  if (stored?.bytes === bytes && stored.crc32 === crc32 && stored.isFullObjectChecksum) return;
  throw new ArchiveError('stored-differently', `The object at ${key} is not what was written.`, {
    // A retry would find the object there and be content with it.
    kind: 'permanent',
  });
}

export interface OpenDeps {
  client: PbxClient;
  token: string;
  signal: AbortSignal;
}

/**
 * Opens a recording where the runs before this one have stopped; from its beginning where there were none, and
 * where the PBX, or another size of the file, leaves no other way.
 */
export async function openDownload(job: Job, deps: OpenDeps): Promise<Download> {
  const { recording, progress } = job;
  const { client, token, signal } = deps;
  const openWhole = () => client.openRecording(token, recording, signal);
  if (progress === undefined) return { source: await openWhole(), isResumable: true };

  const beginAgain = (why: string) =>
    log('info', 'restarted', { pbx: job.pbx, recording, why, storedBytes: progress.bytes });
  let source: RecordingSource;
  try {
    source = await client.openRecording(token, recording, signal, progress.bytes);
  } catch (error) {
    const { code } = toArchiveError(error);
    if (code !== 'pbx-bad-range') throw error;
    beginAgain(code);
    return { source: await openWhole(), isResumable: false };
  }
  // The PBX ignores ranges; or it sends an error in the recording's place, which is seen when it is read.
  if (source.start === 0) return { source, isResumable: false };
  const { totalBytes = source.totalBytes } = progress;
  if (source.totalBytes === undefined || source.totalBytes === totalBytes) {
    return { source, stored: progress, isResumable: true };
  }
  beginAgain('size-changed');
  source.body.destroy();
  return { source: await openWhole(), isResumable: true };
}
