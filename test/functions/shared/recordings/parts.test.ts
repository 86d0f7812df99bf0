import { describe, expect, test, vi } from 'vitest';
import { createPartBuffers, fillParts } from '../../../../functions/shared/recordings/parts.ts';

const PART_BYTES = 8;

/** Bytes that depend on their position. */
const bodyOf = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index % 251));

async function* inChunks(body: Buffer, chunkBytes: number) {
  for (let start = 0; start < body.length; start += chunkBytes)
    yield body.subarray(start, start + chunkBytes);
}

/** Copies of the parts, and their `isLast`. */
async function gather(body: AsyncIterable<Buffer>) {
  const parts: Buffer[] = [];
  const lasts: boolean[] = [];
  for await (const { bytes, isLast } of fillParts(body, createPartBuffers(PART_BYTES).lend())) {
    parts.push(Buffer.from(bytes));
    lasts.push(isLast);
  }
  return { parts, lasts };
}

describe('the parts', () => {
  test.each([
    [0, [0]],
    [1, [1]],
    [7, [7]],
    [8, [8]],
    [9, [8, 1]],
    [16, [8, 8]],
    [17, [8, 8, 1]],
    [40, [8, 8, 8, 8, 8]],
  ])('of %i bytes are full except the last one, and only that is marked as last', async (length, sizes) => {
    const body = bodyOf(length);
    for (const chunkBytes of [1, 3, 8, 100]) {
      const { parts, lasts } = await gather(inChunks(body, chunkBytes));
      expect(parts.map((part) => part.length)).toEqual(sizes);
      expect(Buffer.concat(parts)).toEqual(body);
      expect(lasts).toEqual(sizes.map((_, index) => index === sizes.length - 1));
    }
  });

  test('are not affected by empty chunks', async () => {
    const body = bodyOf(16);
    const chunks = [Buffer.alloc(0), body.subarray(0, 8), Buffer.alloc(0), body.subarray(8), Buffer.alloc(0)];
    const { parts } = await gather(
      (async function* () {
        yield* chunks;
      })(),
    );
    expect(parts).toEqual([body.subarray(0, 8), body.subarray(8)]);
  });
});

describe('the memory', () => {
  test('of one recording is reused for the next, never for two at the same time', async () => {
    const buffers = createPartBuffers(PART_BYTES);
    const memoryOf = async (length: number, lease = buffers.lend()) => {
      const used = new Set<ArrayBufferLike>();
      for await (const { bytes } of fillParts(inChunks(bodyOf(length), length), lease))
        used.add(bytes.buffer);
      return { used, lease };
    };
    const first = await memoryOf(40);
    const meanwhile = await memoryOf(40);
    expect([...first.used].filter((memory) => meanwhile.used.has(memory))).toEqual([]);
    first.lease.release();
    // A second call has no effect.
    first.lease.release();
    const next = await memoryOf(40);
    expect(next.used).toEqual(first.used);
    const last = await memoryOf(5);
    expect([...last.used].filter((memory) => next.used.has(memory) || meanwhile.used.has(memory))).toEqual(
      [],
    );
  });

  test('is two buffers, however long the body', async () => {
    const seen = new Set<ArrayBufferLike>();
    for await (const { bytes } of fillParts(inChunks(bodyOf(1000), 3), createPartBuffers(PART_BYTES).lend()))
      seen.add(bytes.buffer);
    expect(seen.size).toBe(2);
  });

  test('of a part stays unchanged while the next part fills', async () => {
    const body = bodyOf(60);
    let previous: Buffer | undefined;
    let start = 0;
    for await (const { bytes } of fillParts(inChunks(body, 3), createPartBuffers(PART_BYTES).lend())) {
      // This part is full now; the one before may still be uploading.
      expect(bytes).toEqual(body.subarray(start, start + PART_BYTES));
      if (previous !== undefined) expect(previous).toEqual(body.subarray(start - PART_BYTES, start));
      previous = bytes;
      start += bytes.length;
    }
    expect(start).toBe(60);
  });

  test('holds copies, so that the source may reuse its chunks', async () => {
    const chunk = Buffer.alloc(3);
    async function* reused() {
      for (const value of [1, 2, 3]) yield chunk.fill(value);
    }
    expect((await gather(reused())).parts).toEqual([Buffer.from([1, 1, 1, 2, 2, 2, 3, 3]), Buffer.from([3])]);
  });
});

test('a body that fails yields no last part', async () => {
  const reset = new Error('reset');
  async function* broken() {
    yield bodyOf(10);
    throw reset;
  }
  const seen: boolean[] = [];
  const reading = (async () => {
    for await (const { isLast } of fillParts(broken(), createPartBuffers(PART_BYTES).lend()))
      seen.push(isLast);
  })();
  await expect(reading).rejects.toBe(reset);
  expect(seen).toEqual([false]);
});

test('a reader that stops early closes the body', async () => {
  const onClose = vi.fn();
  async function* body() {
    try {
      yield* inChunks(bodyOf(100), 5);
    } finally {
      onClose();
    }
  }
  for await (const part of fillParts(body(), createPartBuffers(PART_BYTES).lend())) {
    if (!part.isLast) break;
  }
  expect(onClose).toHaveBeenCalledOnce();
});
