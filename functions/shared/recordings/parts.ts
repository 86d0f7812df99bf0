export interface Part {
  bytes: Buffer;
  isLast: boolean;
}

/**
 * Gathers `body` into parts as large as the buffers, the last one shorter; an empty body is one empty part. `onBytes`
 * is called with the size of each chunk. If the body errors, rejects with that error after yielding the last full part.
 *
 * Memory is two buffers, filled in turn: asking for the next part means that the part before the current one is done
 * with. So one part can be uploading while the next one fills.
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
    // A part is yielded only when more follows, so that the last one can be known as such.
    while (rest.length > filling.length - filled) {
      rest = rest.subarray(rest.copy(filling, filled));
      // Lambda starts Node with --expose-gc. The chunks are garbage by now, but V8 counts little more than their handles,
      // and would let tens of megabytes pile up.
      globalThis.gc?.({ type: 'minor' });
      yield { bytes: filling, isLast: false };
      // The second buffer is taken only for a recording of more than one part: most are not.
      [filling, other] = [other ?? buffers.take(), filling];
      filled = 0;
    }
    filled += rest.copy(filling, filled);
  }
  yield { bytes: filling.subarray(0, filled), isLast: true };
}

export async function nextPart(parts: AsyncGenerator<Part, void>): Promise<Part> {
  const { value } = await parts.next();
  if (value === undefined) throw new Error('The parts ended without a last one.');
  return value;
}

/**
 * The least that S3 accepts for any part but the last, because two of them are in memory at a time. A call of five
 * minutes fits into one; with the 10,000 parts that S3 accepts, a recording may have 48 GiB.
 */
const PART_BYTES = 5 * 1024 * 1024;

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
