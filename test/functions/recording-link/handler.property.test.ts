import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parse } from 'content-disposition';
import { expect, test } from 'vitest';
import { ACCESS_TABLE } from '../../../functions/shared/config/tables.ts';
import { findNameProblem, recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { anyText, FEWER_RUNS, fc, hostileText } from '../../property.ts';
import { useAccessSettings, useDynamoDb, useS3, useSecretsManager } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';

const TOKEN = 'link-token-0123456789';
const BUCKET = 'recordings';
const AUDIO = Buffer.from('RIFF and so on');

await useSecretsManager();
await useS3();
await useDynamoDb({ access: ACCESS_TABLE });
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
await new SecretsManagerClient().send(new CreateSecretCommand({ Name: 'links/token', SecretString: TOKEN }));
await useAccessSettings();
Object.assign(process.env, {
  ACCESS_TABLE: 'access',
  BUCKET_NAME: BUCKET,
  MAX_LINK_AGE_SECONDS: '3600',
  LINK_AUTHORIZATION: 'token',
  LINK_TOKEN_SECRET: 'links/token',
});
const { handler } = await import('../../../functions/recording-link/handler.ts');
captureLog();

interface LinkRequest {
  path?: Record<string, string>;
  query?: Record<string, string> | undefined;
  authorization?: string | undefined;
}

async function ask({ path = {}, query, authorization = `Bearer ${TOKEN}` }: LinkRequest) {
  const {
    statusCode = 0,
    headers = {},
    body,
  } = await handler({
    pathParameters: path,
    ...(query !== undefined && { queryStringParameters: query }),
    headers: { authorization },
    requestContext: { http: { method: 'GET', sourceIp: '192.0.2.7' } },
  });
  return { status: statusCode, headers, body: body === undefined ? undefined : JSON.parse(body) };
}

/** Keeps repeated headers apart, which `fetch` would join. */
async function fetchRaw(url: string): Promise<{ headers: IncomingMessage['headersDistinct']; body: Buffer }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(url, { agent: false }, resolve).on('error', reject),
  );
  return { headers: response.headersDistinct, body: await buffer(response) };
}

const name = hostileText.filter((text) => findNameProblem(text) === undefined);

test('whatever the request, the response says that it is invalid or that the recording is not archived', async () => {
  const odd = fc.oneof(hostileText, anyText);
  const parameter = fc.oneof(
    fc.constantFrom('0', '1', '60', '900', '3600', '-1', '1e3', '9'.repeat(400)),
    odd,
  );
  const asked = fc.record(
    {
      path: fc.record({ pbxId: fc.oneof(fc.constant('hq'), odd), recording: odd }, { requiredKeys: [] }),
      query: fc.option(
        fc.dictionary(fc.oneof(fc.constantFrom('redirect', 'download', 'expiresIn', 'pbx'), odd), parameter),
        { nil: undefined },
      ),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(asked, async (request) => {
      const { status, headers, body } = await ask(request);
      // Nothing is archived, so 200 and 302 cannot occur.
      expect([400, 404]).toContain(status);
      expect(headers).toEqual({ 'cache-control': 'no-store', 'content-type': 'application/json' });
      expect(body.error).toMatch(/^(?:invalid-parameter|not-archived)$/);
    }),
  );
});

test('a request without the token gets 401, whatever else it contains', async () => {
  const almost = fc.constantFrom(
    TOKEN,
    `Basic ${TOKEN}`,
    'Bearer',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN} x`,
    '',
  );
  const authorization = fc.oneof(
    almost,
    hostileText,
    hostileText.map((text) => `Bearer ${text}`),
  );
  await fc.assert(
    fc.asyncProperty(authorization, hostileText, async (header, recording) => {
      const { status, headers } = await ask({ path: { pbxId: 'hq', recording }, authorization: header });
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer');
    }),
  );
});

test('a link leads to its own recording only, with one Content-Disposition header that has its name', async () => {
  const flag = fc.constantFrom('0', '1');
  const others = fc.dictionary(
    fc.constantFrom('pbx', 'pbxId', 'recording', 'X-Amz-Expires', 'response-content-disposition'),
    hostileText,
  );
  await fc.assert(
    fc.asyncProperty(name, flag, flag, others, async (recording, redirect, download, query) => {
      const key = recordingKey('hq', recording);
      await s3.send(
        new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: AUDIO, ContentType: 'audio/wav' }),
      );
      const path = { pbxId: 'hq', recording };
      const { status, headers, body } = await ask({ path, query: { ...query, redirect, download } });
      expect(status).toBe(redirect === '1' ? 302 : 200);

      const location = String(redirect === '1' ? headers.location : body.url);
      const url = new URL(location);
      // Already in normal form, so that no browser or proxy can read it differently.
      expect(url.href).toBe(location);
      expect(url.origin).toBe(process.env.AWS_ENDPOINT_URL_S3);
      expect(decodeURIComponent(url.pathname)).toBe(`/${BUCKET}/${key}`);

      const fetched = await fetchRaw(location);
      expect(fetched.body).toEqual(AUDIO);
      expect(fetched.headers).not.toHaveProperty('set-cookie');
      const { 'content-disposition': [disposition = '', ...others] = [] } = fetched.headers;
      expect(others).toEqual([]);
      expect(disposition).toMatch(/^[ -~]+$/);
      const { type, parameters } = parse(disposition);
      expect(type).toBe(download === '1' ? 'attachment' : 'inline');
      // RFC 6266, 4.3: a name must not lead out of the folder for downloads.
      expect(parameters.filename).toBe(recording.replaceAll(/^\.|[/\\\p{Cc}]/gu, '_'));
    }),
    FEWER_RUNS,
  );
});
