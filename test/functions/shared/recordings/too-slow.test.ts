import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { tooSlow } from '../../../../functions/shared/recordings/save-recording.ts';
import { captureLog } from '../../capture-log.ts';
import { longWav, MiB, RUN_MS, startLongCall } from './long-call-harness.ts';

const HOUR_MS = 3_600_000;

const logLines = captureLog();

describe('a download that is too slow', () => {
  const slow = { totalBytes: 115_200_044, receivedBytes: 6_675_000, elapsedMs: RUN_MS };

  test('tells its size, its rate and what to do', () => {
    const { message } = tooSlow({ ...slow, isResumable: false });
    expect(message).toBe(
      'The recording, of 115200044 bytes, was downloaded at 60 kbit/s: too slow to store all of it in one run, and ' +
        'the PBX cannot resume a download. Give the PBX a faster uplink, or fetch the recording with ' +
        '"npm run backfill" on a machine in the PBX\'s network.',
    );
  });

  test('tells when the size is not known, and has a rate in no time', () => {
    const { message } = tooSlow({ totalBytes: undefined, receivedBytes: 0, elapsedMs: 0, isResumable: true });
    expect(message).toMatch(
      /^The recording, of unknown size, was downloaded at 0 kbit\/s: too slow to store even one part/,
    );
  });

  test('is permanent where the PBX continues no download', () => {
    expect(tooSlow({ ...slow, isResumable: false })).toMatchObject({ code: 'too-slow', kind: 'permanent' });
    expect(tooSlow({ ...slow, isResumable: true })).toMatchObject({ code: 'too-slow', kind: 'too-slow' });
  });
});

describe('a line on which no part comes in a run', () => {
  test.each([
    ['short', longWav(2 * MiB)],
    ['long', longWav(12 * MiB)],
  ])('may be bad for an hour: a %s recording comes again, and is archived then', async (_, recording) => {
    const harness = await startLongCall(recording);
    const { job, bucket, deliver, deliverForBytes, sent, postponed } = harness;
    expect(await deliverForBytes(MiB, job)).toBe(false);
    expect([sent, postponed, await bucket.openUploads()]).toEqual([[], [5], 0]);
    expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'too-slow', ageMs: RUN_MS });
    expect(await deliver(job, 2)).toBe(true);
    await harness.expectArchived(recording);
  });

  test('keeps what is stored already', async () => {
    const harness = await startLongCall();
    const { job, bucket, deliver, deliverForParts, deliverForBytes, continued, sent, postponed } = harness;
    await deliverForParts(1, job);
    // One byte behind the first part.
    expect(await deliverForBytes(5 * MiB + 1, continued())).toBe(false);
    expect([sent.length, postponed, await bucket.openUploads()]).toEqual([1, [5], 1]);
    expect(await deliver(continued(), 2)).toBe(true);
    await harness.expectArchived();
  });

  test('for more than a day makes it a dead letter, and nothing stays', async () => {
    const { job, clock, bucket, deliverForParts, deliverForBytes, continued, deadLetters } =
      await startLongCall();
    await deliverForParts(1, job);
    clock.now += 24 * HOUR_MS - 2 * RUN_MS;
    expect(await deliverForBytes(5 * MiB + 1, continued())).toBe(false);
    expect(await deliverForBytes(5 * MiB + 1, continued(), 2)).toBe(true);
    expect(deadLetters).toMatchObject([{ attempts: 3, error: { code: 'too-slow' } }]);
    expect(JSON.parse(deadLetters[0]?.body ?? '')).toEqual(job);
    expect(await bucket.openUploads()).toBe(0);
  });
});

test('a run that is ended for another reason than its time ends with that reason', async () => {
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
