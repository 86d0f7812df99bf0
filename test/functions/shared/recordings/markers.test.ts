import {
  CreateBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Job } from '../../../../functions/shared/jobs/job.ts';
import { createMarkers, markerKey } from '../../../../functions/shared/recordings/markers.ts';
import { useS3 } from '../../aws-services.ts';

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';

await useS3();
const s3 = new S3Client({ forcePathStyle: true });

/** Stamps the markers by the test's clock instead of S3's. */
function clientWithClock(clock: { now: number }): S3Client {
  const client = new S3Client({ forcePathStyle: true });
  const writtenAt = new Map<string, number>();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const { Key: key = '' } = args.input as { Key?: string };
        if (commandName === 'PutObjectCommand') writtenAt.set(key, clock.now);
        else Object.assign(result.output, { LastModified: new Date(writtenAt.get(key) ?? 0) });
        return result;
      },
    { step: 'initialize' },
  );
  onTestFinished(() => client.destroy());
  return client;
}

async function startMarkers(bucket: string) {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const objects = async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key, Size }) => [Key, Size]);
  };
  return { markers: createMarkers(s3, bucket), objects };
}

test('a marker key has the PBX, the day and the name of the recording, outside the prefix of the recordings', () => {
  expect(markerKey('queued', 'hq', RECORDING)).toBe(`reconciliation/queued/hq/2017/09/01/${RECORDING}`);
  expect(markerKey('ended', 'hq', 'odd.wav')).toBe('reconciliation/ended/hq/undated/odd.wav');
});

test('the marker of an erased recording has a digest of the name, without the phone numbers', () => {
  // printf %s RECORDING | sha256sum
  const digest = '7a054f65e85be949181d3ff2a87a9b19ad4d4da042bf57906224a7c683f78075';
  expect(markerKey('erased', 'hq', RECORDING)).toBe(`reconciliation/erased/hq/2017/09/01/${digest}`);
});

test('a recording counts as erased if it has the marker, but not if another one may have its name', async () => {
  const { markers } = await startMarkers('erased');
  const mark = (recording: string) =>
    s3.send(new PutObjectCommand({ Bucket: 'erased', Key: markerKey('erased', 'hq', recording) }));
  expect(await markers.isErased({ pbx: 'hq', recording: RECORDING })).toBe(false);
  await mark(RECORDING);
  await mark('meeting.wav');
  expect(await markers.isErased({ pbx: 'hq', recording: RECORDING })).toBe(true);
  expect(await markers.isErased({ pbx: 'branch', recording: RECORDING })).toBe(false);
  expect(await markers.isErased({ pbx: 'hq', recording: 'meeting.wav' })).toBe(false);
});

const ENDINGS = ['lost', 'not-recorded', 'dead-lettered'] as const;
const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;

const job = (pbx: string, reportedAt: string, callId = '1.1'): Job => ({
  version: 1,
  pbx,
  recording: RECORDING,
  call: { callId },
  reportedAt,
});
const REPORTED = job('hq', '2026-01-01T00:00:00.000Z');
const REPEATED = job('hq', '2026-01-01T01:00:00.000Z');
/** When jobs are queued. S3's clock, which is that of this machine, stamps the markers. */
const BEFORE = Date.now() - DAY_MS;
const LATER = Date.now() + DAY_MS;

describe('how a recording ended', () => {
  test('is marked once, for the job that ended first', async () => {
    const { markers, objects } = await startMarkers('ended');
    expect(await markers.markEnded('lost', REPORTED, BEFORE)).toBe('first');
    expect(await markers.markEnded('lost', REPORTED, BEFORE)).toBe('again');
    expect(await markers.markEnded('lost', REPEATED, BEFORE)).toBe('duplicate');
    expect(await markers.markEnded('lost', job('branch', REPORTED.reportedAt), BEFORE)).toBe('first');
    expect(await objects()).toEqual([
      [markerKey('ended', 'branch', RECORDING), 0],
      [markerKey('ended', 'hq', RECORDING), 0],
    ]);
  });

  const PAIRS = ENDINGS.flatMap((first) => ENDINGS.map((second) => [first, second] as const));

  test.each(PAIRS)('is not marked again when it was %s and another job ends as %s', async (first, second) => {
    const { markers } = await startMarkers(`other-${first}-${second}`);
    expect(await markers.markEnded(first, REPORTED, BEFORE)).toBe('first');
    expect(await markers.markEnded(second, REPEATED, BEFORE)).toBe('duplicate');
  });

  test.each(PAIRS)(
    'is not marked again when it was %s and a copy of the job ends as %s',
    async (first, second) => {
      const { markers } = await startMarkers(`copy-${first}-${second}`);
      expect(await markers.markEnded(first, REPORTED, BEFORE)).toBe('first');
      // A dead letter may not have been written.
      const expected = first === 'not-recorded' ? 'duplicate' : 'again';
      expect(await markers.markEnded(second, REPORTED, BEFORE)).toBe(expected);
    },
  );

  test('is settled when the dead letter is written: copies of the job have nothing left to do', async () => {
    const { markers } = await startMarkers('settled');
    expect(await markers.markEnded('lost', REPORTED, BEFORE)).toBe('first');
    await markers.markDeadLettered('lost', REPORTED);
    expect(await markers.markEnded('lost', REPORTED, BEFORE)).toBe('duplicate');
    expect(await markers.markEnded('dead-lettered', REPORTED, BEFORE)).toBe('duplicate');
    expect(await markers.markEnded('lost', REPORTED, LATER)).toBe('again');
  });

  test('is marked anew for a job that was sent back, but a loss counts once', async () => {
    const { markers } = await startMarkers('sent-back');
    expect(await markers.markEnded('dead-lettered', REPORTED, BEFORE)).toBe('first');
    expect(await markers.markEnded('lost', REPORTED, LATER)).toBe('first');
    expect(await markers.markEnded('lost', REPORTED, LATER)).toBe('again');
  });

  test('is marked anew for another call, or when the dead letter has expired', async () => {
    const { markers } = await startMarkers('replaced');
    const later = job('hq', '2026-02-01T00:00:00.000Z', '1.2');
    expect(await markers.markEnded('lost', REPORTED, BEFORE)).toBe('first');
    expect(await markers.markEnded('lost', later, BEFORE)).toBe('first');
    expect(await markers.markEnded('lost', later, BEFORE)).toBe('again');
    const copy = { ...later, reportedAt: '2026-02-01T01:00:00.000Z' };
    expect(await markers.markEnded('lost', copy, BEFORE)).toBe('duplicate');
    const in15Days = createMarkers(s3, 'replaced', () => Date.now() + 15 * DAY_MS);
    expect(await in15Days.markEnded('lost', copy, BEFORE)).toBe('first');
  });

  test('is the same call if one of the jobs does not name it', async () => {
    const named = job('hq', '2026-02-01T00:00:00.000Z');
    const unnamed = { ...job('hq', '2026-02-01T01:00:00.000Z'), call: {} };
    for (const [index, jobs] of [
      [named, unnamed],
      [unnamed, named],
    ].entries()) {
      const { markers } = await startMarkers(`unnamed-${index}`);
      const endings = jobs.map((one) => () => markers.markEnded('lost', one, BEFORE));
      expect(await endings[0]?.()).toBe('first');
      expect(await endings[1]?.()).toBe('duplicate');
    }
  });

  test('is not marked again by a copy of an earlier call, unless that was sent back', async () => {
    const { markers } = await startMarkers('alternating');
    const other = job('hq', '2026-02-01T00:00:00.000Z', '1.2');
    for (const one of [REPORTED, other]) {
      expect(await markers.markEnded('dead-lettered', one, BEFORE)).toBe('first');
      await markers.markDeadLettered('dead-lettered', one);
    }
    expect(await markers.markEnded('dead-lettered', REPORTED, BEFORE)).toBe('duplicate');
    expect(await markers.markEnded('dead-lettered', other, BEFORE)).toBe('duplicate');
    expect(await markers.markEnded('dead-lettered', REPORTED, LATER)).toBe('first');
    await markers.markDeadLettered('dead-lettered', REPORTED);
    expect(await markers.markEnded('dead-lettered', other, BEFORE)).toBe('duplicate');
  });

  test('is marked again by an earlier call that was sent back before another one ended', async () => {
    await startMarkers('sent-back-before');
    const clock = { now: Date.now() };
    const markers = createMarkers(clientWithClock(clock), 'sent-back-before', () => clock.now);
    const other = job('hq', '2026-02-01T00:00:00.000Z', '1.2');
    const queuedAt = clock.now - DAY_MS;
    expect(await markers.markEnded('dead-lettered', REPORTED, queuedAt)).toBe('first');
    await markers.markDeadLettered('dead-lettered', REPORTED);
    const sentBackAt = clock.now + 60 * SECOND_MS;
    clock.now += DAY_MS;
    expect(await markers.markEnded('dead-lettered', other, queuedAt)).toBe('first');
    await markers.markDeadLettered('dead-lettered', other);
    // A copy of the first job is older than its marker, the job that was sent back is not.
    expect(await markers.markEnded('dead-lettered', REPORTED, queuedAt)).toBe('duplicate');
    expect(await markers.markEnded('dead-lettered', REPORTED, sentBackAt)).toBe('first');
  });

  test('knows ten earlier calls with the same name, however long the facts of the calls are', async () => {
    const { markers } = await startMarkers('twelve-calls');
    const long = 'ä'.repeat(1000);
    const jobs = Array.from({ length: 12 }, (_, index): Job => {
      const call = {
        callId: `${index} ${long}`,
        from: long,
        to: long,
        type: long,
        status: long,
        start: long,
      };
      const facts = { talkSeconds: long, trunk: long, did: long, serialNumber: long };
      return { ...job('hq', `2026-02-${10 + index}T00:00:00.000Z`), call: { ...call, ...facts } };
    });
    for (const one of jobs) {
      expect(await markers.markEnded('dead-lettered', one, BEFORE)).toBe('first');
      await markers.markDeadLettered('dead-lettered', one);
    }
    const copies = jobs.map((one) => ({ ...one, reportedAt: '2026-03-01T00:00:00.000Z' }));
    for (const copy of copies.slice(1))
      expect(await markers.markEnded('dead-lettered', copy, BEFORE)).toBe('duplicate');
    const [oldest] = copies as [Job];
    expect(await markers.markEnded('dead-lettered', oldest, BEFORE)).toBe('first');
  });

  test('is marked again by an earlier call whose dead letter may not be written', async () => {
    const { markers } = await startMarkers('unsettled');
    const other = job('hq', '2026-02-01T00:00:00.000Z', '1.2');
    expect(await markers.markEnded('dead-lettered', REPORTED, BEFORE)).toBe('first');
    expect(await markers.markEnded('dead-lettered', other, BEFORE)).toBe('first');
    await markers.markDeadLettered('dead-lettered', other);
    expect(await markers.markEnded('dead-lettered', REPORTED, BEFORE)).toBe('first');
    // What another call has settled meanwhile is not forgotten.
    expect(await markers.markEnded('dead-lettered', other, BEFORE)).toBe('duplicate');
  });

  test('was marked by version 0.1.0 without the job, so that this counts for every job', async () => {
    const { markers } = await startMarkers('older');
    const key = markerKey('lost', 'hq', RECORDING);
    await s3.send(new PutObjectCommand({ Bucket: 'older', Key: key, Body: '' }));
    expect(await markers.markEnded('lost', REPORTED, BEFORE)).toBe('again');
  });

  test('can be read from the marker', async () => {
    const { markers } = await startMarkers('metadata');
    await markers.markEnded('not-recorded', REPORTED, BEFORE);
    const key = markerKey('ended', 'hq', RECORDING);
    const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket: 'metadata', Key: key }));
    expect(Metadata).toEqual({
      ending: 'not-recorded',
      settled: 'yes',
      'reported-at': REPORTED.reportedAt,
      'call-id': '1.1',
    });
  });
});

test('a recording can be marked as queued again', async () => {
  const { markers, objects } = await startMarkers('queued');
  await markers.markQueued({ pbx: 'hq', recording: RECORDING, call: {} });
  await markers.markQueued({ pbx: 'hq', recording: RECORDING, call: {} });
  expect(await objects()).toEqual([[markerKey('queued', 'hq', RECORDING), 0]]);
});

test('a marker that cannot be written is an error', async () => {
  const markers = createMarkers(s3, 'no-such-bucket');
  await expect(markers.markEnded('lost', REPORTED, BEFORE)).rejects.toThrow();
  await expect(markers.markQueued({ pbx: 'hq', recording: RECORDING, call: {} })).rejects.toThrow();
});
