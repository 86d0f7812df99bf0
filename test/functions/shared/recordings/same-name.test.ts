import { crc32 } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { BUCKET } from './archive-harness.ts';
import { longWav, MiB, PART_BYTES } from './long-call-harness.ts';
import { audio, captureEvents, HOUR_MS, startPbx } from './queue-harness.ts';

const eventsOf = captureEvents();

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
