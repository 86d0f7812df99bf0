import { describe, expect, test } from 'vitest';
import type { SimulatedPbxOptions } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { captureLog } from '../../capture-log.ts';
import { LONG, longWav, MiB, PART_BYTES, startLongCall } from './long-call-harness.ts';

const logLines = captureLog();

const linesOf = (event: string) => logLines.filter((line) => line.event === event);

/** A job of which a first run has stored one part. */
async function startContinued(pbx: SimulatedPbxOptions = {}) {
  const harness = await startLongCall(LONG, { pbx });
  expect(await harness.deliverForParts(1, harness.job)).toBe(true);
  return { ...harness, job: harness.continued(), uploadId: harness.continued().progress?.uploadId ?? '' };
}

describe.each(['ignored', 'wrong'] as const)('where the PBX has ranges %s', (ranges) => {
  test('the next run begins again, and the recording is archived', async () => {
    const { job, deliver, sent, expectArchived } = await startContinued({ ranges });
    expect(await deliver(job)).toBe(true);
    await expectArchived();
    expect(sent).toHaveLength(1);
    expect(linesOf('download-started').map(({ start }) => start)).toEqual([0, 0]);
  });

  test('nothing more is kept when the connection is cut, and the job comes again as it was', async () => {
    const harness = await startContinued({ ranges });
    const { job, call, pbx, bucket, deliver, sent, postponed, expectArchived } = harness;
    // What mistakes ranges answers twice: the second answer is the whole recording.
    const cut = { kind: 'cut', afterBytes: 8 * MiB, how: 'fin' } as const;
    pbx.misbehave(
      call.recording,
      ...(ranges === 'wrong' ? [{ kind: 'drip', chunkBytes: MiB } as const] : []),
      cut,
    );
    expect(await deliver(job, 2)).toBe(false);
    expect([sent.length, postponed]).toEqual([1, [10]]);
    // That of the first run, which the job still names.
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(job, 3)).toBe(true);
    await expectArchived();
  });

  test('a second run that is too short for all of it ends in a dead letter that says what to do', async () => {
    const harness = await startContinued({ ranges });
    const { job, bucket, deliverForParts, deadLetters, postponed } = harness;
    expect(await deliverForParts(1, job)).toBe(true);
    expect(deadLetters).toMatchObject([{ pbx: 'test', attempts: 2, error: { code: 'too-slow' } }]);
    const [letter] = deadLetters;
    expect(letter?.error.message).toMatch(
      /of 12582912 bytes, was downloaded at \d{2,3} kbit\/s: .*npm run backfill/,
    );
    const { progress, ...whole } = job;
    expect(JSON.parse(letter?.body ?? '')).toEqual(whole);
    expect(await bucket.keys()).toEqual([]);
    expect(await bucket.openUploads()).toBe(0);
    expect(postponed).toEqual([]);
  });
});

describe('where the file has changed its size meanwhile', () => {
  test.each([
    ['grown', longWav(14 * MiB)],
    ['shrunk', longWav(11 * MiB)],
    ['shrunk below what is stored', longWav(4 * MiB)],
  ])('and has %s, all of it comes anew', async (_, recording) => {
    const { job, call, pbx, deliver, expectArchived } = await startContinued();
    pbx.makeCall({ from: '1001', to: '1003', recording, recordingName: call.recording });
    expect(await deliver(job)).toBe(true);
    await expectArchived(recording);
    expect(linesOf('restarted')).toHaveLength(1);
  });

  test('it may take more runs again, each after a pause, and the old parts are discarded', async () => {
    const harness = await startContinued();
    const { job, call, pbx, bucket, uploadId, deliverForParts, deliver, sent, continued } = harness;
    const recording = longWav(14 * MiB);
    pbx.makeCall({ from: '1001', to: '1003', recording, recordingName: call.recording });
    expect(await deliverForParts(2, job, 4)).toBe(true);
    expect(sent.map(({ delaySeconds }) => delaySeconds)).toEqual([undefined, 80]);
    expect(continued().progress).toMatchObject({ bytes: 2 * PART_BYTES, totalBytes: recording.length });
    expect(continued().progress?.uploadId).not.toBe(uploadId);
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(continued())).toBe(true);
    await harness.expectArchived(recording);
  });
});

describe('where the upload is gone', () => {
  test('because it was open for too long, the recording comes anew', async () => {
    const { job, key, store, uploadId, deliver, expectArchived } = await startContinued();
    await store.abort({ key, uploadId });
    expect(await deliver(job)).toBe(true);
    await expectArchived();
  });

  test('it may take more runs again', async () => {
    const { job, key, store, uploadId, deliver, deliverForParts, continued, expectArchived } =
      await startContinued();
    await store.abort({ key, uploadId });
    expect(await deliverForParts(2, job)).toBe(true);
    expect(continued().progress).toMatchObject({ bytes: 2 * PART_BYTES });
    await deliver(continued());
    await expectArchived();
  });

  test('because a copy of the job was quicker, the recording is found there', async () => {
    const { job, key, store, deliver, expectArchived } = await startContinued();
    const { putPart } = store;
    // The copy comes between the look for the recording and the first part.
    store.putPart = async (...part) => {
      store.putPart = putPart;
      expect(await deliver(job)).toBe(true);
      return putPart(...part);
    };
    expect(await deliver(job)).toBe(true);
    expect(linesOf('archived')).toHaveLength(1);
    expect(linesOf('already-archived')).toMatchObject([{ key }]);
    await expectArchived();
  });
});

describe('copies of a job that goes on', () => {
  test('make one object when they run at once, and all are done', async () => {
    const { job, deliver, expectArchived } = await startContinued();
    const outcomes = await Promise.all([deliver(job), deliver(job)]);
    // One may be told by S3 that its upload cannot be completed just now, and comes again.
    for (const isDone of outcomes) if (!isDone) expect(await deliver(job, 2)).toBe(true);
    await expectArchived();
  });

  test('leave no upload behind when the recording is there before they go on', async () => {
    const { job, deliver, expectArchived } = await startContinued();
    const { progress, ...fresh } = job;
    expect(await deliver(fresh)).toBe(true);
    expect(await deliver(job)).toBe(true);
    await expectArchived();
    expect(linesOf('already-archived')).toHaveLength(1);
  });

  test('leave none behind when the first message comes a second time', async () => {
    const { job, deliver, deliverForParts, continued, expectArchived } = await startContinued();
    const { progress, ...first } = job;
    expect(await deliverForParts(1, first)).toBe(true);
    expect(continued().progress?.uploadId).not.toBe(progress?.uploadId);
    expect(await deliver(job)).toBe(true);
    expect(await deliver(continued())).toBe(true);
    await expectArchived();
  });
});
