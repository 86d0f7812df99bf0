import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { request } from 'undici';
import type { Transfer } from '../streaming.ts';

const client = new S3Client({ forcePathStyle: true });

/** The AWS SDK's own uploader, with two parts of 8 MiB in flight. */
export async function handler({ source, bucket, key }: Transfer): Promise<void> {
  const { body } = await request(source);
  await new Upload({
    client,
    params: { Bucket: bucket, Key: key, Body: body },
    partSize: 8 * 1024 ** 2,
    queueSize: 2,
  }).done();
}
