import { ArchiveError } from '../errors.ts';
import { compareWithStored, keyBeside } from './compare-with-stored.ts';
import type { RecordingStore } from './recording-store.ts';
import type { WriteOutcome } from './uploads.ts';

/** What became of a recording. `crc32` is base64, as in S3's API. */
export interface SaveResult {
  /**
   * `created`; `replaced` a shorter object; `same`: the object was there already; `differs`: another object is there,
   * and nothing was written.
   */
  outcome: 'created' | 'replaced' | 'same' | 'differs';
  bytes: number;
  crc32: string;
  verifiedBy: string;
}

/** A recording that is about to become an object. */
export interface NewObject extends Omit<SaveResult, 'outcome'> {
  key: string;
  callId: string | undefined;
  /** The CRC-32 that the key names, if it names one. The PBX may have replaced the recording since it was computed. */
  namedCrc32?: string | undefined;
}

/**
 * Creates an object with `write`. If there is one already, decides by its size and checksum what is to happen, so that
 * nothing is thrown away. `write` gets the ETag of the object that it is to replace, if any.
 */
export async function createObject(
  object: NewObject,
  store: Pick<RecordingStore, 'find' | 'copy'>,
  signal: AbortSignal,
  write: (replaces?: string) => Promise<WriteOutcome>,
): Promise<SaveResult> {
  const { key, callId, namedCrc32, ...result } = object;
  if (namedCrc32 !== undefined && namedCrc32 !== result.crc32)
    throw new ArchiveError('write-conflict', 'The PBX replaced the recording between two downloads.');
  if ((await write()) === 'written') return { outcome: 'created', ...result };
  const stored = await store.find(key, signal);
  const comparison = stored && compareWithStored(object, stored);
  if (comparison === 'same' || comparison === 'differs') return { outcome: comparison, ...result };
  if (stored !== undefined) {
    // The shorter version of the same call is contained in the longer one. Another call's recording is not.
    if (stored.callId === undefined || stored.callId !== callId) {
      // A conflict means that it was copied before. If it has changed since, the write below fails.
      await store.copy({ key, etag: stored.etag }, keyBeside(key, stored), signal);
    }
    if ((await write(stored.etag)) === 'written') return { outcome: 'replaced', ...result };
  }
  throw new ArchiveError(
    'write-conflict',
    'The object was changed while the recording was compared with it.',
  );
}
