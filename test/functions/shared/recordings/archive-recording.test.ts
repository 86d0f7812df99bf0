import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { generateSpeech } from '../../../../infra/simulated-pbx/speech.ts';
import { startArchiveHarness } from './archive-harness.ts';

const MiB = 1024 * 1024;

const base64Crc32 = (bytes: Buffer) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(crc32(bytes));
  return buffer.toString('base64');
};

/** Two parts of the smallest size that S3 accepts, and a shorter one. */
const LONG = generateSpeech({ seconds: (12 * MiB) / 16_000 });

const CALL = { from: '+49 30 90', to: '1000', type: 'Inbound' } as const;

describe('a recording', () => {
  test('is stored byte for byte under its date, with its type and a full-object CRC32', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness();
    const call = pbx.makeCall(CALL);
    expect(await deliver(jobFor(call))).toBe(true);
    const key = `recordings/test/2024/05/17/${call.recording}`;
    expect(await bucket.keys()).toEqual([key]);
    expect(await bucket.bytesOf(key)).toEqual(call.bytes);
    const head = await bucket.head(key);
    expect(head).toMatchObject({
      ContentType: 'audio/wav',
      ChecksumCRC32: base64Crc32(call.bytes),
      ChecksumType: 'FULL_OBJECT',
    });
  });

  test('longer than one part is stored in parts, with one CRC32 of the whole', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness({ partBytes: 5 * MiB });
    const call = pbx.makeCall({ ...CALL, recording: LONG });
    expect(await deliver(jobFor(call))).toBe(true);
    const [key = ''] = await bucket.keys();
    expect((await bucket.bytesOf(key ?? '')).equals(LONG)).toBe(true);
    const head = await bucket.head(key ?? '');
    expect(head).toMatchObject({ ChecksumCRC32: base64Crc32(LONG), ChecksumType: 'FULL_OBJECT' });
    expect(head.ETag).toMatch(/-3"$/);
    expect(await bucket.openUploads()).toBe(0);
  });

  test('has the call details of the report as metadata', async () => {
    const { pbx, bucket, clock, jobFor, deliver } = await startArchiveHarness();
    const call = pbx.makeCall(CALL);
    const callDetails = { callId: call.callId, from: '+49 30 90', trunk: 'Köln 100%', talkSeconds: '4' };
    await deliver({ ...jobFor(call), call: callDetails });
    const { Metadata } = await bucket.head(`recordings/test/2024/05/17/${call.recording}`);
    expect(Metadata).toEqual({
      'opened-at': new Date(clock.now).toISOString(),
      'call-id': call.callId,
      from: '+49 30 90',
      trunk: 'K%C3%B6ln 100%25',
      'talk-seconds': '4',
      'verified-by': 'content-length riff-header',
    });
  });

  test('of one part takes two requests to S3: one to write it, one to verify it', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness();
    expect(await deliver(jobFor(pbx.makeCall(CALL)))).toBe(true);
    expect(bucket.methods).toEqual(['PUT', 'HEAD']);
  });

  test('of several parts that is already archived starts no upload', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness({ partBytes: 5 * MiB });
    const call = pbx.makeCall({ ...CALL, recording: LONG });
    await deliver(jobFor(call));
    bucket.methods.length = 0;
    expect(await deliver(jobFor(call))).toBe(true);
    expect(bucket.methods).toEqual(['HEAD']);
  });

  test.each([
    ['one part', undefined, generateSpeech({ seconds: 4 })],
    ['several parts', 5 * MiB, LONG],
  ])(
    'of %s that two functions archive at the same time becomes one object, and both succeed',
    async (_, partBytes, recording) => {
      const harness = await startArchiveHarness(partBytes === undefined ? {} : { partBytes });
      const { pbx, bucket, jobFor, deliver } = harness;
      const call = pbx.makeCall({ ...CALL, recording });
      // Log in first: otherwise one of the two would have to wait for the login of the other.
      await deliver(jobFor(pbx.makeCall(CALL)));
      expect(await Promise.all([deliver(jobFor(call)), deliver(jobFor(call))])).toEqual([true, true]);
      expect(await bucket.keys()).toHaveLength(2);
      expect(await bucket.openUploads()).toBe(0);
      expect(pbx.stats.reusedRandoms).toBe(0);
    },
  );

  test('whose recorder never wrote its sizes is stored after an hour and marked as such', async () => {
    const { pbx, bucket, clock, jobFor, deliver, nextJob } = await startArchiveHarness();
    const recording = generateSpeech({ seconds: 2 });
    recording.writeUInt32LE(0, 4);
    recording.writeUInt32LE(0xffffffff, 40);
    const call = pbx.makeCall({ ...CALL, recording });
    const job = jobFor(call);
    await deliver(job);
    expect(await bucket.keys()).toEqual([]);
    clock.now += 60 * 60_000;
    expect(await deliver(nextJob(job))).toBe(true);
    const { Metadata } = await bucket.head(`recordings/test/2024/05/17/${call.recording}`);
    expect(Metadata?.['verified-by']).toBe('content-length header-unwritten');
  });

  test('without a date in its name is stored as undated', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness();
    const call = pbx.makeCall({ ...CALL, recordingName: 'Ärger+*#1 .yswav' });
    expect(await deliver(jobFor(call))).toBe(true);
    expect(await bucket.keys()).toEqual(['recordings/test/undated/Ärger+*#1 .yswav']);
  });

  test.each([
    [
      '20240517093000-1.1-..\\..\\1001-1003-Inbound.wav',
      '2024/05/17/encoded/20240517093000-1.1-..%5C..%5C1001-1003-Inbound.wav',
    ],
    ['.hidden.wav', 'undated/encoded/%2Ehidden.wav'],
    ['a\tb\r\nc\0.wav', 'undated/encoded/a%09b%0D%0Ac%00.wav'],
    ['../2024/05/17/a.wav', 'undated/encoded/%2E.%2F2024%2F05%2F17%2Fa.wav'],
  ])('with the name %j is requested by it, and stored under an encoded key with it', async (name, path) => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness();
    const call = pbx.makeCall({ ...CALL, recordingName: name });
    expect(await deliver(jobFor(call))).toBe(true);
    expect(await bucket.keys()).toEqual([`recordings/test/${path}`]);
    const { Metadata } = await bucket.head(`recordings/test/${path}`);
    expect(decodeURIComponent(Metadata?.recording ?? '')).toBe(name);
    // A second report of the same call finds it there.
    expect(await deliver(jobFor(call))).toBe(true);
    expect(await bucket.keys()).toHaveLength(1);
  });

  test('is requested with the allowed address if one is configured', async () => {
    const harness = await startArchiveHarness({ settings: { allowedIp: '127.0.0.1' } });
    const call = harness.pbx.makeCall(CALL);
    expect(await harness.deliver(harness.jobFor(call))).toBe(true);
  });
});
