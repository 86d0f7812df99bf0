import { crc32 } from 'node:zlib';
import { ArchiveError, toArchiveError } from '../errors.ts';
import type { UnfinishedUpload } from '../jobs/job.ts';
import {
  type EarlierDownload,
  type Expectation,
  firstIdenticalDownload,
  Unverified,
  verify,
} from './completeness.ts';
import { combineCrc32, toBase64 } from './crc32.ts';
import { createObject, type NewObject, type SaveResult } from './create-object.ts';
import { nextPart, type Part } from './parts.ts';
import type { RecordingStore } from './recording-store.ts';
import { discardUpload } from './uploads.ts';
import { isDescribedBy } from './verified-by.ts';

/** The parts after those already stored: `first`, then `parts`. */
export interface RemainingParts {
  first: Part;
  parts: AsyncGenerator<Part, void>;
}

export interface PartsDeps {
  store: RecordingStore;
  signal: AbortSignal;
  now: () => number;
  expectation: Expectation;
  /** Whether the next run can resume where this one stops, as far as known. */
  isResumable: boolean;
}

/** Codes of failures after which the stored parts are still valid, as they are after errors of S3 and the deadline. */
const HARMLESS = ['pbx-connection', 'recording-incomplete'];

/**
 * Stores a recording part by part, after the parts that `initial` already has. Each part is uploaded while the next one
 * arrives. If this ends early, the parts are kept for the next run: rejects with an `Interruption` if any were added to
 * `initial`. After any other failure the upload is discarded, unless `initial` can still be resumed.
 */
export async function saveInParts(
  { first, parts }: RemainingParts,
  initial: UnfinishedUpload,
  target: Pick<NewObject, 'key' | 'callId' | 'namedCrc32'>,
  deps: PartsDeps,
): Promise<SaveResult> {
  const { store, signal, now, expectation, isResumable } = deps;
  const failure = new AbortController();
  const abortSignal = AbortSignal.any([signal, failure.signal]);
  const upload = { key: target.key, uploadId: initial.uploadId };
  let stored = initial;
  let uploading = Promise.resolve();

  async function putPart({ bytes }: Part): Promise<UnfinishedUpload> {
    const partNumber = stored.parts.length + 1;
    const checksum = crc32(bytes);
    const part = await store.putPart(upload, { partNumber, bytes, crc32: toBase64(checksum) }, abortSignal);
    return {
      ...stored,
      parts: [...stored.parts, part],
      bytes: stored.bytes + bytes.length,
      crc32: combineCrc32(stored.crc32, checksum, bytes.length),
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
    const bytes = stored.bytes + part.bytes.length;
    const crc32OfAll = combineCrc32(stored.crc32, crc32(part.bytes), part.bytes.length);
    const verifiedBy = verify({ bytes, crc32: crc32OfAll }, expectation, now());
    // The upload's metadata cannot be changed, so a surprise at the end has to be known at the next beginning.
    if (initial.verifiedBy !== undefined && !isDescribedBy(initial.verifiedBy, verifiedBy))
      throw unexpected(firstIdenticalDownload({ bytes, crc32: crc32OfAll }, expectation.earlier, now()));
    // Not added to `stored`: S3 allows only the last part to be short, and the next run may add more.
    const { parts: all } = await putPart(part);
    const result = { bytes, crc32: toBase64(crc32OfAll), verifiedBy: initial.verifiedBy ?? '' };
    const saved = await createObject({ ...target, ...result }, store, signal, (replaces) =>
      store.complete(upload, { parts: all, bytes, crc32: result.crc32, replaces }, signal),
    );
    if (saved.outcome === 'same' || saved.outcome === 'differs') await discardUpload(upload, store);
    return saved;
  } catch (error) {
    const isKept = isResumable && (signal.aborted || isHarmless(error));
    if (!isKept) failure.abort(error);
    // A part that S3 receives after the abort of the upload would remain, so wait for it.
    await uploading.catch(() => {});
    const cause = signal.aborted ? signal.reason : error;
    if (isKept && stored.bytes > initial.bytes) throw new Interruption(cause, stored);
    if (!isKept || initial.bytes === 0) await discardUpload(upload, store);
    throw error;
  }
}

const isHarmless = (error: unknown) => !(error instanceof ArchiveError) || HARMLESS.includes(error.code);

const unexpected = (download: EarlierDownload) =>
  new Unverified(
    'recording-unverified',
    'The recording turned out different from its beginning. It is downloaded once more.',
    undefined,
    download,
  );

/** Rejects when `work` rejects; otherwise never settles. */
function failing(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    work.catch(reject);
  });
}

/**
 * A transfer that ended early after it stored parts that the next run can resume from. Its upload stays open:
 * the caller must resume or discard it.
 */
export class Interruption extends ArchiveError {
  readonly stored: UnfinishedUpload;

  constructor(cause: unknown, stored: UnfinishedUpload) {
    const { code, message, kind } = toArchiveError(cause);
    super(code, message, { kind, cause });
    this.stored = stored;
  }
}
