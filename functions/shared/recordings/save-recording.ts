import { crc32 } from 'node:zlib';
import { ArchiveError, type FailureKind, toArchiveError } from '../errors.ts';
import type { UnfinishedUpload } from '../jobs/job.ts';
import { connectionError } from '../pbx/errors.ts';
import type { RecordingSource } from '../pbx/types.ts';
import { fillParts, nextPart, type Part, type PartBuffers } from './parts.ts';
import type { RecordingStore } from './recording-store.ts';
import { readRiff } from './riff.ts';
import { Interruption, saveInParts } from './save-in-parts.ts';
import { type RecordingDescription, type Saved, toBase64 } from './uploads.ts';
import { checkIsAudio, checkIsComplete, findVerifiedBy, HEAD_BYTES } from './verification.ts';

export interface Download {
  source: RecordingSource;
  /** What earlier runs have stored, where the source begins behind it. */
  stored?: UnfinishedUpload;
  /** Whether a next run can go on where this one stops, as far as is known. */
  isResumable: boolean;
}

export interface Target extends RecordingDescription {
  key: string;
  /** Told how much of the file there is so far. */
  onProgress?: (bytes: number) => void;
}

export interface SaveDeps {
  store: RecordingStore;
  /** Aborted with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  now: () => number;
  buffers: PartBuffers;
}

/**
 * Streams a recording into the store. The object comes into being only after all of it has been received and
 * checked. On a failure nothing new is left, and that has been awaited; unless it is an `Interruption`.
 */
export async function saveRecording(download: Download, target: Target, deps: SaveDeps): Promise<Saved> {
  const { source, stored, isResumable } = download;
  const { signal, now } = deps;
  const buffers = deps.buffers.lend();
  const { body } = source;
  const startedAt = now();
  let receivedBytes = 0;
  const stop = () => body.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  // Without a listener, a body that fails before anybody reads it would bring the process down.
  body.on('error', () => {});

  async function* received() {
    try {
      yield* fillParts(body, buffers, (bytes) => {
        receivedBytes += bytes;
        target.onProgress?.(source.start + receivedBytes);
      });
    } catch (error) {
      throw connectionError(error);
    }
  }

  try {
    signal.throwIfAborted();
    return await saveParts(received(), download, target, deps);
  } catch (error) {
    if (!signal.aborted || error instanceof Interruption) throw error;
    // A request to S3 tells of an abort in its own words.
    if (toArchiveError(signal.reason).code !== 'deadline') throw signal.reason;
    const totalBytes = stored?.totalBytes ?? source.totalBytes;
    throw tooSlow({ totalBytes, receivedBytes, elapsedMs: now() - startedAt, isResumable });
  } finally {
    signal.removeEventListener('abort', stop);
    // Ends a download that failed on our side; on a slow line it could go on for minutes.
    body.destroy();
    buffers.giveBack();
  }
}

async function saveParts(
  parts: AsyncGenerator<Part, void>,
  { source: { totalBytes }, stored, isResumable }: Download,
  { key, contentType, metadata }: Target,
  { store, signal }: SaveDeps,
): Promise<Saved> {
  const first = await nextPart(parts);
  const incoming = { first, parts };
  const deps = { store, signal, isResumable };
  if (stored !== undefined) {
    return saveInParts(incoming, { ...stored, totalBytes: stored.totalBytes ?? totalBytes }, key, deps);
  }

  const head = first.bytes.subarray(0, HEAD_BYTES);
  checkIsAudio(head);
  const expectedSize = { totalBytes, riff: readRiff(head) };
  const verifiedBy = findVerifiedBy(expectedSize).join(' ') || 'nothing';
  const about = { contentType, metadata: { ...metadata, 'verified-by': verifiedBy } };
  if (first.isLast) {
    const { bytes } = first;
    checkIsComplete(bytes.length, expectedSize);
    const checksum = toBase64(crc32(bytes));
    const outcome = await store.put(key, bytes, checksum, about, signal);
    return { outcome, bytes: bytes.length, crc32: checksum };
  }
  if ((await store.find(key, signal)) !== undefined) return { outcome: 'already-there' };
  const uploadId = await store.begin(key, about);
  return saveInParts(incoming, { uploadId, parts: [], bytes: 0, crc32: 0, ...expectedSize }, key, deps);
}

/** What a run saw of a download that took all its time. */
export interface SlowDownload {
  /** Of the whole file, where it is known. */
  totalBytes: number | undefined;
  receivedBytes: number;
  elapsedMs: number;
  /** Whether the PBX would let a next run go on where this one stopped, as far as is known. */
  isResumable: boolean;
}

/** For a person to read, in the dead letter: the size, the rate and what to do. */
export function tooSlow({ totalBytes, receivedBytes, elapsedMs, isResumable }: SlowDownload): ArchiveError {
  const size = totalBytes === undefined ? 'of unknown size' : `of ${totalBytes} bytes`;
  // Bits in a millisecond are kilobits in a second.
  const rate = Math.round((8 * receivedBytes) / Math.max(elapsedMs, 1));
  const [kind, reason]: [FailureKind, string] = isResumable
    ? ['too-slow', 'not even a part of it could be stored in one run']
    : ['permanent', 'the PBX continues no download, and one run was not enough for all of it'];
  return new ArchiveError(
    'too-slow',
    `The recording, ${size}, came at ${rate} kbit/s: ${reason}. Give the PBX a faster uplink, or fetch the ` +
      'recording with "npm run backfill" on a machine in the PBX\'s network.',
    { kind },
  );
}
