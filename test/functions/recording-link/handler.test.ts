import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test, vi } from 'vitest';
import { createAccessLog } from '../../../functions/shared/access-log/access-log.ts';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { ACCESS_TABLE } from '../../../functions/shared/config/tables.ts';
import type { Call } from '../../../functions/shared/jobs/call.ts';
import { encodeCall } from '../../../functions/shared/recordings/metadata.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { recordCalls } from '../../permissions/record-calls.ts';
import { useAccessSettings, useDynamoDb, useS3, useSecretsManager } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { expectDocumented, type PublishedEvent, useEventBridge, useEventKey } from '../event-bridge.ts';

const TOKEN = 'link-token-0123456789';
const BUCKET = 'recordings';
const AUDIO = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 37) % 256));
const CALL: Call = { callId: '1504261084.7', from: '+49 30  1234 ', to: 'Zoë 📞', trunk: '100 %' };
const NAMES = [
  '20170901181806-1504261084.7-1001-1003-Internal.wav',
  '20170901181806-1504261084.7-+49 30 *1234#-1003-Inbound.wav',
  'Zoë & "friends" 100% ?a=1 📞.wav',
  '../2017/09/01\\..\\a\r\nX-Injected: 1\0.wav',
];
const [RECORDING] = NAMES as [string];

await useSecretsManager();
await useS3();
await useDynamoDb({ access: ACCESS_TABLE });
const { published, state: eventBridge } = await useEventBridge();
const keySecret = await useEventKey();
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
await useAccessSettings();
Object.assign(process.env, {
  ACCESS_TABLE: 'access',
  BUCKET_NAME: BUCKET,
  MAX_LINK_AGE_SECONDS: '3600',
  LINK_TOKEN_SECRET: 'links/token',
});

const recorder = recordCalls();

/** The handler reads its environment when it is loaded. */
async function load(authorization: 'token' | 'iam' | 'jwt') {
  vi.resetModules();
  process.env.LINK_AUTHORIZATION = authorization;
  return (await recorder.load(() => import('../../../functions/recording-link/handler.ts'))).handler;
}

interface LinkRequest {
  recording?: string | undefined;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  method?: string;
  /** What API Gateway found out about the caller. */
  authorizer?: object;
}

const lines = captureLog();
const withToken = await load('token');
/** Invokes the handler with a request in the shape that API Gateway passes to it. */
async function ask(request: LinkRequest = {}, handler = withToken) {
  const { query, headers = { authorization: `Bearer ${TOKEN}` }, method = 'GET', authorizer } = request;
  const recording = 'recording' in request ? request.recording : RECORDING;
  const response = await handler({
    pathParameters: { pbxId: 'hq', ...(recording !== undefined && { recording }) },
    ...(query !== undefined && { queryStringParameters: query }),
    headers,
    requestContext: { http: { method, sourceIp: '192.0.2.7' }, ...(authorizer && { authorizer }) },
  });
  const { statusCode, headers: responseHeaders = {}, body } = response;
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
        verifiedBy: ['nothing'],
      });
      expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(900_000);

      const fetched = await fetch(url);
      expect(fetched.status).toBe(200);
      expect(Buffer.from(await fetched.arrayBuffer())).toEqual(AUDIO);
      expect(fetched.headers.get('content-type')).toBe('audio/wav');
      expect(fetched.headers.get('content-disposition')).toMatch(/^inline; filename/);
    },
  );

  test('says how its completeness was verified', async () => {
    const recording = '20260101000000-1.1-1-2-Internal.wav';
    const Metadata = { 'verified-by': 'content-length header-unwritten' };
    const object = { Bucket: BUCKET, Key: recordingKey('hq', recording), Body: AUDIO, Metadata };
    await s3.send(new PutObjectCommand(object));
    const { body } = await ask({ recording });
    expect(body.verifiedBy).toEqual(['content-length', 'header-unwritten']);
  });

  test('can be reached through a redirect', async () => {
    const { statusCode, headers, body } = await ask({ query: { redirect: '1', download: '1' } });
    expect({ statusCode, body }).toEqual({ statusCode: 302, body: undefined });
    const fetched = await fetch(String(headers.location));
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(AUDIO);
    expect(fetched.headers.get('content-disposition')).toBe(`attachment; filename=${RECORDING}`);
  });

  test.each([...NAMES, 'a+b, 50% & more?.wav'])(
    'can be asked for by query, as HTTP APIs change a path that has %% or ? in the name: %s',
    async (recording) => {
      const key = recordingKey('hq', recording);
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: AUDIO }));
      const { statusCode, body } = await ask({ recording: undefined, query: { recording } });
      expect({ statusCode, recording: body.recording }).toEqual({ statusCode: 200, recording });
      const fetched = await fetch(body.url);
      expect(Buffer.from(await fetched.arrayBuffer())).toEqual(AUDIO);
    },
  );

  test('has the same headers for HEAD as for GET, and no body', async () => {
    for (const query of [{}, { redirect: '1' }]) {
      const get = await ask({ query });
      const head = await ask({ query, method: 'HEAD' });
      expect(head.body).toBeUndefined();
      expect(head.statusCode).toBe(get.statusCode);
      expect(Object.keys(head.headers)).toEqual(Object.keys(get.headers));
    }
  });

  test('has a link that is signed for GET, also in the response to HEAD', async () => {
    const { headers } = await ask({ query: { redirect: '1' }, method: 'HEAD' });
    expect((await fetch(String(headers.location))).status).toBe(200);
  });

  test('can be fetched by a client that would send Authorization on to S3, which refuses it: by its url', async () => {
    const { headers } = await ask({ query: { redirect: '1' } });
    const redirected = await fetch(String(headers.location), {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(redirected.status).toBe(400);
    await redirected.body?.cancel();
    const { url } = (await ask()).body;
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(AUDIO);
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

test('HEAD tells what is archived from what is not', async () => {
  expect(await ask({ method: 'HEAD', recording: 'missing.wav' })).toMatchObject({
    statusCode: 404,
    body: undefined,
  });
  expect(await ask({ method: 'HEAD', headers: {} })).toMatchObject({ statusCode: 401, body: undefined });
});

test('a request without a recording gets 400', async () => {
  const { statusCode, body } = await ask({ recording: undefined });
  expect(statusCode).toBe(400);
  expect(body).toMatchObject({ error: 'invalid-parameter', parameter: 'recording' });
});

test('an invalid parameter gets 400, and the response names it', async () => {
  const { statusCode, body } = await ask({ query: { expiresIn: '7' } });
  expect(statusCode).toBe(400);
  expect(body).toMatchObject({ error: 'invalid-parameter', parameter: 'expiresIn' });
});

test.each([{}, { authorization: 'Bearer wrong' }])(
  'a request without the token gets 401 and nothing else',
  async (headers) => {
    for (const recording of [RECORDING, 'missing.wav', ' ']) {
      const { statusCode, body } = await ask({ recording, headers });
      expect({ statusCode, body }).toEqual({ statusCode: 401, body: { error: 'unauthorized' } });
    }
  },
);

test.each([
  ['iam', { iam: { userArn: 'arn:aws:iam::111122223333:user/example-user' } }],
  ['jwt', { jwt: { claims: { sub: 'crm' }, scopes: null } }],
] as const)(
  'by %s, a request needs no token that API Gateway has verified, and any other gets 401',
  async (authorization, authorizer) => {
    const handler = await load(authorization);
    expect((await ask({ headers: {}, authorizer }, handler)).statusCode).toBe(200);
    for (const headers of [{}, { authorization: `Bearer ${TOKEN}` }]) {
      const { statusCode, body } = await ask({ headers }, handler);
      expect({ statusCode, body }).toEqual({ statusCode: 401, body: { error: 'unauthorized' } });
    }
  },
);

describe('the access log', () => {
  const accessLog = createAccessLog(createDynamoDbClient(), {
    table: 'access',
    days: 400,
    now: Date.now,
    publish: async () => {},
  });

  test.each([
    ['token', undefined, { person: 'token', by: 'token' }],
    [
      'iam',
      { iam: { userArn: 'arn:aws:sts::111122223333:assumed-role/crm/example-user' } },
      { person: 'example-user', by: 'iam' },
    ],
    [
      'jwt',
      { jwt: { claims: { sub: '1f2e', email: 'ada@example.com' } } },
      { person: 'ada@example.com', by: 'jwt' },
    ],
  ] as const)('names who got a link by %s, and from where', async (authorization, authorizer, expected) => {
    const handler = await load(authorization);
    const recording = `access by ${authorization}.wav`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: recordingKey('hq', recording), Body: AUDIO }));
    expect((await ask({ recording, ...(authorizer && { authorizer }) }, handler)).statusCode).toBe(200);
    const { items } = await accessLog.ofRecording('hq', recording, { limit: 10 });
    expect(items).toMatchObject([{ kind: 'link-created', recording, address: '192.0.2.7', ...expected }]);
  });

  test('that cannot be written does not keep anybody from getting a link', async () => {
    vi.resetModules();
    Object.assign(process.env, { LINK_AUTHORIZATION: 'token', ACCESS_TABLE: 'missing' });
    // Without recording its calls: they are not those of a function that is set up.
    const { handler } = await import('../../../functions/recording-link/handler.ts');
    process.env.ACCESS_TABLE = 'access';
    expect((await ask({}, handler)).statusCode).toBe(200);
    expect(lines.map(({ event }) => event)).toEqual(['link-created', 'access-not-logged']);
  });
});

describe('where it is switched on', () => {
  const events = { types: ['Recording Accessed'], numbers: false, archive: 'test', keySecret };
  const loadPublishing = async () => {
    await useAccessSettings({ events });
    const handler = await load('token');
    await useAccessSettings();
    return handler;
  };

  test('who got a link is published, with the facts of the call but without its numbers and the link', async () => {
    const handler = await loadPublishing();
    const recording = '20170901181806-1504261084.8-1001-1003-Internal.wav';
    const object = { Bucket: BUCKET, Key: recordingKey('hq', recording), Body: AUDIO };
    await s3.send(new PutObjectCommand({ ...object, Metadata: encodeCall({ ...CALL, talkSeconds: '72' }) }));
    await ask({ recording, query: { download: '1' } }, handler);
    await ask({ recording, method: 'HEAD' }, handler);
    expect(published).toHaveLength(1);
    const [event] = published as [PublishedEvent];
    expectDocumented(event);
    expect(event).toMatchObject({
      type: 'Recording Accessed',
      detail: {
        kind: 'download-link-created',
        archive: 'test',
        // The second in the call id.
        at: '2017-09-01T10:18:04.000Z',
        callId: '1504261084.7',
        type: 'Internal',
        seconds: 72,
        person: 'token',
        by: 'token',
        address: '192.0.2.7',
      },
    });
    expect(JSON.stringify(event)).not.toMatch(/1234|1001|1003|100 %|https?:/);
  });

  test('EventBridge keeps nobody from a link', async () => {
    const handler = await loadPublishing();
    eventBridge.refuse = true;
    expect((await ask({}, handler)).statusCode).toBe(200);
    eventBridge.refuse = false;
    expect(lines.map(({ event }) => event)).toEqual(['link-created', 'access-not-published']);
  });
});

checkRole('recording-link', recorder.calls, ['PutSecretValue', 'Query'], { events: { accessed: true } });
