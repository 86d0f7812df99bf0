import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import { BUCKET, CREDENTIALS, createClient, sendRaw, startEmbeddedS3 } from './embedded-s3.ts';

const KEY = 'head-office/call 1+2.wav';
const GET = new GetObjectCommand({ Bucket: BUCKET, Key: KEY });
const SIXTEEN_MINUTES_MS = 16 * 60_000;

async function startWithObject() {
  const s3 = await startEmbeddedS3();
  await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: 'hello' }));
  const presign = (command: GetObjectCommand | PutObjectCommand = GET, options: object = {}) =>
    getSignedUrl(s3.client, command as GetObjectCommand, {
      expiresIn: 60,
      signingDate: new Date(s3.clock.nowMs),
      ...options,
    });
  return { s3, presign };
}

async function statusAndCode(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return [response.status, /<Code>(.*?)<\/Code>/.exec(await response.text())?.[1]];
}

describe('a presigned URL', () => {
  test('is served until the last moment before it expires', async () => {
    const { s3, presign } = await startWithObject();
    const url = await presign();
    s3.clock.nowMs += 60_000;
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([200, 'hello']);
  });

  test('is refused after it has expired', async () => {
    const { s3, presign } = await startWithObject();
    const url = await presign();
    s3.clock.nowMs += 60_001;
    const response = await fetch(url);
    const document = await response.text();
    expect(response.status).toBe(403);
    expect(document).toContain('<Code>AccessDenied</Code><Message>Request has expired</Message>');
    expect(document).toContain('<X-Amz-Expires>60</X-Amz-Expires>');
  });

  test('is refused when its time of signing is still to come', async () => {
    const { s3, presign } = await startWithObject();
    const url = await presign(GET, { signingDate: new Date(s3.clock.nowMs + SIXTEEN_MINUTES_MS) });
    expect(await statusAndCode(url)).toEqual([403, 'AccessDenied']);
  });

  const tampering: [string, (url: string) => string][] = [
    ['its key', (url) => url.replace('call%201', 'call%202')],
    ['its bucket', (url) => url.replace(BUCKET, 'elsewhere')],
    ['its lifetime', (url) => url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600')],
    [
      'its time',
      (url) =>
        url.replace(/(X-Amz-Date=\d{8}T\d{5})(\d)/, (_, date, digit) => date + (digit === '0' ? '1' : '0')),
    ],
    [
      'its signature',
      (url) => url.replace(/(X-Amz-Signature=)(.)/, (_, name, digit) => name + (digit === '0' ? '1' : '0')),
    ],
    ['the length of its signature', (url) => url.replace(/(X-Amz-Signature=.{63})./, '$1')],
    ['an added parameter', (url) => `${url}&response-content-type=text%2Fhtml`],
    ['a removed parameter', (url) => url.replace(/&x-id=GetObject/, '')],
    ['a doubled parameter', (url) => `${url}&x-id=GetObject`],
  ];

  test.each(tampering)('is refused when %s has been tampered with', async (_, tamper) => {
    const { presign } = await startWithObject();
    const url = await presign();
    expect(tamper(url)).not.toBe(url);
    expect(await statusAndCode(tamper(url))).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await statusAndCode(url)).toEqual([200, undefined]);
  });

  test('is refused for another method', async () => {
    const { presign } = await startWithObject();
    const url = await presign();
    expect(await statusAndCode(url, { method: 'DELETE' })).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await statusAndCode(url, { method: 'PUT', body: 'x' })).toEqual([403, 'SignatureDoesNotMatch']);
  });

  test('is refused when a header was added that it does not cover', async () => {
    const { presign } = await startWithObject();
    const headers = { 'x-amz-meta-added': '1' };
    const url = await presign(new PutObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(await statusAndCode(url, { method: 'PUT', body: 'x', headers })).toEqual([403, 'AccessDenied']);
  });

  test('is refused when it asks for more than a week', async () => {
    const { s3, presign } = await startWithObject();
    const url = (await presign()).replace('X-Amz-Expires=60', 'X-Amz-Expires=604801');
    expect(await statusAndCode(url)).toEqual([400, 'AuthorizationQueryParametersError']);
    expect(await statusAndCode(`${s3.url}/${BUCKET}?X-Amz-Signature=1`)).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
  });

  const strangers: [string, number, S3ClientConfig][] = [
    ['SignatureDoesNotMatch', 403, { credentials: { ...CREDENTIALS, secretAccessKey: 'wrong' } }],
    ['InvalidAccessKeyId', 403, { credentials: { ...CREDENTIALS, accessKeyId: 'AKIDOTHER' } }],
    ['AuthorizationQueryParametersError', 400, { region: 'us-west-2' }],
  ];

  test.each(strangers)(
    'is refused as %s when it was made with other settings',
    async (code, status, config) => {
      const { s3 } = await startWithObject();
      const url = await getSignedUrl(createClient(s3.url, config), GET);
      expect(await statusAndCode(url)).toEqual([status, code]);
    },
  );

  test('writes an object, with the metadata that it was signed for', async () => {
    const { s3 } = await startWithObject();
    const put = { Bucket: BUCKET, Key: 'put', ContentType: 'audio/wav', Metadata: { caller: 'Müller' } };
    // The SDK would sign the checksum of an empty body into the URL otherwise.
    const client = createClient(s3.url, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    const url = await getSignedUrl(client, new PutObjectCommand(put), {
      signableHeaders: new Set(['content-type']),
    });
    const response = await fetch(url, { method: 'PUT', body: 'x', headers: { 'content-type': 'audio/wav' } });
    expect(response.status).toBe(200);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'put' }));
    expect(head.ContentType).toBe('audio/wav');
    expect(Buffer.from(head.Metadata?.caller ?? '', 'latin1').toString()).toBe('Müller');
  });
});

describe('a request with an Authorization header', () => {
  test('is refused when its time is more than fifteen minutes off, either way', async () => {
    const { s3 } = await startWithObject();
    const realNowMs = s3.clock.nowMs;
    for (const skewMs of [SIXTEEN_MINUTES_MS, -SIXTEEN_MINUTES_MS]) {
      s3.clock.nowMs = realNowMs + skewMs;
      await expect(createClient(s3.url).send(GET)).rejects.toMatchObject({
        name: 'RequestTimeTooSkewed',
        $metadata: { httpStatusCode: 403 },
      });
    }
  });

  const strangers: [string, S3ClientConfig][] = [
    ['SignatureDoesNotMatch', { credentials: { ...CREDENTIALS, secretAccessKey: 'wrong' } }],
    ['InvalidAccessKeyId', { credentials: { ...CREDENTIALS, accessKeyId: 'AKIDOTHER' } }],
    ['AuthorizationHeaderMalformed', { region: 'us-west-2' }],
  ];

  test.each(strangers)('is refused as %s when it was made with other settings', async (name, config) => {
    const { s3 } = await startWithObject();
    await expect(createClient(s3.url, config).send(GET)).rejects.toMatchObject({ name });
  });

  const added = { 'x-amz-meta-added': '1' };
  const unsigned = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const tampering: [string, string, (request: SignedRequest) => SignedRequest][] = [
    ['its path', 'SignatureDoesNotMatch', (request) => ({ ...request, path: `/${BUCKET}/other` })],
    ['its query', 'SignatureDoesNotMatch', (request) => ({ ...request, query: { 'response-expires': 'x' } })],
    [
      'an added header',
      'AccessDenied',
      ({ headers, ...rest }) => ({ ...rest, headers: { ...headers, ...added } }),
    ],
    [
      'the hash of its body',
      'SignatureDoesNotMatch',
      ({ headers, ...rest }) => ({ ...rest, headers: { ...headers, ...unsigned } }),
    ],
  ];

  test.each(tampering)('is refused when %s has been tampered with (%s)', async (_, name, tamper) => {
    const { s3 } = await startWithObject();
    const client = createClient(s3.url);
    client.middlewareStack.add(
      (next) => (args) =>
        next({
          ...args,
          request: Object.assign(args.request as object, tamper(args.request as SignedRequest)),
        }),
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(client.send(GET)).rejects.toMatchObject({ name });
  });
});

interface SignedRequest {
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
}

describe('a request without a signature', () => {
  test('is refused, whatever it asks for', async () => {
    const { s3 } = await startWithObject();
    for (const path of [
      '/',
      `/${BUCKET}`,
      `/${BUCKET}/${encodeURI(KEY)}`,
      '/missing',
      '/%2e%2e/%2e%2e/etc/passwd',
    ]) {
      for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
        expect(await sendRaw(s3.url, { method, path })).toMatchObject({ status: 403, code: 'AccessDenied' });
      }
    }
    const head = await sendRaw(s3.url, { method: 'HEAD', path: `/${BUCKET}` });
    expect([head.status, head.body.length]).toEqual([403, 0]);
  });

  test('is refused when its Authorization header is of another kind', async () => {
    const { s3 } = await startWithObject();
    for (const authorization of [
      'Basic dXNlcjpwYXNz',
      'AWS AKIDLOCAL:c2lnbmF0dXJl',
      'AWS4-HMAC-SHA256 Credential=x',
    ]) {
      const response = await sendRaw(s3.url, { path: `/${BUCKET}`, headers: { authorization } });
      expect(response).toMatchObject({ status: 400, code: 'AuthorizationHeaderMalformed' });
    }
  });

  test('is refused when its path is no UTF-8', async () => {
    const { s3 } = await startWithObject();
    expect(await sendRaw(s3.url, { path: `/${BUCKET}/%ff` })).toMatchObject({
      status: 400,
      code: 'InvalidURI',
    });
    expect(await sendRaw(s3.url, { path: `/${BUCKET}/%` })).toMatchObject({
      status: 400,
      code: 'InvalidURI',
    });
  });
});

describe('an operation that this server does not have', () => {
  test('is refused rather than taken for another', async () => {
    const { s3, presign } = await startWithObject();
    const client = createClient(s3.url);
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { query: Record<string, string> }).query.acl = '';
        return next(args);
      },
      { step: 'build' },
    );
    const put = client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: 'an ACL' }));
    await expect(put).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
    expect(await (await fetch(await presign())).text()).toBe('hello');
  });
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and its neighbours. */
describe("the examples of AWS's own documentation", () => {
  const headers = {
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  };
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const data = Buffer.alloc(66_560, 'a');
  const chunk = (bytes: Buffer, signature: string) =>
    Buffer.concat([
      Buffer.from(`${bytes.length.toString(16)};chunk-signature=${signature}\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ]);

  async function startExample() {
    const directory = await mkdtemp(join(tmpdir(), 'embedded-s3-'));
    const nowMs = Date.UTC(2013, 4, 24);
    const credentials = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    };
    const server = await startS3({ directory, credentials, region: 'us-east-1', now: () => nowMs });
    const client = createClient(server.url, { credentials, region: 'us-east-1' });
    client.config.systemClockOffset = nowMs - Date.now();
    onTestFinished(async () => {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true });
    });
    await client.send(new CreateBucketCommand({ Bucket: 'examplebucket' }));
    return { url: server.url, client };
  }

  const put = (body: Buffer, extra: Record<string, string>) => ({
    method: 'PUT',
    path: '/examplebucket/chunkObject.txt',
    headers: {
      ...headers,
      'content-encoding': 'aws-chunked',
      'content-length': String(body.length),
      'x-amz-decoded-content-length': String(data.length),
      ...extra,
    },
    body,
  });

  const signedHeaders =
    'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class';
  const chunked = (second = 'a') =>
    put(
      Buffer.concat([
        chunk(data.subarray(0, 65_536), 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'),
        chunk(Buffer.alloc(1024, second), '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'),
        chunk(Buffer.alloc(0), 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'),
      ]),
      {
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${signedHeaders},Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9`,
      },
    );

  test('include a presigned URL, which is genuine here too', async () => {
    const { url } = await startExample();
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`;
    const path = `/test.txt?${query}`;
    const response = await sendRaw(url, { path, headers: { host: 'examplebucket.s3.amazonaws.com' } });
    // Its bucket is in the host name, which means nothing here: that it is looked for proves the signature.
    expect(response).toMatchObject({ status: 404, code: 'NoSuchBucket' });
  });

  test('include an upload in signed chunks, which is taken', async () => {
    const { url, client } = await startExample();
    expect(await sendRaw(url, chunked())).toMatchObject({ status: 200 });
    const { Body, ContentEncoding } = await client.send(
      new GetObjectCommand({ Bucket: 'examplebucket', Key: 'chunkObject.txt' }),
    );
    expect(ContentEncoding).toBeUndefined();
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(data)).toBe(true);
  });

  test('include an upload in signed chunks, which is refused with one byte changed', async () => {
    const { url, client } = await startExample();
    expect(await sendRaw(url, chunked('b'))).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    expect(await client.send(new ListObjectsV2Command({ Bucket: 'examplebucket' }))).toMatchObject({
      KeyCount: 0,
    });
  });
});
