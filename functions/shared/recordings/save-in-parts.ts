import { crc32 } from 'node:zlib';
import { ArchiveError, toArchiveError } from '../errors.ts';
import type { UnfinishedUpload } from '../jobs/job.ts';
import { nextPart, type Part } from './parts.ts';
import type { RecordingStore } from './recording-store.ts';
import { discardUpload, type Saved, toBase64 } from './uploads.ts';
import { checkIsComplete } from './verification.ts';

/** What is to come behind the parts that are stored: `first`, then `parts`. */
export interface ComingParts {
  first: Part;
  parts: AsyncGenerator<Part, void>;
}

export interface PartsDeps {
  store: RecordingStore;
  signal: AbortSignal;
  /** Whether a next run can go on where this one stops, as far as is known. */
  isResumable: boolean;
}

/** Failures that leave what is stored as good as it was; those of S3 and of the time come on top. */
const HARMLESS = ['pbx-connection', 'recording-incomplete'];

/**
 * Stores a recording part by part, behind those that `begun` has already; each is on its way while the next one
 * arrives. When that ends early, the parts are kept for a next run: fails with an `Interruption` if it has come
 * further than `begun`. After any other failure nothing is left, but for a `begun` that may still be gone on with.
 */
export async function saveInParts(
  { first, parts }: ComingParts,
  begun: UnfinishedUpload,
  key: string,
  { store, signal, isResumable }: PartsDeps,
): Promise<Saved> {
  const failure = new AbortController();
  const abortSignal = AbortSignal.any([signal, failure.signal]);
  const upload = { key, uploadId: begun.uploadId };
  let stored = begun;
  let uploading = Promise.resolve();

  async function putPart({ bytes }: Part): Promise<UnfinishedUpload> {
    const partNumber = stored.parts.length + 1;
    const [checksum, checksumSoFar] = [toBase64(crc32(bytes)), crc32(bytes, stored.crc32)];
    const part = await store.putPart(upload, { partNumber, bytes, crc32: checksum }, abortSignal);
    return {
      ...stored,
      parts: [...stored.parts, part],
      bytes: stored.bytes + bytes.length,
      crc32: checksumSoFar,
    };
  }

  async function storePart(part: Part): Promise<void> {
    stored = await putPart(part);
  }

  try {
    let part = first;
    while (!part.isLast) {
      await uploading;
      uploading = storePart(part);
      part = await Promise.race([nextPart(parts), failing(uploading)]);
    }
    await uploading;
    checkIsComplete(stored.bytes + part.bytes.length, stored);
    // Not to be kept: in S3 only the last part may be a short one, and a next run's may follow.
    const { parts: all, bytes, crc32: checksum } = await putPart(part);
    const whole = { parts: all, bytes, crc32: toBase64(checksum) };
    const outcome = await store.complete(upload, whole, signal);
    if (outcome === 'already-there') await discardUpload(upload, store);
    return { outcome, bytes, crc32: whole.crc32 };
  } catch (error) {
    const isKept = isResumable && (signal.aborted || isHarmless(error));
    if (!isKept) failure.abort(error);
    // A part that arrived after the abort would stay; so it is waited for.
    await uploading.catch(() => {});
    const cause = signal.aborted ? signal.reason : error;
    if (isKept && stored.bytes > begun.bytes) throw new Interruption(cause, stored);
    if (!isKept || begun.bytes === 0) await discardUpload(upload, store);
    throw error;
  }
}

const isHarmless = (error: unknown) => !(error instanceof ArchiveError) || HARMLESS.includes(error.code);

/** Fails as `work` fails; otherwise never settles. */
function failing(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    work.catch(reject);
  });
}

/**
 * A transfer that ended early, but has stored parts that a next run can go on from. Its upload stays open: who
 * does not go on has to discard it.
 */
export class Interruption extends ArchiveError {
  readonly stored: UnfinishedUpload;

  constructor(cause: unknown, stored: UnfinishedUpload) {
    const { code, message, kind } = toArchiveError(cause);
    super(code, message, { kind, cause });
    this.stored = stored;
  }
}
