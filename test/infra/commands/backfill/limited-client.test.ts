import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PbxClient } from '../../../../functions/shared/pbx/pbx-client.ts';
import { limitClient } from '../../../../infra/commands/backfill/limited-client.ts';

const KIB = 1024;
const RATE = 100 * KIB;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance', 'hrtime'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The client of a PBX whose recordings are `bytes` long and arrive at once. */
function clientOf(bytes: number) {
  const bodies: Readable[] = [];
  const client = {
    async openRecording() {
      const body = Readable.from([Buffer.alloc(bytes, 'speech')], { objectMode: false });
      bodies.push(body);
      return { body, start: 0, totalBytes: bytes };
    },
  } as Partial<PbxClient> as PbxClient;
  return { client, bodies };
}

test('limits the bytes per second of all downloads together', async () => {
  const { client } = clientOf(1000 * KIB);
  const limited = limitClient(client, RATE);
  let received = 0;
  for (let download = 0; download < 2; download++) {
    const { body } = await limited.openRecording('token', 'name');
    body.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
  }
  await vi.advanceTimersByTimeAsync(1_000);
  const first = received;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(first).toBeLessThanOrEqual(2 * RATE);
  expect(received - first).toBeGreaterThan(9 * RATE);
  expect(received - first).toBeLessThan(11 * RATE);
});

test('passes on every byte', async () => {
  const { client } = clientOf(300 * KIB + 1);
  const { body } = await limitClient(client, RATE).openRecording('token', 'name');
  const whole = body.toArray();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(Buffer.concat(await whole).equals(Buffer.alloc(300 * KIB + 1, 'speech'))).toBe(true);
});

test('closes a download when its reader stops', async () => {
  const { client, bodies } = clientOf(1000 * KIB);
  const { body } = await limitClient(client, RATE).openRecording('token', 'name');
  body.read();
  body.destroy();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(bodies[0]?.destroyed).toBe(true);
});
