import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../../functions/shared/config/tables.ts';
import {
  type BucketReader,
  createBucketReader,
} from '../../../../functions/shared/recording-index/bucket-reader.ts';
import { createIndexTable } from '../../../../functions/shared/recording-index/index-table.ts';
import { updateRow } from '../../../../functions/shared/recording-index/update-row.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { useDynamoDb, useS3 } from '../../aws-services.ts';
import { wav } from '../recordings/wav.ts';

const BUCKET = 'archive';
await useS3();
await useDynamoDb({ index: INDEX_TABLE });
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const bucket = createBucketReader(s3, BUCKET, () => 'Europe/Berlin');
const table = createIndexTable(createDynamoDbClient(), 'index');

let recordings = 0;
const newName = () => `20260115080000-1768460400.${recordings++}-1001-1000-Inbound.wav`;
const short = wav({ audioBytes: 8000 });
const long = wav({ audioBytes: 16_000 });
const put = (recording: string, Body: Buffer) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: recordingKey('hq', recording), Body }));
const remove = (recording: string) =>
  s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: recordingKey('hq', recording) }));

/** A reader whose next `count` looks become old while something else happens. */
function outrunBy(happen: (look: number) => Promise<unknown>, count = 1): BucketReader {
  let looks = 0;
  return {
    ...bucket,
    async describe(found, signal) {
      const row = await bucket.describe(found, signal);
      if (looks < count) await happen(looks++);
      return row;
    },
  };
}

test.each([
  ['replaced', (recording: string) => put(recording, long), { bytes: long.length }],
  ['deleted', remove, undefined],
])(
  'an event that is outrun by one of an object that was %s leaves the row as the bucket is',
  async (_, change, expected) => {
    const recording = newName();
    await put(recording, short);
    const slow = outrunBy(async () => {
      await change(recording);
      await updateRow('hq', recording, { bucket, table });
    });
    await updateRow('hq', recording, { bucket: slow, table });
    const row = await table.find('hq', recording);
    if (expected === undefined) expect(row).toBeUndefined();
    else expect(row).toMatchObject({ state: 'archived', ...expected });
  },
);

test('a recording that keeps changing while its row is written is left to the next event', async () => {
  const recording = newName();
  await put(recording, short);
  const restless = outrunBy(
    (look) => put(recording, look % 2 === 0 ? long : short),
    Number.POSITIVE_INFINITY,
  );
  await expect(updateRow('hq', recording, { bucket: restless, table })).rejects.toMatchObject({
    code: 'index-unsettled',
  });
});
