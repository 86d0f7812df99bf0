import { describe, expect, test } from 'vitest';
import type { Misbehaviour } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { captureLog } from '../../capture-log.ts';
import { LONG, longWav, MiB, PART_BYTES, RUN_MS, startLongCall } from './long-call-harness.ts';

const logLines = captureLog();

const linesOf = (event: string) => logLines.filter((line) => line.event === event);

describe('a recording that takes longer than one run', () => {
  test.each([
    [2, 12],
    [5, 27],
  ])('is archived in %i runs, byte for byte, as if in one run', async (runs, size) => {
    const recording = longWav(size * MiB);
    const harness = await startLongCall(recording);
    const callDetails = { callId: harness.call.callId, from: '+49 30 90', talkSeconds: '300' };
    let job = { ...harness.job, call: callDetails };
    for (let run = 1; run < runs; run++) {
      expect(await harness.deliverForParts(1, job)).toBe(true);
      job = harness.requeuedJob() as typeof job;
      expect(job.progress).toMatchObject({ bytes: run * PART_BYTES, totalBytes: recording.length });
      expect(job.progress?.parts).toHaveLength(run);
      expect(await harness.bucket.keys()).toEqual([]);
      expect(await harness.bucket.openUploads()).toBe(1);
    }
    expect(await harness.deliver(job)).toBe(true);
    await harness.expectArchived(recording);
    const { Metadata, ETag } = await harness.bucket.head(harness.key);
    expect(Metadata).toEqual({
      'opened-at': '2024-05-17T09:30:00.000Z',
      'call-id': harness.call.callId,
      from: '+49 30 90',
      'talk-seconds': '300',
      'verified-by': 'content-length riff-header',
    });
    expect(ETag).toMatch(new RegExp(`-${Math.ceil((size * MiB) / PART_BYTES)}"$`));
    expect([harness.sent.length, harness.retryDelays, harness.deadLetters]).toEqual([runs - 1, [], []]);
    expect(harness.pbx.stats).toMatchObject({ randoms: runs, downloads: runs });
  });

  test('keeps the stored parts when the run ends while the PBX sends nothing', async () => {
    const misbehaviour = [{ kind: 'stall', afterBytes: 8 * MiB } as const];
    const { job, requeuedJob, deliverForParts, deliver, expectArchived } = await startLongCall(LONG, {
      misbehaviour,
    });
    expect(await deliverForParts(1, job)).toBe(true);
    expect(linesOf('resumed')).toMatchObject([{ code: 'deadline', bytes: PART_BYTES }]);
    await deliver(requeuedJob());
    await expectArchived();
  });

  test('continues after the last stored part', async () => {
    const { job, requeuedJob, deliverForParts, deliver } = await startLongCall();
    await deliverForParts(1, job);
    await deliver(requeuedJob());
    const starts = linesOf('download-started').map(({ start }) => start);
    expect(starts).toEqual([0, PART_BYTES]);
    expect(linesOf('download-progress').at(-1)).toMatchObject({ bytes: LONG.length });
  });

  test('keeps the number of attempts and the first time over all runs, and logs its delay', async () => {
    const { job, clock, requeuedJob, deliverForParts, deliver, sent } = await startLongCall();
    const since = clock.now;
    await deliverForParts(1, job, 3);
    expect(requeuedJob().earlier).toMatchObject({ attempts: 3, deliveries: 0, since });
    await deliverForParts(1, requeuedJob(), 1);
    expect(requeuedJob().earlier).toMatchObject({ attempts: 4, deliveries: 0, since });
    expect(sent.map(({ delaySeconds }) => delaySeconds)).toEqual([undefined, undefined]);
    await deliver(requeuedJob(), 2);
    expect(linesOf('resumed')).toMatchObject([
      { attempt: 3, bytes: PART_BYTES, code: 'deadline', ageMs: RUN_MS },
      { attempt: 4, bytes: 2 * PART_BYTES, code: 'deadline', ageMs: 2 * RUN_MS },
    ]);
    expect(linesOf('archived')).toMatchObject([{ attempt: 6, delayMs: 2 * RUN_MS }]);
  });

  test('needs range requests, but no Content-Length', async () => {
    const harness = await startLongCall(LONG, { pbx: { contentLength: false } });
    await harness.deliverForParts(1, harness.job);
    await harness.deliverForParts(1, harness.requeuedJob());
    // Only the responses to ranges tell it.
    expect(harness.requeuedJob().progress).not.toHaveProperty('totalBytes');
    await harness.deliver(harness.requeuedJob());
    await harness.expectArchived();
    const { Metadata } = await harness.bucket.head(harness.key);
    expect(Metadata).toMatchObject({ 'verified-by': 'riff-header' });
  });

  test('is checked against the RIFF header from the first run', async () => {
    const recording = Buffer.from(LONG);
    recording.writeUInt32LE(LONG.length, 4);
    const { job, requeuedJob, deliverForParts, deliver, bucket, clock } = await startLongCall(recording);
    await deliverForParts(1, job);
    await deliver(requeuedJob());
    expect(linesOf('retry-scheduled')).toMatchObject([{ code: 'recording-unverified' }]);
    expect(await bucket.keys()).toEqual([]);
    expect(await bucket.openUploads()).toBe(0);
    // The size in the header stays wrong, and the file stays the same: it is archived with that doubt.
    clock.now += 2 * 60_000;
    expect(await deliver(requeuedJob())).toBe(true);
    const [key = ''] = await bucket.keys();
    const verifiedBy = 'content-length identical-downloads header-contradicts';
    expect((await bucket.head(key)).Metadata).toMatchObject({ 'verified-by': verifiedBy });
  });
});

describe('the stored parts of a long recording are kept, and the next run continues, when the PBX', () => {
  const cut = (how: 'fin' | 'reset', contentLength: boolean, afterBytes: number): Misbehaviour => ({
    kind: 'cut',
    how,
    contentLength,
    afterBytes,
  });

  test.each<[string, Misbehaviour, number]>([
    ['ends the connection in the last part, with a length', cut('fin', true, 11 * MiB), 2],
    ['ends the connection in the last part, without a length', cut('fin', false, 11 * MiB), 2],
    ['ends the connection between two parts', cut('fin', false, 10 * MiB), 1],
    ['stops sending in the second part', { kind: 'stall', afterBytes: 8 * MiB }, 1],
    ['announces more bytes than it sends', { kind: 'wrong-length', delta: 1000 }, 2],
  ])('%s', async (_, misbehaviour, parts) => {
    const options = { idleTimeoutMs: 500, misbehaviour: [misbehaviour] };
    const { job, requeuedJob, deliver, bucket, expectArchived, retryDelays } = await startLongCall(
      LONG,
      options,
    );
    expect(await deliver(job)).toBe(true);
    expect(await bucket.keys()).toEqual([]);
    expect(requeuedJob().progress?.parts).toHaveLength(parts);
    await deliver(requeuedJob());
    await expectArchived();
    expect(retryDelays).toEqual([]);
  });

  test('resets the connection', async () => {
    // A reset discards what the other side has not read yet, so the exact number of parts varies.
    const recording = longWav(22 * MiB);
    const misbehaviour = [cut('reset', true, 20 * MiB)];
    const { job, requeuedJob, deliver, expectArchived } = await startLongCall(recording, { misbehaviour });
    expect(await deliver(job)).toBe(true);
    await deliver(requeuedJob());
    await expectArchived(recording);
  });

  test('ends the connection in every run', async () => {
    const recording = longWav(27 * MiB);
    const misbehaviour = [6, 6, 6].map((size) => cut('fin', false, size * MiB));
    const harness = await startLongCall(recording, { misbehaviour });
    let { job } = harness;
    for (const parts of [1, 2, 3]) {
      expect(await harness.deliver(job)).toBe(true);
      job = harness.requeuedJob();
      expect(job.progress?.parts).toHaveLength(parts);
    }
    await harness.deliver(job);
    await harness.expectArchived(recording);
  });

  test('responds to a later run with an error page, without restarting the download', async () => {
    const harness = await startLongCall();
    const { job, call, pbx, bucket, requeuedJob, deliverForParts, deliver, retryDelays } = harness;
    await deliverForParts(1, job);
    const { downloads } = pbx.stats;
    pbx.misbehave(call.recording, { kind: 'http-500' });
    expect(await deliver(requeuedJob())).toBe(false);
    expect([retryDelays, await bucket.openUploads(), pbx.stats.downloads]).toEqual([[5], 1, downloads]);
    await deliver(requeuedJob(), 2);
    await harness.expectArchived();
  });

  test('refuses the random string or the token of a later run', async () => {
    const harness = await startLongCall();
    const { job, call, pbx, bucket, requeuedJob, deliverForParts, deliver, expectArchived } = harness;
    await deliverForParts(1, job);
    pbx.misbehave(
      call.recording,
      { kind: 'json-instead-of-audio', errno: '20006' },
      { kind: 'random-refused' },
      { kind: 'token-dropped', at: 'get_random' },
    );
    expect(await deliver(requeuedJob())).toBe(false);
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(requeuedJob(), 2)).toBe(true);
    await expectArchived();
    expect(linesOf('download-started').at(-1)).toMatchObject({ start: PART_BYTES });
  });
});
