import { basename } from 'node:path/posix';
import { crc32 } from 'node:zlib';
import { log } from '../shared/log.ts';
import { connectionError } from '../shared/pbx/connection-error.ts';
import type { RecordingSource } from '../shared/pbx/types.ts';
import {
  checkIsAudio,
  checkIsComplete,
  findEvidence,
  HEAD_BYTES,
  type Witnesses,
} from './check-recording.ts';
import { fillParts, type Part } from './fill-parts.ts';
import type { PartUpload, RecordingDescription, RecordingStore, WriteOutcome } from './recording-store.ts';

/** S3 takes at most 10,000 parts, so recordings may have 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;

export interface Saved {
  outcome: WriteOutcome;
  bytes: number;
  /** As S3 writes it: base64 of the big-endian CRC-32. */
  crc32: string;
}

export interface Target extends RecordingDescription {
  key: string;
  partBytes?: number;
  /** Told the bytes received so far. */
  onProgress?: (bytes: number) => void;
}

/**
 * Streams a recording into the store. The object comes into being only after all of it has been received
 * and checked; on any failure nothing of it is left, and that has been awaited.
 */
export async function saveRecording(
  { body, contentLength }: RecordingSource,
  target: Target,
  store: RecordingStore,
  signal: AbortSignal,
): Promise<Saved> {
  const stop = () => body.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });

  async function* received() {
    let bytes = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        target.onProgress?.(bytes);
        yield chunk;
      }
    } catch (error) {
      throw connectionError(error);
    }
  }

  try {
    signal.throwIfAborted();
    const parts = fillParts(received(), target.partBytes ?? PART_BYTES);
    const first = await next(parts);
    const head = Buffer.from(first.bytes.subarray(0, HEAD_BYTES));
    checkIsAudio(head);
    const witnesses = { head, contentLength };
    const described = {
      ...target,
      metadata: { ...target.metadata, 'verified-by': findEvidence(witnesses).join(' ') || 'nothing' },
    };
    const save = first.isLast ? saveWhole : saveInParts;
    return await save({ parts, first, witnesses }, described, store, signal);
  } catch (error) {
    // The SDK and the stream tell of an abort in their own words.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    // Ends a download that failed on our side; on a slow line it could go on for minutes.
    body.destroy();
  }
}

interface Incoming {
  parts: AsyncGenerator<Part, void>;
  first: Part;
  witnesses: Witnesses;
}

async function saveWhole(
  { first, witnesses }: Incoming,
  { key, ...about }: Target,
  store: RecordingStore,
  signal: AbortSignal,
): Promise<Saved> {
  const bytes = first.bytes.length;
  checkIsComplete(bytes, witnesses);
  const checksum = toBase64(crc32(first.bytes));
  return { outcome: await store.put(key, first.bytes, checksum, about, signal), bytes, crc32: checksum };
}

/** Each part is on its way to the store while the next one arrives. */
async function saveInParts(
  { parts, first, witnesses }: Incoming,
  { key, ...about }: Target,
  store: RecordingStore,
  signal: AbortSignal,
): Promise<Saved> {
  const failure = new AbortController();
  const abortSignal = AbortSignal.any([signal, failure.signal]);
  const upload = { key, uploadId: await store.begin(key, about) };
  const stored: PartUpload[] = [];
  let uploading = Promise.resolve();
  let bytes = 0;
  let checksum = 0;

  async function putPart(part: Part): Promise<void> {
    const described = {
      partNumber: stored.length + 1,
      bytes: part.bytes,
      crc32: toBase64(crc32(part.bytes)),
    };
    stored.push(await store.putPart(upload, described, abortSignal));
  }

  try {
    for (let part = first; ; part = await Promise.race([next(parts), failing(uploading)])) {
      await uploading;
      bytes += part.bytes.length;
      checksum = crc32(part.bytes, checksum);
      uploading = putPart(part);
      if (part.isLast) break;
    }
    checkIsComplete(bytes, witnesses);
    await uploading;
    const whole = { parts: stored, bytes, crc32: toBase64(checksum) };
    const outcome = await store.complete(upload, whole, signal);
    if (outcome === 'already-there') await store.abort(upload);
    return { outcome, bytes, crc32: whole.crc32 };
  } catch (error) {
    failure.abort(error);
    // A part that arrived after the abort would stay; so it is waited for.
    await uploading.catch(() => {});
    await store.abort(upload).catch((abortError: unknown) => {
      // The bucket's lifecycle rule clears it a day later.
      log('warn', 'upload-not-aborted', {
        recording: basename(key),
        code: abortError instanceof Error ? abortError.name : 'unknown',
      });
    });
    throw error;
  }
}

async function next(parts: AsyncGenerator<Part, void>): Promise<Part> {
  const { value } = await parts.next();
  if (value === undefined) throw new Error('The parts ended without a last one.');
  return value;
}

/** Fails as `work` fails; otherwise never settles. */
function failing(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    work.catch(reject);
  });
}

function toBase64(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}
