import { expect, test } from 'vitest';
import { captureEvents, HOUR_MS, MINUTE_MS, SECOND_MS, startPbx } from './queue-harness.ts';
import { wav } from './wav.ts';

const eventsOf = captureEvents();

test('of two jobs for a recording that cannot be archived, one becomes a dead letter', async () => {
  const { pbx, clock, report, pass, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(0) });
  report(call);
  clock.now += HOUR_MS;
  report(call);
  await pass();
  expect(deadLetters).toHaveLength(1);
  expect(eventsOf('duplicate-dropped')).toHaveLength(1);
});

test('100 recordings with two jobs each are downloaded 100 times after the PBX was away', async () => {
  const { pbx, clock, queue, report, pass, downloads } = await startPbx();
  const calls = Array.from({ length: 100 }, () =>
    pbx.makeCall({ from: '1001', to: '1003', recording: wav() }),
  );
  for (const call of calls) {
    pbx.misbehave(call.recording, { kind: 'http-500', at: 'get_random' });
    report(call);
  }
  await pass(SECOND_MS);
  clock.now += 15 * MINUTE_MS;
  for (const call of calls) {
    const job = { ...report(call), foundBy: 'reconciliation' as const };
    const last = queue.at(-1);
    if (last !== undefined) last.job = job;
  }
  await pass();
  expect(downloads()).toBe(100);
  expect(eventsOf('archived')).toHaveLength(100);
});
