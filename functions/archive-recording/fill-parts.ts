export interface Part {
  bytes: Buffer;
  isLast: boolean;
}

/**
 * Gathers `body` into parts of `partBytes` each, the last one shorter; an empty body is one empty part.
 *
 * Memory is two buffers, filled by turns: when the next part is asked for, the part before the current
 * one must be done with. So one part can be on its way while the next one fills.
 */
export async function* fillParts(body: AsyncIterable<Buffer>, partBytes: number): AsyncGenerator<Part, void> {
  let filling: Buffer = Buffer.allocUnsafeSlow(partBytes);
  let other: Buffer | undefined;
  let filled = 0;
  for await (const chunk of body) {
    let rest = chunk;
    while (rest.length > 0) {
      // A full part is given out only when more follows, so that the last one is known to be the last.
      if (filled === partBytes) {
        yield { bytes: filling, isLast: false };
        // Made only for a recording of more than one part: most are not.
        [filling, other] = [other ?? Buffer.allocUnsafeSlow(partBytes), filling];
        filled = 0;
      }
      const copied = rest.copy(filling, filled);
      filled += copied;
      rest = rest.subarray(copied);
    }
  }
  yield { bytes: filling.subarray(0, filled), isLast: true };
}

export async function nextPart(parts: AsyncGenerator<Part, void>): Promise<Part> {
  const { value } = await parts.next();
  if (value === undefined) throw new Error('The parts ended without a last one.');
  return value;
}
