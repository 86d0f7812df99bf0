/**
 * Two of them are in memory at a time, a call of five minutes fits into one, and S3 takes at most 10,000, so recordings
 * may have 58 GiB.
 */
const PART_BYTES = 6 * 1024 * 1024;

/** Memory for parts of recordings. */
export interface PartBuffers {
  lend(): Lease;
}

/** The buffers of one recording. */
export interface Lease {
  take(): Buffer;
  /** All that were taken: nothing may use them any more, an upload that has been given up included. */
  giveBack(): void;
}

/**
 * Buffers that the next recording uses again. Those of the last one would lie there until the garbage collector comes:
 * a function's peak was 122 MB after three recordings, not 97.
 */
export function createPartBuffers(partBytes = PART_BYTES): PartBuffers {
  const spare: Buffer[] = [];
  return {
    lend() {
      const lent: Buffer[] = [];
      return {
        take() {
          const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(partBytes);
          lent.push(buffer);
          return buffer;
        },
        giveBack: () => void spare.push(...lent.splice(0)),
      };
    },
  };
}
