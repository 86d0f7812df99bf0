import { Hash } from '@smithy/core/serde';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect, test } from 'vitest';
import type { AwsRequest } from '../../../../functions/shared/aws/aws-request.ts';
import { presignUrl, type Signer, signRequest } from '../../../../functions/shared/aws/signature.ts';
import { encodePath } from '../../../../functions/shared/aws/uri-encoding.ts';
import { fc, hostileText } from '../../../property.ts';

/** What can be a key: no halves of characters. */
const text = hostileText.map((it) => it.toWellFormed());
const headerValue = fc.string({ unit: fc.constantFrom(' ', '\t', '"', '%', ':', ';', 'a', 'Z', '9') });
const record = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });

const requests = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
  origin: fc.constantFrom('https://recordings.s3.eu-central-1.amazonaws.com', 'http://127.0.0.1:9000'),
  path: text.map((key) => `/${encodePath(key)}`),
  // The SDK loses one of that name.
  query: record(
    text.filter((name) => name !== '__proto__'),
    text,
  ),
  headers: record(fc.stringMatching(/^x-amz-meta-[a-z-]{1,9}$/), headerValue),
});
const credentials = fc.record(
  {
    accessKeyId: fc.constant('AKIDTEST'),
    secretAccessKey: text,
    sessionToken: fc.base64String({ minLength: 1 }),
  },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
);
const dates = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });

type Request = Omit<AwsRequest, 'body' | 'signal'>;

const signerFor = ({ service, ...signer }: Signer) =>
  new SignatureV4({
    ...signer,
    service,
    sha256: Hash.bind(undefined, 'sha256'),
    uriEscapePath: service !== 's3',
    applyChecksum: false,
  });

function toSdk({ origin, query = {}, ...request }: Request, headers: object, body?: string | Buffer) {
  const { protocol, hostname, host } = new URL(origin);
  return new HttpRequest({
    ...request,
    protocol,
    hostname,
    query: { ...query },
    headers: { ...request.headers, host, ...headers },
    body,
  });
}

test('a request to S3 has the very headers that the SDK’s own signer gives it', () =>
  fc.assert(
    fc.asyncProperty(
      requests,
      credentials,
      dates,
      fc.option(fc.uint8Array(), { nil: undefined }),
      async (request, its, signingDate, bytes) => {
        const signer = { service: 's3', region: 'eu-central-1', credentials: its } as const;
        const body = bytes && { body: Buffer.from(bytes) };
        const { path, headers } = signRequest({ ...request, ...body }, signer, signingDate);
        const added = {
          'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          ...(bytes && { 'content-length': String(bytes.length) }),
        };
        const theirs = await signerFor(signer).sign(toSdk(request, added, body?.body), { signingDate });
        expect(headers).toEqual(theirs.headers);
        const { pathname, searchParams } = new URL(`${request.origin}${path}`);
        expect(pathname).toBe(new URL(`${request.origin}${request.path}`).pathname);
        expect(Object.fromEntries(searchParams)).toEqual(request.query);
      },
    ),
  ));

test('a request of AWS JSON has the very headers that the SDK’s own signer gives it', () =>
  fc.assert(
    fc.asyncProperty(
      credentials,
      dates,
      fc.constantFrom('sqs', 'secretsmanager'),
      text,
      async (its, signingDate, service, body) => {
        const signer = { service, region: 'us-east-1', credentials: its } as const;
        const request = {
          method: 'POST',
          origin: `https://${service}.us-east-1.amazonaws.com`,
          path: '/',
          query: {},
          headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
        } as const;
        const { path, headers } = signRequest({ ...request, body }, signer, signingDate);
        const added = { 'content-length': String(Buffer.byteLength(body)) };
        const theirs = await signerFor(signer).sign(toSdk(request, added, body), { signingDate });
        expect(headers).toEqual(theirs.headers);
        expect(path).toBe('/');
      },
    ),
  ));

test('a link has the very parameters that the SDK’s own signer gives it', () =>
  fc.assert(
    fc.asyncProperty(
      requests.map((request) => ({ ...request, headers: {} })),
      credentials,
      dates,
      fc.integer({ min: 1, max: 604_800 }),
      async (request, its, signingDate, expiresIn) => {
        const signer = { service: 's3', region: 'eu-central-1', credentials: its } as const;
        const url = new URL(presignUrl(request, signer, expiresIn, signingDate));
        const toSign = toSdk(request, { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' });
        const { query } = await signerFor(signer).presign(toSign, { signingDate, expiresIn });
        expect(Object.fromEntries(url.searchParams)).toEqual(query);
        expect(url.origin).toBe(request.origin);
      },
    ),
  ));
