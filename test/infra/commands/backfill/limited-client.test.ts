import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PbxClient } from '../../../../functions/shared/pbx/types.ts';
import { limitClient } from '../../../../infra/commands/backfill/limited-client.ts';
import { incomingOf } from '../../../functions/shared/pbx/incoming-of.ts';

const KIB = 1024;
const RATE = 100 * KIB;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance', 'hrtime'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A PBX whose recordings are `bytes` long and there at once. */
function clientOf(bytes: number) {
  const onClose = vi.fn();
  const client = {
    async openRecording() {
      const body = incomingOf([Buffer.alloc(bytes, 'speech')], onClose);
      return { body, start: 0, totalBytes: bytes };
    },
  } as Partial<PbxClient> as PbxClient;
  return { client, onClose };
}

test('takes so many bytes a second of all downloads together', async () => {
  const { client } = clientOf(1000 * KIB);
  const limited = limitClient(client, RATE);
  let received = 0;
  for (let download = 0; download < 2; download++) {
    const { body } = await limited.openRecording('token', 'name');
    void body.fill(Buffer.alloc(1000 * KIB), (bytes) => {
      received += bytes;
    });
  }
  await vi.advanceTimersByTimeAsync(1_000);
  const first = received;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(first).toBeLessThanOrEqual(2 * RATE);
  expect(received - first).toBeGreaterThan(9 * RATE);
  expect(received - first).toBeLessThan(11 * RATE);
});

test('hands on every byte', async () => {
  const { client } = clientOf(300 * KIB + 1);
  const { body } = await limitClient(client, RATE).openRecording('token', 'name');
  const parts = [Buffer.alloc(200 * KIB), Buffer.alloc(200 * KIB)] as const;
  const filling = (async () => [await body.fill(parts[0]), await body.fill(parts[1])])();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await filling).toEqual([
    { bytes: 200 * KIB, isEnd: false },
    { bytes: 100 * KIB + 1, isEnd: true },
  ]);
  expect(Buffer.concat(parts, 300 * KIB + 1).equals(Buffer.alloc(300 * KIB + 1, 'speech'))).toBe(true);
  expect(body.receivedBytes).toBe(300 * KIB + 1);
});

test('ends the download that its reader ends', async () => {
  const { client, onClose } = clientOf(1000 * KIB);
  const { body } = await limitClient(client, RATE).openRecording('token', 'name');
  const filling = expect(body.fill(Buffer.alloc(1000 * KIB))).rejects.toThrow('Stopped.');
  body.destroy(new Error('Stopped.'));
  expect(onClose).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(1_000);
  await filling;
});
