import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { Job } from '../../../../functions/shared/jobs/job.ts';
import { createMarkers, markerKey } from '../../../../functions/shared/recordings/markers.ts';
import { useS3 } from '../../aws-services.ts';

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';

await useS3();
const s3 = new S3Client({ forcePathStyle: true });

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
  expect(markerKey('lost', 'hq', 'odd.wav')).toBe('reconciliation/lost/hq/undated/odd.wav');
});

test('the marker of an erased recording has a digest of the name, without the phone numbers', () => {
  // printf %s RECORDING | sha256sum
  const digest = '7a054f65e85be949181d3ff2a87a9b19ad4d4da042bf57906224a7c683f78075';
  expect(markerKey('erased', 'hq', RECORDING)).toBe(`reconciliation/erased/hq/2017/09/01/${digest}`);
});

const job = (pbx: string, reportedAt: string): Job => ({
  version: 1,
  pbx,
  recording: RECORDING,
  call: {},
  reportedAt,
});
const REPORTED = job('hq', '2026-01-01T00:00:00.000Z');

test('how a recording ended is marked once, for the job that ended first', async () => {
  const { markers, objects } = await startMarkers('ended');
  expect(await markers.markEnded('lost', REPORTED)).toBe('first');
  expect(await markers.markEnded('lost', REPORTED)).toBe('again');
  expect(await markers.markEnded('lost', job('hq', '2026-01-01T01:00:00.000Z'))).toBe('duplicate');
  expect(await markers.markEnded('lost', job('branch', REPORTED.reportedAt))).toBe('first');
  expect(await objects()).toEqual([
    [markerKey('lost', 'branch', RECORDING), 0],
    [markerKey('lost', 'hq', RECORDING), 0],
  ]);
});

test('a marker of another call, or one whose dead letter has expired, is replaced', async () => {
  const { markers } = await startMarkers('replaced');
  const later = { ...job('hq', '2026-02-01T00:00:00.000Z'), call: { callId: '1.2' } };
  expect(await markers.markEnded('lost', { ...REPORTED, call: { callId: '1.1' } })).toBe('first');
  expect(await markers.markEnded('lost', later)).toBe('first');
  expect(await markers.markEnded('lost', later)).toBe('again');
  const copy = { ...later, reportedAt: '2026-02-01T01:00:00.000Z' };
  expect(await markers.markEnded('lost', copy)).toBe('duplicate');
  const in15Days = createMarkers(s3, 'replaced', () => Date.now() + 15 * 24 * 3_600_000);
  expect(await in15Days.markEnded('lost', copy)).toBe('first');
});

test('a marker of an older version, which does not name its job, counts for every job', async () => {
  const { markers } = await startMarkers('older');
  await s3.send(new PutObjectCommand({ Bucket: 'older', Key: markerKey('lost', 'hq', RECORDING), Body: '' }));
  expect(await markers.markEnded('lost', REPORTED)).toBe('again');
});

test('a recording can be marked as queued again', async () => {
  const { markers, objects } = await startMarkers('queued');
  await markers.markQueued({ pbx: 'hq', recording: RECORDING, call: {} });
  await markers.markQueued({ pbx: 'hq', recording: RECORDING, call: {} });
  expect(await objects()).toEqual([[markerKey('queued', 'hq', RECORDING), 0]]);
});

test('a marker that cannot be written is an error', async () => {
  const markers = createMarkers(s3, 'no-such-bucket');
  await expect(markers.markEnded('lost', REPORTED)).rejects.toThrow();
  await expect(markers.markQueued({ pbx: 'hq', recording: RECORDING, call: {} })).rejects.toThrow();
});
