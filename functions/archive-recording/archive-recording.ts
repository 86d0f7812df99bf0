import { ArchiveError, toArchiveError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { log } from '../shared/log.ts';
import { encodeCall } from '../shared/metadata.ts';
import type { PbxClient } from '../shared/pbx/types.ts';
import { contentTypeOf, recordingKey } from '../shared/recording-name.ts';
import { type Session, withToken } from '../shared/session/session.ts';
import type { RecordingStore } from './recording-store.ts';
import { type Saved, saveRecording } from './save-recording.ts';

export interface ArchiveDeps {
  client: PbxClient;
  session: Session;
  store: RecordingStore;
  /** Aborted with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  partBytes?: number;
}

export type Archived = { key: string } & (
  | { outcome: 'already-archived' }
  | ({ outcome: 'archived' } & Omit<Saved, 'outcome'>)
);

/** Brings one recording from the PBX into the bucket, unless it is there. */
export async function archiveRecording({ pbx, recording, call }: Job, deps: ArchiveDeps): Promise<Archived> {
  const { client, session, store, signal } = deps;
  const key = recordingKey(pbx, recording);
  if ((await store.find(key, signal)) !== undefined) return { outcome: 'already-archived', key };

  const target = {
    key,
    contentType: contentTypeOf(recording),
    metadata: encodeCall(call),
    onProgress: (bytes: number) => log('debug', 'download-progress', { pbx, recording, bytes }),
    ...(deps.partBytes !== undefined && { partBytes: deps.partBytes }),
  };
  const transfer = async (token: string) => {
    const source = await client.openRecording(token, recording, signal);
    log('debug', 'download-started', { pbx, recording, contentLength: source.contentLength });
    return saveRecording(source, target, store, signal);
  };
  const saved = await withToken(session, (token) => withFreshRandom(() => transfer(token)));
  if (saved.outcome === 'already-there') return { outcome: 'already-archived', key };
  await verifyStored(key, saved, store, signal);
  const { bytes, crc32 } = saved;
  return { outcome: 'archived', key, bytes, crc32 };
}

/** The sources disagree on what 20012 says: no such recording, or a random string that was not right. */
async function withFreshRandom<T>(transfer: () => Promise<T>): Promise<T> {
  try {
    return await transfer();
  } catch (error) {
    if (toArchiveError(error).code !== 'pbx-20012') throw error;
    return transfer();
  }
}

/** What S3 says it stored, against what was received. */
async function verifyStored(
  key: string,
  { bytes, crc32 }: Saved,
  store: RecordingStore,
  signal: AbortSignal,
): Promise<void> {
  const stored = await store.find(key, signal);
  if (stored?.bytes === bytes && stored.crc32 === crc32 && stored.isFullObjectChecksum) return;
  throw new ArchiveError('stored-differently', `The object at ${key} is not what was written.`, {
    // A retry would find the object there and be content with it.
    action: 'give-up',
  });
}
