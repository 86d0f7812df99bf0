import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import {
  BUCKET,
  CREDENTIALS,
  changeRequests,
  createClient,
  type RequestParts,
  sendRaw,
  startEmbeddedS3,
} from './embedded-s3.ts';

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
    expect(response.status).toBe(403);
    expect(await response.text()).toContain(
      '<Code>AccessDenied</Code><Message>Request has expired</Message>',
    );
  });

  test('is refused when it was signed in the future', async () => {
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

  test('is refused with an added header that is not signed', async () => {
    const { presign } = await startWithObject();
    const headers = { 'x-amz-meta-added': '1' };
    const url = await presign(new PutObjectCommand({ Bucket: BUCKET, Key: KEY }));
    expect(await statusAndCode(url, { method: 'PUT', body: 'x', headers })).toEqual([403, 'AccessDenied']);
  });

  test('is refused when it is valid for more than a week, or incomplete', async () => {
    const { s3, presign } = await startWithObject();
    const url = (await presign()).replace('X-Amz-Expires=60', 'X-Amz-Expires=604801');
    expect(await statusAndCode(url)).toEqual([400, 'AuthorizationQueryParametersError']);
    expect(await statusAndCode(`${s3.url}/${BUCKET}?X-Amz-Signature=1`)).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
  });

  test('writes an object with the metadata that it was signed with', async () => {
    const { s3 } = await startWithObject();
    const put = { Bucket: BUCKET, Key: 'put', ContentType: 'audio/wav', Metadata: { caller: 'Müller' } };
    // By default, the SDK signs the checksum of an empty body into the URL.
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

  type Change = (request: RequestParts) => Partial<RequestParts>;
  const addHeader = (name: string, value: string): Change => {
    return ({ headers }) => ({ headers: { ...headers, [name]: value } });
  };
  const tampering: [string, string, Change][] = [
    ['its path', 'SignatureDoesNotMatch', () => ({ path: `/${BUCKET}/other` })],
    ['its query', 'SignatureDoesNotMatch', () => ({ query: { 'response-cache-control': 'x' } })],
    ['an added header', 'AccessDenied', addHeader('x-amz-meta-added', '1')],
    ['the hash of its body', 'SignatureDoesNotMatch', addHeader('x-amz-content-sha256', 'UNSIGNED-PAYLOAD')],
  ];

  test.each(tampering)('is refused when %s has been tampered with (%s)', async (_, name, tamper) => {
    const { s3 } = await startWithObject();
    const client = changeRequests(createClient(s3.url), 'after signing', tamper);
    await expect(client.send(GET)).rejects.toMatchObject({ name });
  });

  const unimplemented: [string, Change][] = [
    ['an operation named by a parameter', ({ query }) => ({ query: { ...query, acl: '' } })],
    ['a copy from another bucket', addHeader('x-amz-copy-source', 'elsewhere/other')],
    ['a body in signed chunks', addHeader('x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD')],
  ];

  test.each(unimplemented)('is refused when it asks for what is not implemented: %s', async (_, change) => {
    const { s3, presign } = await startWithObject();
    const client = changeRequests(createClient(s3.url), 'before signing', change);
    const put = client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: 'other' }));
    await expect(put).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
    expect(await (await fetch(await presign())).text()).toBe('hello');
  });
});

describe('a signature with other settings', () => {
  const settings: [string, string, S3ClientConfig][] = [
    ['secret', 'SignatureDoesNotMatch', { credentials: { ...CREDENTIALS, secretAccessKey: 'wrong' } }],
    ['access key', 'InvalidAccessKeyId', { credentials: { ...CREDENTIALS, accessKeyId: 'AKIDOTHER' } }],
    ['Region', 'AuthorizationHeaderMalformed', { region: 'us-west-2' }],
  ];

  test.each(settings)('is refused for its %s, in a header or a URL', async (_, code, config) => {
    const { s3 } = await startWithObject();
    const client = createClient(s3.url, config);
    await expect(client.send(GET)).rejects.toMatchObject({ name: code });
    const codeInUrl = code === 'AuthorizationHeaderMalformed' ? 'AuthorizationQueryParametersError' : code;
    expect((await statusAndCode(await getSignedUrl(client, GET)))[1]).toBe(codeInUrl);
  });
});

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

  test('is refused when its path is not UTF-8', async () => {
    const { s3 } = await startWithObject();
    for (const key of ['%ff', '%']) {
      const response = await sendRaw(s3.url, { path: `/${BUCKET}/${key}` });
      expect(response).toMatchObject({ status: 400, code: 'InvalidURI' });
    }
  });
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html */
describe("the examples of AWS's documentation", () => {
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const host = 'examplebucket.s3.amazonaws.com';
  const presigned = `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`;
  const headers = {
    range: 'bytes=0-9',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-date': '20130524T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
  };

  test.each([
    ['presigned URL', presigned, {}],
    ['Authorization header', '/test.txt', headers],
  ])('have a %s that is genuine here too', async (_, path, extra) => {
    const directory = await mkdtemp(join(tmpdir(), 'embedded-s3-'));
    const credentials = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    };
    const now = () => Date.UTC(2013, 4, 24);
    const server = await startS3({ directory, credentials, region: 'us-east-1', now });
    onTestFinished(async () => {
      await server.close();
      await rm(directory, { recursive: true });
    });
    // They name a host of AWS. That only this is wrong with them proves the signature.
    const response = await sendRaw(server.url, { path, headers: { host, ...extra } });
    expect(response).toMatchObject({ status: 421, code: 'MisdirectedRequest' });
    const forged = path.replace(/.$/, '5');
    const authorization = headers.authorization.replace(/.$/, '2');
    const refused = await sendRaw(server.url, {
      path: path === presigned ? forged : path,
      headers: { host, ...(path === presigned ? {} : { ...headers, authorization }) },
    });
    expect(refused).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
  });
});
