import { ArchiveError, type FailureKind } from '../shared/errors.ts';

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
