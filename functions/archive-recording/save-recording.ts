import { crc32 } from 'node:zlib';
import { toArchiveError } from '../shared/errors.ts';
import type { UnfinishedUpload } from '../shared/job.ts';
import { connectionError } from '../shared/pbx/errors.ts';
import type { RecordingSource } from '../shared/pbx/types.ts';
import { checkIsAudio, checkIsComplete, findEvidence, HEAD_BYTES } from './check-recording.ts';
import { toBase64 } from './crc32.ts';
import { fillParts, nextPart, type Part } from './fill-parts.ts';
import { Interruption } from './interruption.ts';
import type { PartBuffers } from './part-buffers.ts';
import type { RecordingStore } from './recording-store.ts';
import { readRiff } from './riff.ts';
import { saveInParts } from './save-in-parts.ts';
import { tooSlow } from './too-slow.ts';
import type { RecordingDescription, Saved } from './write-once.ts';

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
  const witnesses = { totalBytes, riff: readRiff(head) };
  const verifiedBy = findEvidence(witnesses).join(' ') || 'nothing';
  const about = { contentType, metadata: { ...metadata, 'verified-by': verifiedBy } };
  if (first.isLast) {
    const { bytes } = first;
    checkIsComplete(bytes.length, witnesses);
    const checksum = toBase64(crc32(bytes));
    const outcome = await store.put(key, bytes, checksum, about, signal);
    return { outcome, bytes: bytes.length, crc32: checksum };
  }
  if ((await store.find(key, signal)) !== undefined) return { outcome: 'already-there' };
  const uploadId = await store.begin(key, about);
  return saveInParts(incoming, { uploadId, parts: [], bytes: 0, crc32: 0, ...witnesses }, key, deps);
}
