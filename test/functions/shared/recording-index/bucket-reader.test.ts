import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { createBucketReader } from '../../../../functions/shared/recording-index/bucket-reader.ts';

/** Lambda freezes a function that has returned: what it left behind fails, or disturbs the next invocation. */
test('a failed look for a marker leaves no request behind', async () => {
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    if (url.includes('/reconciliation/ended/')) response.writeHead(403).end();
    else if (url.includes('/reconciliation/')) held.push(response);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  onTestFinished(() => s3.destroy());

  const order: string[] = [];
  const found = createBucketReader(s3, 'recordings', () => 'UTC')
    .find('head-office', '20260102030405-1767323045.1-101-102-Internal.wav')
    .catch(() => order.push('failed'));
  const lookElsewhere = () =>
    s3.send(new HeadObjectCommand({ Bucket: 'recordings', Key: 'elsewhere' })).catch(() => {});
  // By the time of a later response, the failure has been heard of as well.
  while (held.length < 3) await lookElsewhere();
  await lookElsewhere();
  order.push('answered');
  for (const response of held) response.writeHead(404).end();
  await found;
  expect(order).toEqual(['answered', 'failed']);
});
