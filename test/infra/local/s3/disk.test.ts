import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BUCKET, createClient, startEmbeddedS3 } from './embedded-s3.ts';

/** Makes every write to a file fail with this error of the system, until the returned function is called. */
async function breakDisk(code: string, reason: string): Promise<() => void> {
  const file = await open('/dev/null');
  const prototype = Object.getPrototypeOf(file) as typeof file;
  await file.close();
  const failure = vi
    .spyOn(prototype, 'writeFile')
    .mockImplementation(async () =>
      Promise.reject(Object.assign(new Error(`${code}: ${reason}, write`), { code })),
    );
  onTestFinished(() => failure.mockRestore());
  return () => failure.mockRestore();
}

test.each([
  [
    'DiskFull',
    'ENOSPC',
    'no space left on device',
    /^The disk that holds .* is full\. Free some space on it/,
  ],
  ['DiskFull', 'EDQUOT', 'disk quota exceeded', /^The disk that holds .* is full\. Free some space on it/],
  [
    'DiskNotWritable',
    'EROFS',
    'read-only file system',
    /cannot be read or written \(EROFS.*Make it accessible/,
  ],
  ['DiskFailed', 'EIO', 'i/o error', /^The disk that holds .* reports an error \(EIO.*Check it/],
])(
  '%s: writes fail with one sentence for %s, and work again afterwards',
  async (name, code, reason, sentence) => {
    const print = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => print.mockRestore());
    const s3 = await startEmbeddedS3();
    // With the SDK's usual retries.
    const client = createClient(s3.url, { maxAttempts: 3 });
    const target = { Bucket: BUCKET, Key: 'call.wav' };
    const put = () => client.send(new PutObjectCommand({ ...target, Body: 'the call' }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const uploadPart = () =>
      client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: 'a part' }));

    const mend = await breakDisk(code, reason);
    for (const write of [put, uploadPart, put])
      await expect(write()).rejects.toMatchObject({
        name,
        message: expect.stringMatching(sentence),
        $metadata: { httpStatusCode: 507, attempts: 1 },
      });
    expect(print.mock.calls).toEqual([[expect.stringMatching(sentence)]]);
    expect(await s3.leftovers()).toEqual([]);
    expect(await readdir(join(s3.directory, BUCKET))).toEqual([]);

    mend();
    await Promise.all([put(), uploadPart()]);
    const { Body } = await client.send(new GetObjectCommand(target));
    expect(await Body?.transformToString()).toBe('the call');
  },
);
