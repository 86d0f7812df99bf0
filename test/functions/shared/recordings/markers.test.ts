import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
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

test('a recording is marked as lost only once', async () => {
  const { markers, objects } = await startMarkers('lost');
  expect(await markers.markLost('hq', RECORDING)).toBe(true);
  expect(await markers.markLost('hq', RECORDING)).toBe(false);
  expect(await markers.markLost('branch', RECORDING)).toBe(true);
  expect(await objects()).toEqual([
    [markerKey('lost', 'branch', RECORDING), 0],
    [markerKey('lost', 'hq', RECORDING), 0],
  ]);
});

test('a recording can be marked as queued again', async () => {
  const { markers, objects } = await startMarkers('queued');
  await markers.markQueued('hq', RECORDING);
  await markers.markQueued('hq', RECORDING);
  expect(await objects()).toEqual([[markerKey('queued', 'hq', RECORDING), 0]]);
});

test('a marker that cannot be written is an error', async () => {
  const markers = createMarkers(s3, 'no-such-bucket');
  await expect(markers.markLost('hq', RECORDING)).rejects.toThrow();
  await expect(markers.markQueued('hq', RECORDING)).rejects.toThrow();
});
