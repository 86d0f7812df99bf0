import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { BUCKET, startEmbeddedS3 } from './embedded-s3.ts';

const PAGE = 'http://127.0.0.1:8260';
const object = { Bucket: BUCKET, Key: 'recordings/a.wav' };

async function startWithLink() {
  const s3 = await startEmbeddedS3({ allowedOrigins: [PAGE] });
  await s3.client.send(new PutObjectCommand({ ...object, Body: 'hello' }));
  return getSignedUrl(s3.client, new GetObjectCommand(object));
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html */
describe('a page', () => {
  test('of an allowed origin may read objects, and why one cannot be read', async () => {
    const link = await startWithLink();
    for (const [url, status] of [
      [link, 200],
      [link.replace(/X-Amz-Signature=../, 'X-Amz-Signature=00'), 403],
    ] as const) {
      const { statusCode, headers, body } = await request(url, { headers: { origin: PAGE } });
      await body.dump();
      expect(statusCode).toBe(status);
      expect(headers).toMatchObject({
        'access-control-allow-origin': PAGE,
        'access-control-expose-headers': expect.stringContaining('Content-Range'),
        vary: expect.stringContaining('Origin'),
      });
    }
  });

  test('of another origin may not, and programs get no such headers', async () => {
    const link = await startWithLink();
    for (const headers of [{ origin: 'http://127.0.0.1:9999' }, {}]) {
      const response = await request(link, { headers });
      expect(await response.body.text()).toBe('hello');
      expect(response.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('may ask beforehand whether it may read in ranges, and never whether it may write', async () => {
    const link = await startWithLink();
    const ask = async (origin: string, method: string) => {
      const headers = { origin, 'access-control-request-method': method };
      const { statusCode, headers: answer, body } = await request(link, { method: 'OPTIONS', headers });
      await body.dump();
      return [statusCode, answer['access-control-allow-headers']];
    };
    expect(await ask(PAGE, 'GET')).toEqual([200, expect.stringContaining('range')]);
    expect((await ask(PAGE, 'PUT'))[0]).toBe(403);
    expect((await ask('http://127.0.0.1:9999', 'GET'))[0]).toBe(403);
  });
});
