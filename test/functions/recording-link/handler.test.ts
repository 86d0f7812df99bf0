import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, test, vi } from 'vitest';
import type { Call } from '../../../functions/shared/jobs/job.ts';
import { encodeCall } from '../../../functions/shared/recordings/metadata.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { useS3, useSecretsManager } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';

const TOKEN = 'link-token-0123456789';
const BUCKET = 'recordings';
const AUDIO = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 37) % 256));
const CALL: Call = { callId: '1504261084.7', from: '+49 30  1234 ', to: 'Zoë 📞', trunk: '100 %' };
const NAMES = [
  '20170901181806-1504261084.7-1001-1003-Internal.wav',
  '20170901181806-1504261084.7-+49 30 *1234#-1003-Inbound.wav',
  'Zoë & "friends" 100% ?a=1 📞.wav',
];
const [RECORDING] = NAMES as [string];

await useSecretsManager();
await useS3();
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
for (const name of NAMES) {
  await s3.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: recordingKey('hq', name),
      Body: AUDIO,
      ContentType: 'audio/wav',
      Metadata: { ...encodeCall(CALL), 'verified-by': 'nothing' },
    }),
  );
}
await new SecretsManagerClient().send(new CreateSecretCommand({ Name: 'links/token', SecretString: TOKEN }));
Object.assign(process.env, {
  BUCKET_NAME: BUCKET,
  MAX_LINK_AGE_SECONDS: '3600',
  LINK_TOKEN_SECRET: 'links/token',
});

/** The handler reads its environment when it is loaded. */
async function load(authorization: 'token' | 'iam' | 'jwt') {
  vi.resetModules();
  process.env.LINK_AUTHORIZATION = authorization;
  return (await import('../../../functions/recording-link/handler.ts')).handler;
}

interface LinkRequest {
  recording?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
}

captureLog();
const withToken = await load('token');
/** Invokes the handler with a request in the shape that API Gateway passes to it. */
async function ask(
  { recording = RECORDING, query, headers = { authorization: `Bearer ${TOKEN}` } }: LinkRequest = {},
  handler = withToken,
) {
  const event: Partial<APIGatewayProxyEventV2> = {
    pathParameters: { pbxId: 'hq', recording },
    ...(query !== undefined && { queryStringParameters: query }),
    headers,
  };
  const { statusCode, headers: responseHeaders = {}, body } = await handler(event as APIGatewayProxyEventV2);
  expect(responseHeaders['cache-control']).toBe('no-store');
  return { statusCode, headers: responseHeaders, body: body === undefined ? undefined : JSON.parse(body) };
}

describe('an archived recording', () => {
  test.each(NAMES)(
    'can be downloaded through its link, byte for byte and without further credentials: %s',
    async (recording) => {
      const { statusCode, headers, body } = await ask({ recording });
      expect({ statusCode, contentType: headers['content-type'] }).toEqual({
        statusCode: 200,
        contentType: 'application/json',
      });
      const { url, expiresAt, ...rest } = body;
      expect(rest).toEqual({
        recording,
        pbx: 'hq',
        bytes: AUDIO.length,
        contentType: 'audio/wav',
        call: CALL,
      });
      expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(900_000);

      const fetched = await fetch(url);
      expect(fetched.status).toBe(200);
      expect(Buffer.from(await fetched.arrayBuffer())).toEqual(AUDIO);
      expect(fetched.headers.get('content-type')).toBe('audio/wav');
      expect(fetched.headers.get('content-disposition')).toMatch(/^inline; filename/);
    },
  );

  test('can be reached through a redirect', async () => {
    const { statusCode, headers, body } = await ask({ query: { redirect: '1', download: '1' } });
    expect({ statusCode, body }).toEqual({ statusCode: 302, body: undefined });
    const fetched = await fetch(String(headers.location));
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(AUDIO);
    expect(fetched.headers.get('content-disposition')).toBe(`attachment; filename=${RECORDING}`);
  });

  test('cannot be downloaded through a tampered link', async () => {
    const { url } = (await ask()).body;
    for (const [from, to] of [
      [RECORDING, 'other.wav'],
      ['X-Amz-Expires=900', 'X-Amz-Expires=9000'],
      ['inline', 'attachment'],
    ] as const) {
      expect(url).toContain(from);
      const fetched = await fetch(url.replace(from, to));
      expect(fetched.status).toBe(403);
      await fetched.body?.cancel();
    }
  });
});

test('a recording that is not archived gets 404', async () => {
  const { statusCode, body } = await ask({ recording: 'missing.wav' });
  expect({ statusCode, body }).toEqual({ statusCode: 404, body: { error: 'not-archived' } });
});

test('an invalid parameter gets 400, and the response names it', async () => {
  const { statusCode, body } = await ask({ query: { expiresIn: '7' } });
  expect(statusCode).toBe(400);
  expect(body).toMatchObject({ error: 'invalid-parameter', parameter: 'expiresIn' });
});

test.each([{}, { authorization: 'Bearer wrong' }])(
  'a request without the token gets 401 and nothing else',
  async (headers) => {
    for (const recording of [RECORDING, 'missing.wav', '../wrong']) {
      const { statusCode, body } = await ask({ recording, headers });
      expect({ statusCode, body }).toEqual({ statusCode: 401, body: { error: 'unauthorized' } });
    }
  },
);

test.each(['iam', 'jwt'] as const)(
  'a request that API Gateway has authorized by %s needs no token',
  async (authorization) => {
    const { statusCode } = await ask({ headers: {} }, await load(authorization));
    expect(statusCode).toBe(200);
  },
);
