import { describe, expect, test, vi } from 'vitest';
import { createIncoming, toReadable } from '../../../../functions/shared/pbx/incoming.ts';

function start() {
  const source = { resume: vi.fn(), close: vi.fn() };
  return { ...createIncoming(source), source };
}

describe('a target', () => {
  test('is filled from bytes whose memory is used again', async () => {
    const { incoming, feed } = start();
    const target = Buffer.alloc(6);
    const filling = incoming.fill(target);
    const lent = Buffer.alloc(3);
    feed.take(lent.fill('a'));
    feed.take(lent.fill('b'));
    feed.take(lent.fill('c'));
    lent.fill('x');
    expect(await filling).toEqual({ bytes: 6, isEnd: false });
    expect(target.toString()).toBe('aaabbb');

    const next = Buffer.alloc(6);
    const last = incoming.fill(next);
    feed.end();
    expect(await last).toEqual({ bytes: 3, isEnd: true });
    expect(next.toString('latin1')).toBe('ccc\0\0\0');
  });

  test('that is just full is the last one when nothing follows, and only then', async () => {
    for (const follows of [false, true]) {
      const { incoming, feed } = start();
      const filling = incoming.fill(Buffer.alloc(4));
      feed.take(Buffer.from('RIFF'));
      expect(feed.isWanted()).toBe(true);
      if (follows) feed.take(Buffer.from('x'));
      else feed.end();
      expect(await filling).toEqual({ bytes: 4, isEnd: !follows });
    }
  });

  test('gets what came before it was there, in its order, and each piece is told', async () => {
    const { incoming, feed } = start();
    for (const piece of ['ab', 'cd', 'ef']) feed.take(Buffer.from(piece));
    const told: number[] = [];
    const [first, second] = [Buffer.alloc(3), Buffer.alloc(8)];
    expect(await incoming.fill(first, (bytes) => told.push(bytes))).toEqual({ bytes: 3, isEnd: false });
    const filling = incoming.fill(second, (bytes) => told.push(bytes));
    feed.take(Buffer.from('gh'));
    feed.end();
    expect(await filling).toEqual({ bytes: 5, isEnd: true });
    expect(`${first}${second.toString('utf8', 0, 5)}`).toBe('abcdefgh');
    expect(told).toEqual([3, 3, 2]);
    expect(incoming.receivedBytes).toBe(8);
  });
});

describe('the source', () => {
  test('is told to go on only when more is wanted than came', async () => {
    const { incoming, feed, source } = start();
    feed.take(Buffer.from('abcdef'));
    expect(feed.isWanted()).toBe(false);
    await incoming.fill(Buffer.alloc(4));
    expect(source.resume).not.toHaveBeenCalled();
    void incoming.fill(Buffer.alloc(4));
    expect(source.resume).toHaveBeenCalledOnce();
    expect(feed.isWanted()).toBe(true);
  });

  test('that fails is heard of behind what it brought', async () => {
    const { incoming, feed } = start();
    const failure = new Error('reset');
    feed.take(Buffer.from('abcdef'));
    feed.fail(failure);
    expect(await incoming.fill(Buffer.alloc(4))).toEqual({ bytes: 4, isEnd: false });
    await expect(incoming.fill(Buffer.alloc(4))).rejects.toBe(failure);
    await expect(incoming.fill(Buffer.alloc(4))).rejects.toBe(failure);
  });

  test('is closed by whoever wants no more, and what it brings then is nothing', async () => {
    const { incoming, feed, source } = start();
    const reason = new Error('Stopped.');
    const filling = incoming.fill(Buffer.alloc(4));
    incoming.destroy(reason);
    await expect(filling).rejects.toBe(reason);
    feed.take(Buffer.from('abcdef'));
    feed.end();
    expect([source.close.mock.calls.length, incoming.receivedBytes]).toEqual([1, 0]);
    await expect(incoming.fill(Buffer.alloc(4))).rejects.toBe(reason);
  });
});

test('bytes that were there and are thrown away are not the end, though the source has ended', async () => {
  const { incoming, feed } = start();
  const reason = new Error('Stopped.');
  feed.take(Buffer.from('abcdef'));
  feed.end();
  incoming.destroy(reason);
  await expect(incoming.fill(Buffer.alloc(4))).rejects.toBe(reason);
});

test('a second place that is to be filled at the same time is refused', async () => {
  const { incoming, feed } = start();
  const filling = incoming.fill(Buffer.alloc(4));
  expect(() => incoming.fill(Buffer.alloc(4))).toThrow('being filled already');
  feed.end();
  expect(await filling).toEqual({ bytes: 0, isEnd: true });
});

describe('a stream', () => {
  test('has all of it, in pieces with memory of their own', async () => {
    const { incoming, feed } = start();
    const content = Buffer.from(Array.from({ length: 150_000 }, (_, index) => index % 251));
    feed.take(content.subarray(0, 100_000));
    feed.take(content.subarray(100_000));
    feed.end();
    const pieces: Buffer[] = [];
    for await (const piece of toReadable(incoming)) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(pieces.length);
  });

  test('that nobody wants any more closes the source, at once', async () => {
    const { incoming, feed, source } = start();
    feed.take(Buffer.alloc(100_000));
    for await (const _ of toReadable(incoming)) break;
    expect(source.close).toHaveBeenCalledOnce();

    const waiting = start();
    const stream = toReadable(waiting.incoming);
    stream.read();
    expect(waiting.feed.isWanted()).toBe(true);
    stream.destroy();
    expect(waiting.source.close).toHaveBeenCalledOnce();
  });
});
