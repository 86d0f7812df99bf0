import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createLedger, ledgerKey } from '../../../../functions/shared/recordings/markers.ts';
import { useS3 } from '../../aws-services.ts';

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';

await useS3();
const s3 = new S3Client({ forcePathStyle: true });

async function startLedger(bucket: string) {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const objects = async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key, Size }) => [Key, Size]);
  };
  return { ledger: createLedger(s3, bucket), objects };
}

test('a note lies by the recording’s PBX, day and name, apart from the recordings', () => {
  expect(ledgerKey('queued', 'hq', RECORDING)).toBe(`reconciliation/queued/hq/2017/09/01/${RECORDING}`);
  expect(ledgerKey('lost', 'hq', 'odd.wav')).toBe('reconciliation/lost/hq/undated/odd.wav');
});

test('a recording is noted as lost once', async () => {
  const { ledger, objects } = await startLedger('lost');
  expect(await ledger.noteLost('hq', RECORDING)).toBe(true);
  expect(await ledger.noteLost('hq', RECORDING)).toBe(false);
  expect(await ledger.noteLost('branch', RECORDING)).toBe(true);
  expect(await objects()).toEqual([
    [ledgerKey('lost', 'branch', RECORDING), 0],
    [ledgerKey('lost', 'hq', RECORDING), 0],
  ]);
});

test('a recording may be noted as queued again', async () => {
  const { ledger, objects } = await startLedger('queued');
  await ledger.noteQueued('hq', RECORDING);
  await ledger.noteQueued('hq', RECORDING);
  expect(await objects()).toEqual([[ledgerKey('queued', 'hq', RECORDING), 0]]);
});

test('what cannot be noted is an error', async () => {
  const ledger = createLedger(s3, 'no-such-bucket');
  await expect(ledger.noteLost('hq', RECORDING)).rejects.toThrow();
  await expect(ledger.noteQueued('hq', RECORDING)).rejects.toThrow();
});
