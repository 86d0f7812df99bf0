import { setImmediate } from 'node:timers/promises';
import { crc32, gzipSync } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../../../functions/shared/jobs/job.ts';
import type { PbxEvent } from '../../../../infra/simulated-pbx/events.ts';
import { captureLog } from '../../capture-log.ts';
import { BUCKET, startArchiveHarness } from './archive-harness.ts';
import { longWav, MiB, PART_BYTES } from './long-call-harness.ts';
import { wav } from './wav.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** PCM, 8 kHz, 16 bit, mono. */
const BYTES_PER_SECOND = 16_000;

const logLines = captureLog();
const eventsOf = (...events: string[]) =>
  logLines.map(({ event }) => event).filter((event) => events.includes(event));

/** A recording of `seconds`, whose header may not have its sizes yet. */
const audio = (seconds: number, header: { riffSize?: number; dataSize?: number } = {}) =>
  wav({ audioBytes: seconds * BYTES_PER_SECOND, ...header });

interface Options {
  contentLength?: boolean;
  partBytes?: number;
  onEvent?: (event: PbxEvent) => void;
}

/** A PBX and a queue whose messages are delivered when they are due, by the test's clock. */
async function startPbx({ contentLength = true, partBytes, onEvent }: Options = {}) {
  const harness = await startArchiveHarness({
    pbx: { contentLength, ...(onEvent && { onEvent }) },
    ...(partBytes && { partBytes }),
  });
  const { pbx, clock, deliver, sent, retryDelays } = harness;
  const downloads = () => pbx.stats.requests.filter((request) => request.endsWith('/download')).length;
  /** The messages in the queue, with the times at which each was sent and is due. */
  const queue: { job: Job; attempt: number; sentAt: number; dueAt: number }[] = [];
  return {
    ...harness,
    downloads,
    queue,
    report(call: { recording: string; callId: string }, talkSeconds?: number): Job {
      const job = harness.jobFor(call);
      const callFacts = {
        ...job.call,
        ...(talkSeconds !== undefined && { talkSeconds: String(talkSeconds) }),
      };
      const reported = { ...job, call: callFacts };
      queue.push({ job: reported, attempt: 1, sentAt: clock.now, dueAt: clock.now });
      return reported;
    },
    /** Lets `ms` pass, or the time until the queue is empty. */
    async pass(ms = 20 * 24 * HOUR_MS) {
      const until = clock.now + ms;
      for (;;) {
        queue.sort((a, b) => a.dueAt - b.dueAt);
        const [next] = queue;
        if (next === undefined) return;
        if (next.dueAt > until) break;
        queue.shift();
        clock.now = Math.max(clock.now, next.dueAt);
        const [requeued, retried] = [sent.length, retryDelays.length];
        await deliver(next.job, next.attempt, undefined, next.sentAt);
        for (const { job, delaySeconds = 5 } of sent.slice(requeued)) {
          queue.push({ job, attempt: 1, sentAt: clock.now, dueAt: clock.now + delaySeconds * SECOND_MS });
        }
        for (const delay of retryDelays.slice(retried)) {
          queue.push({ ...next, attempt: next.attempt + 1, dueAt: clock.now + delay * SECOND_MS });
        }
      }
      clock.now = until;
    },
    async stored(recording: string) {
      const folder = 'recordings/test/2024/05/17/';
      const keys = (await harness.bucket.keys()).filter((key) => key?.startsWith(folder));
      const objects = new Map<string, Buffer>();
      for (const key of keys)
        objects.set(key?.slice(folder.length) ?? '', await harness.bucket.bytesOf(key ?? ''));
      return { main: objects.get(recording), all: objects };
    },
    async verifiedBy(recording: string) {
      const { Metadata } = await harness.bucket.head(`recordings/test/2024/05/17/${recording}`);
      return Metadata?.['verified-by'];
    },
  };
}

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
    while (!logLines.some(({ event }) => event === 'download-started')) await setImmediate();
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

describe('a second recording under a name that was used before, and that the PBX has deleted,', () => {
  const NAME = '20240517090000-meeting.wav';
  const deleted = { from: '1', to: '2', recordingName: NAME, misbehaviour: { kind: 'deleted' } } as const;

  test('is lost, with a dead letter, although another one is archived', async () => {
    const { pbx, clock, report, pass, deadLetters } = await startPbx();
    report(pbx.makeCall({ from: '1', to: '2', recordingName: NAME, recording: audio(3) }));
    await pass();
    clock.now += 30 * 24 * HOUR_MS;
    report(pbx.makeCall({ ...deleted, recording: audio(60) }), 60);
    await pass();
    expect(deadLetters).toHaveLength(1);
  });

  test('has a dead letter of its own, although another one had one a month ago', async () => {
    const { pbx, clock, report, pass, deadLetters } = await startPbx();
    for (const seconds of [9, 8]) {
      report(pbx.makeCall({ ...deleted, recording: audio(seconds) }), seconds);
      await pass();
      clock.now += 30 * 24 * HOUR_MS;
    }
    expect(deadLetters).toHaveLength(2);
    expect(eventsOf('recording-lost')).toHaveLength(2);
  });
});

test.each(['Ошибка: запись не найдена.', 'שגיאה: ההקלטה לא נמצאה', 'خطأ: التسجيل غير موجود'])(
  'a text is no raw GSM, although its first byte looks like it: %s',
  async (text) => {
    const { pbx, report, pass, stored } = await startPbx();
    const recordingName = '20240517090000-1.1-1001-1003-Internal.gsm';
    report(pbx.makeCall({ from: '1', to: '2', recordingName, recording: Buffer.from(text) }));
    await pass(MINUTE_MS);
    expect((await stored(recordingName)).all.size).toBe(0);
  },
);

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

describe('a second, different recording under one name', () => {
  const NAME = '20240517090000-meeting.wav';
  const [short, long] = [audio(3), audio(12).map((byte, index) => (index < 44 ? byte : byte ^ 0x55))];
  const buffer = (bytes: Uint8Array) => Buffer.from(bytes);

  test.each([
    ['longer', short, buffer(long)],
    ['shorter', buffer(long), short],
    ['of the same length', short, buffer(short.map((byte, index) => (index < 44 ? byte : byte ^ 0x55)))],
  ])('is kept, and so is the first: %s', async (_, first, second) => {
    const { pbx, clock, report, pass, stored, deadLetters } = await startPbx();
    const one = pbx.makeCall({ from: '1001', to: '1003', recordingName: NAME, recording: first });
    report(one);
    await pass();
    clock.now += HOUR_MS;
    const two = pbx.makeCall({ from: '1002', to: '1003', recordingName: NAME, recording: second });
    report(two);
    await pass();
    const { main, all } = await stored(NAME);
    expect([...all.values()].map(({ length }) => length).sort()).toEqual(
      [first.length, second.length].sort(),
    );
    expect([...all.values()].some((bytes) => bytes.equals(first))).toBe(true);
    expect([...all.values()].some((bytes) => bytes.equals(second))).toBe(true);
    // The longest one has the name; the other one has its CRC-32 in it.
    expect(main?.length).toBe(Math.max(first.length, second.length));
    expect([...all.keys()]).toEqual([
      NAME,
      expect.stringMatching(/^20240517090000-meeting~[0-9a-f]{8}\.wav$/),
    ]);
    expect(deadLetters).toEqual([]);
  });

  test('is kept, and so are all others, if the first ones have no CRC-32 because another program wrote them', async () => {
    const { pbx, clock, bucket, report, pass, stored } = await startPbx();
    const uploader = bucket.withoutChecksums();
    const Key = `recordings/test/2024/05/17/${NAME}`;
    const [first, second, third] = [audio(3), audio(4), audio(5)];
    for (const [Body, recording] of [
      [first, second],
      [second, third],
    ] as const) {
      await uploader.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
      clock.now = Date.now() + HOUR_MS;
      report(pbx.makeCall({ from: '1001', to: '1003', recordingName: NAME, recording }));
      await pass();
    }
    const { all } = await stored(NAME);
    // "npm run erase" looks for names with eight hex digits.
    const beside = expect.stringMatching(/^20240517090000-meeting~[0-9a-f]{8}\.wav$/);
    expect([...all.keys()]).toEqual([NAME, beside, beside]);
    const lengths = [...all.values()].map(({ length }) => length);
    expect(lengths.sort()).toEqual([first, second, third].map(({ length }) => length));
  });

  test('is stored in parts beside the first when it is long', async () => {
    const [first, second] = [longWav(13 * MiB), longWav(12 * MiB)];
    const { pbx, clock, bucket, report, pass, stored } = await startPbx({ partBytes: PART_BYTES });
    report(pbx.makeCall({ from: '1001', to: '1003', recordingName: NAME, recording: first }));
    await pass();
    clock.now += HOUR_MS;
    report(pbx.makeCall({ from: '1002', to: '1003', recordingName: NAME, recording: second }));
    await pass();
    const { main, all } = await stored(NAME);
    expect(main?.equals(first)).toBe(true);
    expect([...all.values()].some((bytes) => bytes.equals(second))).toBe(true);
    expect(eventsOf('archived', 'stored-beside')).toEqual(['archived', 'stored-beside']);
    expect(await bucket.openUploads()).toBe(0);
  });

  test('has its own checksum in its name, although the PBX replaces it between two downloads', async () => {
    const [first, second, third] = [longWav(13 * MiB), longWav(12 * MiB), longWav(11 * MiB)];
    let downloads = 0;
    const { pbx, clock, bucket, report, pass, stored } = await startPbx({
      partBytes: PART_BYTES,
      onEvent: ({ type }) => {
        if (type !== 'download-finished') return;
        downloads += 1;
        if (downloads === 2)
          pbx.makeCall({ from: '1003', to: '1003', recordingName: NAME, recording: third });
      },
    });
    report(pbx.makeCall({ from: '1001', to: '1003', recordingName: NAME, recording: first }));
    await pass();
    clock.now += HOUR_MS;
    report(pbx.makeCall({ from: '1002', to: '1003', recordingName: NAME, recording: second }));
    await pass();
    const { all } = await stored(NAME);
    const digits = crc32(third).toString(16).padStart(8, '0');
    expect([...all.keys()]).toEqual([NAME, NAME.replace('.wav', `~${digits}.wav`)]);
    expect([...all.values()].some((bytes) => bytes.equals(third))).toBe(true);
    expect(await bucket.openUploads()).toBe(0);
  });
});

describe('without Content-Length, half of a file', () => {
  const whole: [string, string, Buffer][] = [
    ['raw GSM', 'gsm', Buffer.alloc(33_000, 0xd4)],
    ['Ogg', 'ogg', Buffer.concat([Buffer.from('OggS\0\x02\0\0', 'latin1'), Buffer.alloc(20_000, 0x11)])],
    ['MP3', 'mp3', Buffer.concat([Buffer.from('fffb9064', 'hex'), Buffer.alloc(20_000, 0x11)])],
    ['WAV with sizes 0', 'wav', audio(5, { riffSize: 0, dataSize: 0 })],
    ['WAV with sizes 0xffffffff', 'wav', audio(5, { riffSize: 0xffffffff, dataSize: 0xffffffff })],
  ];

  test.each(whole)('is not taken for the whole: %s', async (_, extension, recording) => {
    const { pbx, clock, report, pass, stored, verifiedBy } = await startPbx({ contentLength: false });
    const recordingName = `20240517090000-1.1-1001-1003-Internal.${extension}`;
    const misbehaviour = { kind: 'cut', afterBytes: recording.length >> 1, how: 'fin' } as const;
    const call = pbx.makeCall({ from: '1001', to: '1003', recordingName, recording, misbehaviour });
    report(call);
    clock.now += 2 * HOUR_MS;
    await pass();
    expect((await stored(recordingName)).main?.equals(recording)).toBe(true);
    expect(await verifiedBy(recordingName)).toContain('identical-downloads');
  });
});

test('a whole file whose header lies is archived after the second download', async () => {
  const { pbx, report, pass, stored, verifiedBy, downloads, deadLetters } = await startPbx();
  const recording = audio(5, { riffSize: 0x7ffff024 & 0xffff });
  const call = pbx.makeCall({ from: '1001', to: '1003', recording });
  report(call);
  await pass();
  expect((await stored(call.recording)).main?.equals(recording)).toBe(true);
  expect(await verifiedBy(call.recording)).toBe('content-length identical-downloads header-contradicts');
  expect([downloads(), deadLetters]).toEqual([2, []]);
});

test('what starts like no audio is not taken at the first attempt', async () => {
  const { pbx, report, pass, stored } = await startPbx();
  const call = pbx.makeCall({
    from: '1001',
    to: '1003',
    recording: Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'),
  });
  report(call);
  await pass(MINUTE_MS);
  expect((await stored(call.recording)).all.size).toBe(0);
  pbx.writeRecording(call.recording, audio(4));
  await pass();
  expect((await stored(call.recording)).main?.equals(audio(4))).toBe(true);
});

test('a recording of 0 bytes ends within a day and an hour, with one dead letter', async () => {
  const { pbx, clock, bucket, report, pass, downloads, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(0) });
  report(call);
  const since = clock.now;
  await pass();
  expect(clock.now - since).toBeLessThanOrEqual(25 * HOUR_MS);
  expect(deadLetters).toMatchObject([{ error: { code: 'recording-empty' } }]);
  expect(await bucket.keys()).toEqual([`reconciliation/ended/test/2024/05/17/${call.recording}`]);
  expect(downloads()).toBeLessThan(60);
});

test('a recording whose job has ended empty is not lost as well when the PBX no longer has the file', async () => {
  const { pbx, report, pass, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(0) });
  report(call);
  await pass();
  expect(deadLetters).toMatchObject([{ error: { code: 'recording-empty' } }]);
  // The PBX repeats its report, and delivers other recordings.
  pbx.deleteRecording(call.recording, '20012');
  report(call);
  await pass(HOUR_MS);
  const other = pbx.makeCall({ from: '1001', to: '1003', recording: audio(4) });
  report(other);
  await pass();
  expect(deadLetters).toHaveLength(1);
  const events = eventsOf('archived', 'recording-lost', 'duplicate-dropped');
  expect(events).toEqual(['archived', 'duplicate-dropped']);
});

test('an empty response after a day without the storage of the PBX does not end the job', async () => {
  const { pbx, report, pass, stored, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: audio(4) });
  report(call);
  pbx.takeStorageAway('20012');
  await pass(30 * HOUR_MS);
  pbx.returnStorage();
  pbx.writeRecording(call.recording, Buffer.alloc(0));
  await pass(2 * HOUR_MS);
  pbx.writeRecording(call.recording, audio(4));
  await pass();
  expect((await stored(call.recording)).main?.equals(audio(4))).toBe(true);
  expect(deadLetters).toEqual([]);
});

test('a PBX whose storage goes away has not lost a recording that was empty before', async () => {
  const { pbx, report, pass, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(0) });
  report(call);
  await pass(22 * HOUR_MS);
  const other = pbx.makeCall({ from: '1001', to: '1003', recording: audio(4) });
  report(other);
  await pass(HOUR_MS);
  pbx.takeStorageAway('20012');
  await pass(6 * HOUR_MS);
  pbx.returnStorage();
  await pass();
  expect(eventsOf('recording-lost')).toEqual([]);
  expect(deadLetters).toMatchObject([{ error: { code: 'recording-empty' } }]);
});

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

test('compressed text is not audio either, if the client has not undone it', async () => {
  const { pbx, report, pass, stored } = await startPbx();
  const recording = gzipSync('{"status":"Failed","errno":"20014"}');
  const call = pbx.makeCall({ from: '1001', to: '1003', recording });
  report(call);
  await pass(MINUTE_MS);
  expect((await stored(call.recording)).all.size).toBe(0);
});

test('a long recording whose header states a few bytes more is archived, even if only ranges show its length', async () => {
  const { pbx, clock, report, pass, stored, verifiedBy, deadLetters } = await startPbx({
    contentLength: false,
    partBytes: PART_BYTES,
  });
  const recording = longWav(11 * MiB);
  // The writer forgot to subtract the eight bytes of the chunk's header.
  recording.writeUInt32LE(recording.length, 4);
  const call = pbx.makeCall({ from: '1001', to: '1003', recording });
  const reportedAt = clock.now;
  report(call);
  await pass();
  expect(deadLetters).toEqual([]);
  expect((await stored(call.recording)).main?.equals(recording)).toBe(true);
  expect(await verifiedBy(call.recording)).toBe('identical-downloads header-states-more');
  expect(clock.now - reportedAt).toBeLessThan(3 * HOUR_MS);
});
