import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { tooSlow } from '../../../../functions/shared/recordings/save-recording.ts';
import { captureLog } from '../../capture-log.ts';
import { longWav, MiB, RUN_MS, startLongCall } from './long-call-harness.ts';

const HOUR_MS = 3_600_000;

const logLines = captureLog();

describe('a download that is too slow', () => {
  const slow = { totalBytes: 115_200_044, receivedBytes: 6_675_000, elapsedMs: RUN_MS };

  test('is reported with its size, its rate and what to do', () => {
    const { message } = tooSlow({ ...slow, isResumable: false });
    expect(message).toBe(
      'The recording, of 115200044 bytes, was downloaded at 60 kbit/s: too slow to store all of it in one run, and ' +
        'the PBX cannot resume a download. Give the PBX a faster uplink, or fetch the recording with ' +
        '"npm run backfill" on a machine in the PBX\'s network.',
    );
  });

  test('is reported with an unknown size, and with rate 0 when no time has passed', () => {
    const { message } = tooSlow({ totalBytes: undefined, receivedBytes: 0, elapsedMs: 0, isResumable: true });
    expect(message).toMatch(
      /^The recording, of unknown size, was downloaded at 0 kbit\/s: too slow to store even one part/,
    );
  });

  test('is a permanent failure when the PBX cannot resume downloads', () => {
    expect(tooSlow({ ...slow, isResumable: false })).toMatchObject({ code: 'too-slow', kind: 'permanent' });
    expect(tooSlow({ ...slow, isResumable: true })).toMatchObject({ code: 'too-slow', kind: 'too-slow' });
  });
});

describe('a connection too slow for one part in a run', () => {
  test.each([
    ['short', longWav(2 * MiB)],
    ['long', longWav(12 * MiB)],
  ])(
    'that recovers within an hour is no problem: a %s recording is retried and archived',
    async (_, recording) => {
      const harness = await startLongCall(recording);
      const { job, bucket, deliver, deliverForBytes, requeuedJob, sent, retryDelays } = harness;
      expect(await deliverForBytes(MiB, job)).toBe(true);
      expect([sent.map(({ delaySeconds }) => delaySeconds), retryDelays]).toEqual([[5], []]);
      expect(await bucket.openUploads()).toBe(0);
      expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'too-slow', ageMs: RUN_MS });
      expect(await deliver(requeuedJob())).toBe(true);
      await harness.expectArchived(recording);
    },
  );

  test('keeps the parts that are already stored', async () => {
    const harness = await startLongCall();
    const { job, bucket, deliver, deliverForParts, deliverForBytes, requeuedJob, sent } = harness;
    await deliverForParts(1, job);
    // One byte after the first part.
    expect(await deliverForBytes(5 * MiB + 1, requeuedJob())).toBe(true);
    expect([sent.length, await bucket.openUploads()]).toEqual([2, 1]);
    expect(await deliver(requeuedJob())).toBe(true);
    await harness.expectArchived();
  });

  test('four times more at the end of a day makes the job a dead letter, and the upload is aborted', async () => {
    const { job, clock, bucket, deliverForParts, deliverForBytes, requeuedJob, deadLetters } =
      await startLongCall();
    await deliverForParts(1, job);
    for (const waitMs of [20 * HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS, 0]) {
      expect(deadLetters).toEqual([]);
      expect(await deliverForBytes(5 * MiB + 1, requeuedJob())).toBe(true);
      clock.now += waitMs - RUN_MS;
    }
    expect(deadLetters).toMatchObject([{ attempts: 6, error: { code: 'too-slow' } }]);
    expect(JSON.parse(deadLetters[0]?.body ?? '')).toEqual(job);
    expect(await bucket.openUploads()).toBe(0);
  });
});

test('a run that is stopped for another reason than its deadline fails with that reason', async () => {
  const harness = await startLongCall(longWav(2 * MiB), {
    misbehaviour: [{ kind: 'stall', afterBytes: MiB }],
  });
  const stop = new AbortController();
  const delivery = harness.deliver(harness.job, 1, stop.signal);
  while (!logLines.some(({ event }) => event === 'download-progress')) await new Promise(setImmediate);
  stop.abort(new ArchiveError('stopped', 'Somebody has stopped it.'));
  expect(await delivery).toBe(false);
  expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'stopped' });
});

test('a run that is stopped during a request to S3 fails with the reason, not with the error of the SDK', async () => {
  const { job, store, deliver } = await startLongCall(longWav(2 * MiB));
  const stop = new AbortController();
  const { find } = store;
  store.find = (...args) => {
    const found = find(...args);
    stop.abort(new ArchiveError('stopped', 'Somebody has stopped it.'));
    return found;
  };
  expect(await deliver(job, 1, stop.signal)).toBe(false);
  expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'stopped' });
});
