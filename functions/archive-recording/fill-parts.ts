import type { Incoming } from '../shared/pbx/types.ts';
import type { Lease } from './part-buffers.ts';

export interface Part {
  bytes: Buffer;
  isLast: boolean;
}

/**
 * Gathers `body` into parts as large as the buffers, the last one shorter; an empty body is one empty part. `onBytes`
 * is told how many bytes came. Destroys the body at the end. Fails as the body fails, behind the last full part.
 *
 * Memory is two buffers, filled by turns: when the next part is asked for, the part before the current
 * one must be done with. So one part can be on its way while the next one fills.
 */
export async function* fillParts(
  body: Incoming,
  buffers: Pick<Lease, 'take'>,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Part, void> {
  let filling = buffers.take();
  let other: Buffer | undefined;
  try {
    for (;;) {
      const { bytes, isEnd } = await body.fill(filling, onBytes);
      if (isEnd) return yield { bytes: filling.subarray(0, bytes), isLast: true };
      yield { bytes: filling, isLast: false };
      // Taken only for a recording of more than one part: most are not.
      [filling, other] = [other ?? buffers.take(), filling];
    }
  } finally {
    body.destroy();
  }
}

export async function nextPart(parts: AsyncGenerator<Part, void>): Promise<Part> {
  const { value } = await parts.next();
  if (value === undefined) throw new Error('The parts ended without a last one.');
  return value;
}
