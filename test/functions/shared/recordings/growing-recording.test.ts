import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { longWav, MiB, PART_BYTES } from './long-call-harness.ts';
import { audio, captureEvents, HOUR_MS, MINUTE_MS, SECOND_MS, startPbx } from './queue-harness.ts';

const eventsOf = captureEvents();

/** What recorders write into the header while the call goes on. */
const GROWING: [string, (seconds: number) => Buffer][] = [
  ['patched after every frame', (seconds) => audio(seconds)],
  ['0/0 until closed', (seconds) => audio(seconds, { riffSize: 0, dataSize: 0 })],
  ['0xffffffff until closed', (seconds) => audio(seconds, { riffSize: 0xffffffff, dataSize: 0xffffffff })],
];

describe.each(GROWING)(
  'a file that still grows when it is first fetched, with a header %s,',
  (_, growing) => {
    describe.each([true, false])('with Content-Length: %s,', (contentLength) => {
      test('is archived whole, after one report', async () => {
        const { pbx, report, pass, stored, deadLetters } = await startPbx({ contentLength });
        const call = pbx.makeCall({ from: '1001', to: '1003', recording: growing(10) });
        report(call, 60);
        await pass(MINUTE_MS);
        pbx.writeRecording(call.recording, audio(60));
        await pass();
        expect((await stored(call.recording)).main?.equals(audio(60))).toBe(true);
        expect(deadLetters).toEqual([]);
      });

      test('is archived whole, after two reports', async () => {
        const { pbx, report, pass, stored, deadLetters } = await startPbx({ contentLength });
        const call = pbx.makeCall({ from: '1001', to: '1003', recording: growing(10) });
        report(call, 10);
        await pass(MINUTE_MS);
        pbx.writeRecording(call.recording, audio(60));
        report(call, 50);
        await pass();
        expect((await stored(call.recording)).main?.equals(audio(60))).toBe(true);
        expect(deadLetters).toEqual([]);
      });
    });
  },
);

test('what a job without the talk time stored is compared by the job that knows it, in the first hour', async () => {
  const { pbx, clock, report, pass, queue, stored } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: audio(10) });
  report(call, 60);
  await pass(MINUTE_MS);
  // As a list that does not say how long the call was makes it.
  const listed = { ...report(call), foundBy: 'reconciliation' } as const;
  queue.splice(-1, 1, { job: listed, attempt: 1, sentAt: clock.now, dueAt: clock.now });
  await pass(1);
  expect((await stored(call.recording)).main?.equals(audio(10))).toBe(true);
  pbx.writeRecording(call.recording, audio(60));
  await pass();
  expect((await stored(call.recording)).main?.equals(audio(60))).toBe(true);
});

test('the longer version that replaces a shorter one is logged and counted, and keeps its call', async () => {
  const { pbx, report, pass, stored } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: audio(10) });
  report(call, 10);
  await pass(MINUTE_MS);
  pbx.writeRecording(call.recording, audio(60));
  report(call, 50);
  await pass();
  expect(eventsOf('archived', 'recording-replaced')).toEqual(['archived', 'recording-replaced']);
  // The shorter version is contained in the longer one.
  expect((await stored(call.recording)).all.size).toBe(1);
});

describe('what one job stored does not satisfy a job that was reported later', () => {
  test('if the first download had begun before that report', async () => {
    const { pbx, clock, deliver, jobFor, stored } = await startPbx();
    const misbehaviour = { kind: 'drip', chunkBytes: 20_000 } as const;
    const call = pbx.makeCall({ from: '1001', to: '1003', recording: audio(10), misbehaviour });
    const first = deliver({ ...jobFor(call), call: { callId: call.callId, talkSeconds: '10' } });
    while (eventsOf('download-started').length === 0) await setImmediate();
    clock.now += MINUTE_MS;
    pbx.writeRecording(call.recording, audio(60));
    const second = { ...jobFor(call), call: { callId: call.callId, talkSeconds: '50' } };
    clock.now += 10 * SECOND_MS;
    await first;
    // The second attempt looks for the object first, and finds it.
    pbx.misbehave(call.recording, { kind: 'http-500', at: 'download' });
    if (!(await deliver(second))) await deliver(second, 2);
    expect((await stored(call.recording)).main?.equals(audio(60))).toBe(true);
  });

  test('if the first job stopped waiting, with a doubt, within the hour of the second', async () => {
    const { pbx, report, pass, stored } = await startPbx();
    const growing = (seconds: number) => audio(seconds, { riffSize: 0, dataSize: 0 });
    const call = pbx.makeCall({ from: '1001', to: '1003', recording: growing(10) });
    report(call, 5);
    await pass(40 * MINUTE_MS);
    pbx.writeRecording(call.recording, growing(40));
    report(call, 30);
    await pass(30 * MINUTE_MS);
    pbx.writeRecording(call.recording, audio(70));
    await pass();
    expect((await stored(call.recording)).main?.equals(audio(70))).toBe(true);
  });
});

test('a recording that never gets longer than its call is archived after an hour, with that doubt', async () => {
  const { pbx, clock, report, pass, verifiedBy, downloads } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: audio(10) });
  report(call, 60);
  const since = clock.now;
  await pass();
  expect(clock.now - since).toBe(HOUR_MS);
  expect(await verifiedBy(call.recording)).toBe('content-length riff-header shorter-than-talk-time');
  expect(downloads()).toBeLessThan(10);
});

test('a long recording whose header says that it is not finished is not downloaded again and again', async () => {
  const growing = longWav(12 * MiB);
  growing.writeUInt32LE(0, 4);
  growing.writeUInt32LE(0, 40);
  const { pbx, bucket, report, pass, stored } = await startPbx({ partBytes: PART_BYTES });
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: growing });
  report(call);
  await pass(10 * MINUTE_MS);
  expect(bucket.methods.filter((method) => method !== 'HEAD')).toEqual([]);
  const whole = longWav(13 * MiB);
  pbx.writeRecording(call.recording, whole);
  await pass();
  expect((await stored(call.recording)).main?.equals(whole)).toBe(true);
  expect(await bucket.openUploads()).toBe(0);
});
