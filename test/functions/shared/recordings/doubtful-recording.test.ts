import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { COMPLETE_FILES, UNFINISHED_FILES } from './encoder-files.ts';
import { longWav, MiB, PART_BYTES } from './long-call-harness.ts';
import { audio, HOUR_MS, MINUTE_MS, startPbx } from './queue-harness.ts';

function fileOf(files: { content: string; bytes: Buffer }[], content: string): Buffer {
  const file = files.find((candidate) => candidate.content === content);
  if (file === undefined) throw new Error(`No encoder has written: ${content}`);
  return file.bytes;
}

describe('without Content-Length, half of a file', () => {
  const whole: [string, string, Buffer][] = [
    ['raw GSM', 'gsm', Buffer.alloc(33_000, 0xd4)],
    ['Ogg', 'ogg', Buffer.concat([Buffer.from('OggS\0\x02\0\0', 'latin1'), Buffer.alloc(20_000, 0x11)])],
    ['MP3', 'mp3', Buffer.concat([Buffer.from('fffb9064', 'hex'), Buffer.alloc(20_000, 0x11)])],
    ['WAV with sizes 0', 'wav', audio(5, { riffSize: 0, dataSize: 0 })],
    ['WAV with sizes 0xffffffff', 'wav', audio(5, { riffSize: 0xffffffff, dataSize: 0xffffffff })],
  ];

  /** A recorder that writes to a pipe, or was killed, and the audio that follows. */
  const unclosed = ['to a pipe: RF64', 'killed: RIFX', 'to a pipe: W64', 'to a pipe: FLAC'].map(
    (content): [string, string, Buffer] => [
      content,
      content.endsWith('FLAC') ? 'flac' : 'wav',
      Buffer.concat([fileOf(UNFINISHED_FILES, content), Buffer.alloc(20_000, 0x11)]),
    ],
  );

  test.each([...whole, ...unclosed])('is not taken for the whole: %s', async (_, extension, recording) => {
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

test.each(['RIFX', 'RF64', 'W64'])(
  'a complete %s is told from one that was cut by its header',
  async (content) => {
    const { pbx, report, pass, stored, verifiedBy, downloads } = await startPbx({ contentLength: false });
    const recording = fileOf(COMPLETE_FILES, content);
    const misbehaviour = { kind: 'cut', afterBytes: recording.length - 8, how: 'fin' } as const;
    const call = pbx.makeCall({ from: '1001', to: '1003', recording, misbehaviour });
    report(call);
    await pass();
    expect((await stored(call.recording)).main?.equals(recording)).toBe(true);
    expect(await verifiedBy(call.recording)).toBe(content === 'W64' ? 'w64-header' : 'riff-header');
    expect(downloads()).toBe(2);
  },
);

test('a whole file with the sizes that SoX writes for a stream is archived when its call is an hour old', async () => {
  const { pbx, clock, report, pass, stored, verifiedBy, deadLetters } = await startPbx();
  const recording = audio(5, { riffSize: 0x7ffff024, dataSize: 0x7ffff000 });
  const call = pbx.makeCall({ from: '1001', to: '1003', recording });
  const reportedAt = clock.now;
  report(call);
  await pass();
  expect((await stored(call.recording)).main?.equals(recording)).toBe(true);
  expect(await verifiedBy(call.recording)).toBe('content-length header-unwritten');
  expect(clock.now - reportedAt).toBeLessThan(2 * HOUR_MS);
  expect(deadLetters).toEqual([]);
});

test('a whole file whose header states too little is archived after the second download', async () => {
  const { pbx, report, pass, stored, verifiedBy, downloads, deadLetters } = await startPbx();
  const recording = audio(5, { riffSize: 61_476 });
  const call = pbx.makeCall({ from: '1001', to: '1003', recording });
  report(call);
  await pass();
  expect((await stored(call.recording)).main?.equals(recording)).toBe(true);
  expect(await verifiedBy(call.recording)).toBe('content-length identical-downloads header-contradicts');
  expect([downloads(), deadLetters]).toEqual([2, []]);
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

test('compressed text is not audio either, if the client has not undone it', async () => {
  const { pbx, report, pass, stored } = await startPbx();
  const recording = gzipSync('{"status":"Failed","errno":"20014"}');
  const call = pbx.makeCall({ from: '1001', to: '1003', recording });
  report(call);
  await pass(MINUTE_MS);
  expect((await stored(call.recording)).all.size).toBe(0);
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
