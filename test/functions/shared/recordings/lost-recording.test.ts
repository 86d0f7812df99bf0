import { describe, expect, test } from 'vitest';
import { captureLog } from '../../capture-log.ts';
import { startArchiveHarness } from './archive-harness.ts';

const HOUR_MS = 3_600_000;
const CALL = { from: '1001', to: '1003' } as const;

const logLines = captureLog();
const losses = () => logLines.filter(({ event }) => event === 'recording-lost');

describe.each(['20014', '20012'] as const)(
  'a recording that the PBX has deleted and reports with %s',
  (errno) => {
    test('is retried for a day, then marked as lost, counted once and dead-lettered', async () => {
      const harness = await startArchiveHarness();
      const { pbx, clock, bucket, deliver, retryDelays, deadLetters } = harness;
      const call = pbx.makeCall(CALL);
      const job = harness.jobFor(call);
      pbx.deleteRecording(call.recording, errno);
      expect(await deliver(job, 1)).toBe(false);
      clock.now += 24 * HOUR_MS;
      expect(await deliver(job, 30)).toBe(false);
      expect([retryDelays, losses(), await bucket.keys()]).toEqual([[5, 3600], [], []]);

      clock.now += 1;
      expect(await deliver(job, 31)).toBe(true);
      expect(await deliver(job, 1)).toBe(true);
      expect(losses()).toMatchObject([{ pbx: 'test', callId: call.callId, code: `pbx-${errno}` }]);
      expect(await bucket.keys()).toEqual([`reconciliation/lost/test/2024/05/17/${call.recording}`]);
      expect(deadLetters[0]).toMatchObject({ pbx: 'test', attempts: 31, error: { code: `pbx-${errno}` } });
      expect(JSON.parse(deadLetters[0]?.body ?? '')).toEqual(job);
    });

    test('is lost at once when its call was long ago', async () => {
      const { pbx, jobFor, deliver } = await startArchiveHarness();
      const call = pbx.makeCall(CALL);
      pbx.deleteRecording(call.recording, errno);
      expect(await deliver({ ...jobFor(call), endedAt: '2024-05-16T09:29:59.000Z' })).toBe(true);
      expect(losses()).toHaveLength(1);
    });

    test('is not lost when a copy of its job archived it before', async () => {
      const { pbx, jobFor, deliver, deadLetters } = await startArchiveHarness();
      const call = pbx.makeCall(CALL);
      expect(await deliver(jobFor(call))).toBe(true);
      pbx.deleteRecording(call.recording, errno);
      expect(await deliver({ ...jobFor(call), endedAt: '2024-05-16T09:29:59.000Z' })).toBe(true);
      expect([deadLetters, losses()]).toEqual([[], []]);
      expect(logLines.at(-1)).toMatchObject({ event: 'already-archived', recording: call.recording });
    });
  },
);

test('a recording whose random string was refused is not considered lost, however old its call', async () => {
  const { pbx, jobFor, deliver, deadLetters } = await startArchiveHarness();
  const call = pbx.makeCall({ ...CALL, misbehaviour: { kind: 'random-refused', times: 2 } });
  const job = { ...jobFor(call), endedAt: '2024-05-01T00:00:00.000Z' };
  expect(await deliver(job)).toBe(false);
  expect(await deliver(job)).toBe(true);
  expect([deadLetters, losses()]).toEqual([[], []]);
});

test('a recording that is missing is requested once per run', async () => {
  const { pbx, jobFor, deliver } = await startArchiveHarness();
  const call = pbx.makeCall(CALL);
  pbx.deleteRecording(call.recording, '20012');
  await deliver(jobFor(call));
  expect(pbx.stats.requests.filter((request) => request.endsWith('/get_random'))).toHaveLength(1);
});
