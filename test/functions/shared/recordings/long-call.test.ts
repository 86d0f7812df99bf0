import { describe, expect, test } from 'vitest';
import type { Misbehaviour } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { captureLog } from '../../capture-log.ts';
import { LONG, longWav, MiB, PART_BYTES, RUN_MS, startLongCall } from './long-call-harness.ts';

const logLines = captureLog();

const linesOf = (event: string) => logLines.filter((line) => line.event === event);

describe('a call that takes longer than a run may', () => {
  test.each([
    [2, 12],
    [5, 27],
  ])('is archived in %i runs, byte for byte, as if it had been one', async (runs, size) => {
    const recording = longWav(size * MiB);
    const harness = await startLongCall(recording);
    const facts = { callId: harness.call.callId, from: '+49 30 90', talkSeconds: '7200' };
    let job = { ...harness.job, call: facts };
    for (let run = 1; run < runs; run++) {
      expect(await harness.deliverForParts(1, job)).toBe(true);
      job = harness.continued() as typeof job;
      expect(job.progress).toMatchObject({ bytes: run * PART_BYTES, totalBytes: recording.length });
      expect(job.progress?.parts).toHaveLength(run);
      expect(await harness.bucket.keys()).toEqual([]);
      expect(await harness.bucket.openUploads()).toBe(1);
    }
    expect(await harness.deliver(job)).toBe(true);
    await harness.expectArchived(recording);
    const { Metadata, ETag } = await harness.bucket.head(harness.key);
    expect(Metadata).toEqual({
      'call-id': harness.call.callId,
      from: '+49 30 90',
      'talk-seconds': '7200',
      'verified-by': 'content-length riff-header',
    });
    expect(ETag).toMatch(new RegExp(`-${Math.ceil((size * MiB) / PART_BYTES)}"$`));
    expect([harness.sent.length, harness.postponed, harness.deadLetters]).toEqual([runs - 1, [], []]);
    expect(harness.pbx.stats).toMatchObject({ randoms: runs, downloads: runs });
  });

  test('keeps what is stored when its time is up while the PBX sends nothing', async () => {
    const misbehaviour = [{ kind: 'stall', afterBytes: 8 * MiB } as const];
    const { job, continued, deliverForParts, deliver, expectArchived } = await startLongCall(LONG, {
      misbehaviour,
    });
    expect(await deliverForParts(1, job)).toBe(true);
    expect(linesOf('resumed')).toMatchObject([{ code: 'deadline', bytes: PART_BYTES }]);
    await deliver(continued());
    await expectArchived();
  });

  test('goes on where it stopped: the PBX sends nothing twice but what was on its way', async () => {
    const { job, continued, deliverForParts, deliver } = await startLongCall();
    await deliverForParts(1, job);
    await deliver(continued());
    const starts = linesOf('download-started').map(({ start }) => start);
    expect(starts).toEqual([0, PART_BYTES]);
    expect(linesOf('download-progress').at(-1)).toMatchObject({ bytes: LONG.length });
  });

  test('remembers how often and since when it has been tried, and says how late it was', async () => {
    const { job, clock, continued, deliverForParts, deliver, sent } = await startLongCall();
    const since = clock.now;
    await deliverForParts(1, job, 3);
    expect(continued().progress).toMatchObject({ attempts: 3, since });
    await deliverForParts(1, continued(), 1);
    expect(continued().progress).toMatchObject({ attempts: 4, since });
    expect(sent.map(({ delaySeconds }) => delaySeconds)).toEqual([undefined, undefined]);
    await deliver(continued(), 2);
    expect(linesOf('resumed')).toMatchObject([
      { attempt: 3, bytes: PART_BYTES, code: 'deadline', ageMs: RUN_MS },
      { attempt: 4, bytes: 2 * PART_BYTES, code: 'deadline', ageMs: 2 * RUN_MS },
    ]);
    expect(linesOf('archived')).toMatchObject([{ attempt: 6, delayMs: 2 * RUN_MS }]);
  });

  test('needs no length from the PBX, only its ranges', async () => {
    const harness = await startLongCall(LONG, { pbx: { contentLength: false } });
    await harness.deliverForParts(1, harness.job);
    expect(harness.continued().progress).not.toHaveProperty('totalBytes');
    await harness.deliverForParts(1, harness.continued());
    expect(harness.continued().progress).toMatchObject({ totalBytes: LONG.length });
    await harness.deliver(harness.continued());
    await harness.expectArchived();
    const { Metadata } = await harness.bucket.head(harness.key);
    expect(Metadata).toMatchObject({ 'verified-by': 'riff-header' });
  });

  test('is checked against the header that came in the first run', async () => {
    const recording = Buffer.from(LONG);
    recording.writeUInt32LE(LONG.length, 4);
    const { job, continued, deliverForParts, deliver, bucket, postponed } = await startLongCall(recording);
    await deliverForParts(1, job);
    expect(await deliver(continued())).toBe(false);
    expect(linesOf('retry-scheduled')).toMatchObject([{ code: 'recording-inconsistent' }]);
    expect(postponed).toEqual([5]);
    expect(await bucket.keys()).toEqual([]);
    expect(await bucket.openUploads()).toBe(0);
  });
});

describe('what has come of a long recording is kept, and gone on from, when the PBX', () => {
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
    const { job, continued, deliver, bucket, expectArchived, postponed } = await startLongCall(LONG, options);
    expect(await deliver(job)).toBe(true);
    expect(await bucket.keys()).toEqual([]);
    expect(continued().progress?.parts).toHaveLength(parts);
    await deliver(continued());
    await expectArchived();
    expect(postponed).toEqual([]);
  });

  test('resets the connection', async () => {
    // A reset takes back what the other side has not received yet: a few of these bytes.
    const recording = longWav(22 * MiB);
    const misbehaviour = [cut('reset', true, 20 * MiB)];
    const { job, continued, deliver, expectArchived } = await startLongCall(recording, { misbehaviour });
    expect(await deliver(job)).toBe(true);
    await deliver(continued());
    await expectArchived(recording);
  });

  test('does so in each run', async () => {
    const recording = longWav(27 * MiB);
    const misbehaviour = [6, 6, 6].map((size) => cut('fin', false, size * MiB));
    const harness = await startLongCall(recording, { misbehaviour });
    let { job } = harness;
    for (const parts of [1, 2, 3]) {
      expect(await harness.deliver(job)).toBe(true);
      job = harness.continued();
      expect(job.progress?.parts).toHaveLength(parts);
    }
    await harness.deliver(job);
    await harness.expectArchived(recording);
  });

  test('answers a later run with an error page, which is no reason to begin again', async () => {
    const harness = await startLongCall();
    const { job, call, pbx, bucket, continued, deliverForParts, deliver, postponed } = harness;
    await deliverForParts(1, job);
    const { downloads } = pbx.stats;
    pbx.misbehave(call.recording, { kind: 'http-500' });
    expect(await deliver(continued())).toBe(false);
    expect([postponed, await bucket.openUploads(), pbx.stats.downloads]).toEqual([[5], 1, downloads]);
    await deliver(continued(), 2);
    await harness.expectArchived();
  });

  test('refuses the random string, or the token, of a later run', async () => {
    const harness = await startLongCall();
    const { job, call, pbx, bucket, continued, deliverForParts, deliver, expectArchived } = harness;
    await deliverForParts(1, job);
    pbx.misbehave(
      call.recording,
      { kind: 'json-instead-of-audio', errno: '20006' },
      { kind: 'random-refused' },
      { kind: 'token-dropped', at: 'get_random' },
    );
    expect(await deliver(continued())).toBe(false);
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(continued(), 2)).toBe(true);
    await expectArchived();
    expect(linesOf('download-started').at(-1)).toMatchObject({ start: PART_BYTES });
  });
});
