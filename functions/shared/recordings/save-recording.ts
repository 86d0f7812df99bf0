import { crc32 } from 'node:zlib';
import { ArchiveError, type FailureKind, toArchiveError } from '../errors.ts';
import type { UnfinishedUpload } from '../jobs/job.ts';
import { connectionError, recordingTooLarge } from '../pbx/errors.ts';
import type { RecordingSource } from '../pbx/recording-source.ts';
import type { StoredRecording } from './compare-with-stored.ts';
import { checkIsFinished, type Expectation, verificationFor, verify } from './completeness.ts';
import { type Container, contentTypeOf, readContainer } from './container.ts';
import { toBase64 } from './crc32.ts';
import { createObject, type SaveResult } from './create-object.ts';
import { fillParts, nextPart, type Part, type PartBuffers } from './parts.ts';
import type { RecordingStore } from './recording-store.ts';
import { Interruption, saveInParts } from './save-in-parts.ts';
import type { RecordingDescription } from './uploads.ts';
import { checkIsNoText, HEAD_BYTES } from './verification.ts';

export interface Download {
  source: RecordingSource;
  /** What earlier runs stored, if the source starts right after it. */
  stored?: UnfinishedUpload;
  /** Whether the next run can resume where this one stops, as far as known. */
  isResumable: boolean;
}

export interface Target extends RecordingDescription {
  key: string;
  callId: string | undefined;
  /** The CRC-32 that the key names, if it names one, in base64. */
  namedCrc32?: string | undefined;
  /** What is known of the recording before its download. */
  call: Omit<Expectation, 'container' | 'totalBytes'>;
  /** Whether an object under the key makes a recording of this size superfluous. */
  isStored: (stored: StoredRecording, totalBytes: number | undefined) => boolean;
  /** Called with the number of bytes received so far, including those of earlier runs. */
  onProgress?: (bytes: number) => void;
}

export interface SaveDeps {
  store: RecordingStore;
  /** Aborts with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  now: () => number;
  buffers: PartBuffers;
}

/**
 * Streams a recording into the store. The object is created only after everything has been received and checked. After
 * a failure everything new has been removed, unless the failure is an `Interruption`.
 */
export async function saveRecording(download: Download, target: Target, deps: SaveDeps): Promise<SaveResult> {
  const { source, stored } = download;
  const isResumable = download.isResumable && source.isDecoded !== true;
  const { signal, now } = deps;
  const buffers = deps.buffers.lend();
  const { body, maxBytes = Number.POSITIVE_INFINITY } = source;
  const startedAt = now();
  let receivedBytes = 0;
  const stop = () => body.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  // Without a listener, a body that fails before it is read would crash the process.
  body.on('error', () => {});

  async function* received() {
    try {
      yield* fillParts(body, buffers, (bytes) => {
        receivedBytes += bytes;
        target.onProgress?.(source.start + receivedBytes);
        if (source.start + receivedBytes > maxBytes) {
          throw recordingTooLarge(source.start + receivedBytes, maxBytes);
        }
      });
    } catch (error) {
      throw connectionError(error);
    }
  }

  try {
    signal.throwIfAborted();
    return await saveParts(received(), { ...download, isResumable }, target, deps);
  } catch (error) {
    if (!signal.aborted || error instanceof Interruption) throw error;
    // An aborted S3 request rejects with the SDK's own error, not with the signal's reason.
    if (toArchiveError(signal.reason).code !== 'deadline') throw signal.reason;
    const totalBytes = stored?.totalBytes ?? source.totalBytes;
    throw tooSlow({ totalBytes, receivedBytes, elapsedMs: now() - startedAt, isResumable });
  } finally {
    signal.removeEventListener('abort', stop);
    // End a download that failed on our side. On a slow line it could go on for minutes.
    body.destroy();
    buffers.release();
  }
}

async function saveParts(
  parts: AsyncGenerator<Part, void>,
  { source: { totalBytes, readFailure }, stored, isResumable }: Download,
  { key, callId, namedCrc32, contentType, metadata, call, isStored }: Target,
  { store, signal, now }: SaveDeps,
): Promise<SaveResult> {
  /** The PBX's list says the size of the listed format, which may be another one than it delivers. */
  const listedAs = (container: Container | undefined) =>
    contentTypeOf(container) === contentType ? call.listedBytes : undefined;
  const first = await nextPart(parts);
  const remaining = { first, parts };
  const named = { key, callId, namedCrc32 };
  if (stored !== undefined) {
    const { container } = stored;
    const sizes = {
      totalBytes: stored.totalBytes,
      rangeTotalBytes: totalBytes,
      listedBytes: listedAs(container),
    };
    const expectation = { ...call, container, ...sizes };
    return saveInParts(remaining, stored, named, { store, signal, now, expectation, isResumable });
  }

  const head = first.bytes.subarray(0, HEAD_BYTES);
  const container = readContainer(head, key);
  if (container === undefined && head.length > 0) checkIsNoText(head, readFailure);
  const expectation = { ...call, container, totalBytes, listedBytes: listedAs(container) };
  const { bytes } = first;
  // Until all bytes are there, their number is known from elsewhere, if at all.
  const expectedBytes = first.isLast
    ? bytes.length
    : (totalBytes ?? call.earlier?.bytes ?? listedAs(container) ?? container?.totalBytes);
  const verifiedBy = verificationFor(expectedBytes ?? 0, expectation).join(' ');
  const description = {
    contentType: contentTypeOf(container) ?? contentType,
    metadata: { ...metadata, 'verified-by': verifiedBy },
  };
  if (first.isLast) {
    const checksum = crc32(bytes);
    verify({ bytes: bytes.length, crc32: checksum }, expectation, now());
    const object = { ...named, crc32: toBase64(checksum), verifiedBy };
    return createObject({ ...object, bytes: bytes.length }, store, signal, (replaces) =>
      store.put({ key, bytes, crc32: object.crc32, replaces }, description, signal),
    );
  }
  if (totalBytes !== undefined) checkIsFinished(totalBytes, expectation, now());
  const found = await store.find(key, signal);
  if (found !== undefined && isStored(found, totalBytes)) {
    return { outcome: 'same', bytes: found.bytes, crc32: found.crc32 ?? '', verifiedBy: found.verifiedBy };
  }
  const uploadId = await store.begin(key, description);
  const upload = { uploadId, key, parts: [], bytes: 0, crc32: 0, totalBytes, container, verifiedBy };
  return saveInParts(remaining, upload, named, { store, signal, now, expectation, isResumable });
}

/** A download that did not finish in time. */
export interface SlowDownload {
  /** Size of the complete file, if known. */
  totalBytes: number | undefined;
  receivedBytes: number;
  elapsedMs: number;
  /** Whether the PBX would let the next run resume the download, as far as known. */
  isResumable: boolean;
}

/** The message is for a person who reads the dead letter: the size, the rate and what to do. */
export function tooSlow({ totalBytes, receivedBytes, elapsedMs, isResumable }: SlowDownload): ArchiveError {
  const size = totalBytes === undefined ? 'of unknown size' : `of ${totalBytes} bytes`;
  // Bits per millisecond are kilobits per second.
  const rate = Math.round((8 * receivedBytes) / Math.max(elapsedMs, 1));
  const [kind, reason]: [FailureKind, string] = isResumable
    ? ['too-slow', 'too slow to store even one part of it in a run']
    : ['permanent', 'too slow to store all of it in one run, and the PBX cannot resume a download'];
  return new ArchiveError(
    'too-slow',
    `The recording, ${size}, was downloaded at ${rate} kbit/s: ${reason}. Give the PBX a faster uplink, or fetch ` +
      'the recording with "npm run backfill" on a machine in the PBX\'s network.',
    { kind },
  );
}
