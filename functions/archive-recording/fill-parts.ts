import { finished, type Readable } from 'node:stream';

export interface Part {
  bytes: Buffer;
  isLast: boolean;
}

/**
 * Gathers `body` into parts of `partBytes` each, the last one shorter; an empty body is one empty part. `onChunk` is
 * told how many bytes came. Destroys the body at the end, and its chunks when they are copied. Fails as the body
 * fails, behind the last full part.
 *
 * Memory is two buffers, filled by turns: when the next part is asked for, the part before the current
 * one must be done with. So one part can be on its way while the next one fills.
 */
export async function* fillParts(
  body: Readable,
  partBytes: number,
  onChunk?: (bytes: number) => void,
): AsyncGenerator<Part, void> {
  let filling: Buffer = Buffer.allocUnsafeSlow(partBytes);
  let other: Buffer | undefined;
  let filled = 0;
  /** Of a chunk, what has no room in this part: a part is given out only when more follows. */
  let rest = filling.subarray(0, 0);
  let isEnded = false;
  let failure: unknown;
  let wake = () => {};

  let previous: Buffer | undefined;

  function take(chunk: Buffer): void {
    const copied = chunk.copy(filling, filled);
    filled += copied;
    rest = chunk.subarray(copied);
  }
  // Not by iterating: promises for each of the chunks, of 16 KB, were a quarter of a download's CPU.
  body.on('data', (chunk: Buffer) => {
    onChunk?.(chunk.length);
    // Not at once: undici may not be done with it yet.
    if (previous !== undefined && previous.buffer !== chunk.buffer) freeMemory(previous);
    previous = chunk;
    take(chunk);
    if (rest.length === 0) return;
    body.pause();
    wake();
  });
  finished(body, { writable: false }, (error) => {
    isEnded = true;
    failure = error;
    wake();
  });

  try {
    for (;;) {
      if (rest.length === 0 && !isEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (rest.length === 0) {
        if (failure) throw failure;
        return yield { bytes: filling.subarray(0, filled), isLast: true };
      }
      yield { bytes: filling, isLast: false };
      // Made only for a recording of more than one part: most are not.
      [filling, other] = [other ?? Buffer.allocUnsafeSlow(partBytes), filling];
      filled = 0;
      take(rest);
      if (rest.length === 0) body.resume();
    }
  } finally {
    body.destroy();
  }
}

/**
 * Of a chunk that is done with, and has its memory to itself. Until the garbage collector finds them, 35 MB of such
 * chunks pile up.
 */
function freeMemory({ byteLength, buffer }: Buffer): void {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

export async function nextPart(parts: AsyncGenerator<Part, void>): Promise<Part> {
  const { value } = await parts.next();
  if (value === undefined) throw new Error('The parts ended without a last one.');
  return value;
}
