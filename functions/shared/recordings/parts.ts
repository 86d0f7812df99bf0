export interface Part {
  bytes: Buffer;
  isLast: boolean;
}

/**
 * Collects `body` into parts the size of the buffers. The last part may be shorter; an empty body is one empty part.
 * `onBytes` is called with the size of each chunk. If the body errors, rejects with that error after yielding the last
 * full part.
 *
 * Two buffers are filled in turn. Requesting the next part means that the part before the current one is no longer
 * needed. So one part can be uploading while the next one fills.
 */
export async function* fillParts(
  body: AsyncIterable<Buffer>,
  buffers: Pick<Lease, 'take'>,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Part, void> {
  let filling = buffers.take();
  let other: Buffer | undefined;
  let filled = 0;
  for await (const chunk of body) {
    onBytes?.(chunk.length);
    let rest = chunk;
    // A part is yielded only when more bytes follow, so that the last one can be marked as such.
    while (rest.length > filling.length - filled) {
      rest = rest.subarray(rest.copy(filling, filled));
      // Lambda starts Node with --expose-gc. The chunks are garbage by now, but V8 counts little more than their
      // handles and would let tens of megabytes pile up.
      globalThis.gc?.({ type: 'minor' });
      yield { bytes: filling, isLast: false };
      // The second buffer is taken only for a recording of more than one part. Most have only one.
      [filling, other] = [other ?? buffers.take(), filling];
      filled = 0;
    }
    filled += rest.copy(filling, filled);
  }
  yield { bytes: filling.subarray(0, filled), isLast: true };
}

export async function nextPart(parts: AsyncGenerator<Part, void>): Promise<Part> {
  const { value } = await parts.next();
  if (value === undefined) throw new Error('The parts ended without one that is marked as the last.');
  return value;
}

/**
 * The smallest size that S3 accepts for any part but the last, because two parts are in memory at a time. A call of
 * five minutes fits into one part. With the 10,000 parts that S3 allows, a recording may have 48 GiB.
 */
export const PART_BYTES = 5 * 1024 * 1024;

/** A pool of buffers for the parts of recordings. */
export interface PartBuffers {
  lend(): Lease;
}

/** The buffers of one recording. */
export interface Lease {
  take(): Buffer;
  /** Returns all buffers to the pool. Nothing may use them any more, not even an abandoned upload. */
  release(): void;
}

/**
 * The next recording reuses the buffers. Otherwise those of the last recording would stay in memory until a garbage
 * collection, and raise the function's peak.
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
        release: () => void spare.push(...lent.splice(0)),
      };
    },
  };
}
