import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Uploads } from '../../../../infra/local/s3/uploads.ts';
import { BUCKET, patternedBytes, startEmbeddedS3 } from './embedded-s3.ts';

const DAY_MS = 24 * 60 * 60_000;

type S3 = Awaited<ReturnType<typeof startEmbeddedS3>>;

/** An upload with one part, which nobody completes or aborts: whoever began it was killed. */
async function leaveUpload({ client }: S3, Key: string): Promise<string> {
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
  const part = { Bucket: BUCKET, Key, UploadId, PartNumber: 1, Body: patternedBytes(100_000) };
  await client.send(new UploadPartCommand(part));
  return UploadId;
}

const uploadsFolder = ({ directory }: S3) => join(directory, '.s3', BUCKET, 'uploads');

test('uploads are removed at the start a day after they were initiated, as by the bucket’s lifecycle rule', async () => {
  const s3 = await startEmbeddedS3();
  const old = await leaveUpload(s3, 'old');
  s3.clock.nowMs += 1000;
  const recent = await leaveUpload(s3, 'recent');
  s3.clock.nowMs += DAY_MS - 1000;
  await s3.restart();
  expect(await readdir(uploadsFolder(s3))).toHaveLength(2);

  s3.clock.nowMs += 1;
  await s3.restart();
  expect(await readdir(uploadsFolder(s3))).toEqual([recent]);
  expect(await s3.leftovers()).toEqual([]);
  expect(old).not.toBe(recent);
});

test('uploads are removed every day while the server runs', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  const s3 = await startEmbeddedS3();
  await leaveUpload(s3, 'left');
  const removeOld = vi.spyOn(Uploads.prototype, 'removeOlderThan');
  s3.clock.nowMs += DAY_MS + 1;
  vi.advanceTimersByTime(DAY_MS);
  await removeOld.mock.results[0]?.value;
  expect(await readdir(uploadsFolder(s3))).toEqual([]);
});

test('an upload whose description is damaged is not listed, and is removed a day after its last part', async () => {
  const s3 = await startEmbeddedS3();
  const damaged = await leaveUpload(s3, 'damaged');
  await writeFile(join(uploadsFolder(s3), damaged, 'upload.json'), '{"uploadId":');
  const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  expect(Uploads).toEqual([]);
  await s3.restart();
  expect(await readdir(uploadsFolder(s3))).toEqual([damaged]);

  const longAgo = new Date(s3.clock.nowMs - DAY_MS - 1000);
  await utimes(join(uploadsFolder(s3), damaged), longAgo, longAgo);
  await s3.restart();
  expect(await readdir(uploadsFolder(s3))).toEqual([]);
});
