import { describe, expect, test } from 'vitest';
import type { SimulatedPbxOptions } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { captureLog } from '../../capture-log.ts';
import { LONG, longWav, MiB, PART_BYTES, startLongCall, withoutSizes } from './long-call-harness.ts';

const logLines = captureLog();

const linesOf = (event: string) => logLines.filter((line) => line.event === event);

/** A job whose first run has stored one part. */
async function startWithStoredPart(pbx: SimulatedPbxOptions = {}, recording = LONG) {
  const harness = await startLongCall(recording, { pbx });
  expect(await harness.deliverForParts(1, harness.job)).toBe(true);
  return { ...harness, job: harness.requeuedJob(), uploadId: harness.requeuedJob().progress?.uploadId ?? '' };
}

describe.each(['ignored', 'wrong'] as const)('when the PBX gets ranges %s', (ranges) => {
  test('the next run restarts, and the recording is archived', async () => {
    const { job, deliver, sent, expectArchived } = await startWithStoredPart({ ranges });
    expect(await deliver(job)).toBe(true);
    await expectArchived();
    expect(sent).toHaveLength(1);
    expect(linesOf('download-started').map(({ start }) => start)).toEqual([0, 0]);
  });

  test('a cut connection adds no progress, and the job is retried unchanged', async () => {
    const harness = await startWithStoredPart({ ranges });
    const { job, call, pbx, bucket, deliver, sent, retryDelays, expectArchived } = harness;
    // A PBX with wrong ranges is asked twice: the second request gets the whole recording.
    const cut = { kind: 'cut', afterBytes: 8 * MiB, how: 'fin' } as const;
    pbx.misbehave(
      call.recording,
      ...(ranges === 'wrong' ? [{ kind: 'drip', chunkBytes: MiB } as const] : []),
      cut,
    );
    expect(await deliver(job, 2)).toBe(false);
    expect([sent.length, retryDelays]).toEqual([1, [10]]);
    // The upload of the first run, which the job still refers to.
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(job, 3)).toBe(true);
    await expectArchived();
  });

  test('a recording that has to be downloaded twice leaves no upload open', async () => {
    const options = { ranges, contentLength: false };
    const harness = await startWithStoredPart(options, withoutSizes(LONG));
    const { clock, bucket, deliver, requeuedJob, expectArchived } = harness;
    // An hour after the call, a recorder that has not written the sizes into the header never will.
    clock.now += 3_600_000;
    expect(await deliver(harness.job)).toBe(true);
    expect(linesOf('retry-scheduled')).toMatchObject([{ code: 'recording-unverified' }]);
    expect(requeuedJob()).not.toHaveProperty('progress');
    expect(await bucket.openUploads()).toBe(0);
    clock.now += 120_000;
    expect(await deliver(requeuedJob())).toBe(true);
    await expectArchived(withoutSizes(LONG));
  });

  test('a second run too short for the whole recording ends in a dead letter that says what to do', async () => {
    const harness = await startWithStoredPart({ ranges });
    const { job, bucket, deliverForParts, deadLetters, retryDelays } = harness;
    expect(await deliverForParts(1, job)).toBe(true);
    expect(deadLetters).toMatchObject([{ pbx: 'test', attempts: 2, error: { code: 'too-slow' } }]);
    const [deadLetter] = deadLetters;
    expect(deadLetter?.error.message).toMatch(
      /of 12582912 bytes, was downloaded at \d{2,3} kbit\/s: .*npm run backfill/,
    );
    const { progress, earlier, ...whole } = job;
    expect(JSON.parse(deadLetter?.body ?? '')).toEqual(whole);
    const marker = `reconciliation/ended/test/2024/05/17/${job.recording}`;
    expect(await bucket.keys()).toEqual([marker]);
    expect(await bucket.openUploads()).toBe(0);
    expect(retryDelays).toEqual([]);
  });
});

describe('when the size of the file has changed since the last run', () => {
  test.each([
    ['grown', longWav(14 * MiB)],
    ['shrunk', longWav(11 * MiB)],
    ['shrunk below what is stored', longWav(4 * MiB)],
  ])('because it has %s, the whole recording is downloaded again', async (_, recording) => {
    const { job, call, pbx, deliver, expectArchived } = await startWithStoredPart();
    pbx.makeCall({ from: '1001', to: '1003', recording, recordingName: call.recording });
    expect(await deliver(job)).toBe(true);
    await expectArchived(recording);
    expect(linesOf('restarted')).toHaveLength(1);
  });

  test('it may take several runs again, each after a pause, and the old parts are discarded', async () => {
    const harness = await startWithStoredPart();
    const { job, call, pbx, bucket, uploadId, deliverForParts, deliver, sent, requeuedJob } = harness;
    const recording = longWav(14 * MiB);
    pbx.makeCall({ from: '1001', to: '1003', recording, recordingName: call.recording });
    expect(await deliverForParts(2, job, 4)).toBe(true);
    expect(sent.map(({ delaySeconds }) => delaySeconds)).toEqual([undefined, 80]);
    expect(requeuedJob().progress).toMatchObject({ bytes: 2 * PART_BYTES, totalBytes: recording.length });
    expect(requeuedJob().progress?.uploadId).not.toBe(uploadId);
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(requeuedJob())).toBe(true);
    await harness.expectArchived(recording);
  });
});

describe('when the upload is gone', () => {
  test('because it was open for too long, the recording is downloaded again', async () => {
    const { job, key, store, uploadId, deliver, expectArchived } = await startWithStoredPart();
    await store.abort({ key, uploadId });
    expect(await deliver(job)).toBe(true);
    await expectArchived();
  });

  test('the recording may take several runs again', async () => {
    const { job, key, store, uploadId, deliver, deliverForParts, requeuedJob, expectArchived } =
      await startWithStoredPart();
    await store.abort({ key, uploadId });
    expect(await deliverForParts(2, job)).toBe(true);
    expect(requeuedJob().progress).toMatchObject({ bytes: 2 * PART_BYTES });
    await deliver(requeuedJob());
    await expectArchived();
  });

  test('because a copy of the job was faster, the recording is already archived', async () => {
    const { job, key, store, deliver, expectArchived } = await startWithStoredPart();
    const { putPart } = store;
    // The copy runs after the check for the recording and before the first part.
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

describe('copies of a job that continues an upload', () => {
  test('create one object when they run at the same time, and all succeed in the end', async () => {
    const { job, deliver, expectArchived } = await startWithStoredPart();
    const outcomes = await Promise.all([deliver(job), deliver(job)]);
    // S3 may reject one of them because its upload cannot be completed just now; it is retried.
    for (const isDone of outcomes) if (!isDone) expect(await deliver(job, 2)).toBe(true);
    await expectArchived();
  });

  test('leave no upload behind when the recording is archived before they continue', async () => {
    const { job, deliver, expectArchived } = await startWithStoredPart();
    const { progress, ...fresh } = job;
    expect(await deliver(fresh)).toBe(true);
    expect(await deliver(job)).toBe(true);
    await expectArchived();
    expect(linesOf('already-archived')).toHaveLength(1);
  });

  test('leave no upload behind when the first message is redelivered', async () => {
    const { job, deliver, deliverForParts, requeuedJob, expectArchived } = await startWithStoredPart();
    const { progress, ...first } = job;
    expect(await deliverForParts(1, first)).toBe(true);
    expect(requeuedJob().progress?.uploadId).not.toBe(progress?.uploadId);
    expect(await deliver(job)).toBe(true);
    expect(await deliver(requeuedJob())).toBe(true);
    await expectArchived();
  });
});
