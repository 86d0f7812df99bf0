import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { useSecretsManager, useSqs, writeRegistry } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';

const SECRET = '0123456789abcdefghijklmnopqrstuv';
const NEW_SECRET = 'vutsrqponmlkjihgfedcba9876543210';
const PATH_SECRET = 'path-secret-of-the-stack-0123456789';
const MINUTE_MS = 60_000;
/** 592 bytes, and the signature that belongs to them. */
const EXAMPLE = await readFile('test/functions/shared/pbx/p-series/30012-example.txt');
const SIGNATURE = 'knf781U2/iFHZrTX4IPdOwdTpDWzHhKUflyY2U3yz5Q=';

await useSecretsManager();
const queues = await useSqs();
const sqs = new SQSClient();
const secretsManager = new SecretsManagerClient();
const [jobs, session, deadLetters] = ['recordings-hq', 'session-requests', 'dead-letters'].map(
  queues.createQueue,
) as [string, string, string];

const family = 'p-series';
const serialNumber = '3600000000TST';
Object.assign(process.env, {
  PBX_REGISTRY_FILE: await writeRegistry({
    hq: { family, serialNumber },
    unsigned: { family, reportAuthentication: 'path', queueName: 'recordings-hq' },
    empty: { family },
  }),
  QUEUE_URL_BASE: jobs.replace(/[^/]+$/, ''),
  DEAD_LETTER_QUEUE_URL: deadLetters,
  SESSION_QUEUE_URL: session,
});
const secretOf = (entered: object) =>
  JSON.stringify({ clientId: 'id', clientSecret: 'secret', webhookSecret: PATH_SECRET, ...entered });
for (const [pbx, entered] of Object.entries({ hq: { signatureSecret: SECRET }, unsigned: {}, empty: {} })) {
  await secretsManager.send(new CreateSecretCommand({ Name: `pbx/${pbx}`, SecretString: secretOf(entered) }));
}
// The handler captures the clock at load, so the fake one must be in place before.
vi.useFakeTimers({ toFake: ['Date'] });
const { handler } = await import('../../../functions/cdr-webhook/handler.ts');

const logLines = captureLog();
beforeEach(() => queues.empty());

const sign = (body: Buffer, secret: string) => createHmac('sha256', secret).update(body).digest('base64');

interface Post {
  pbxId?: string;
  secret?: string;
  signature?: string | undefined;
  isBase64Encoded?: boolean;
}

/** Posts a body in the shape that API Gateway passes to a handler: names of headers in lower case. */
function post(body: Buffer, { pbxId = 'hq', secret = 'p-series', ...request }: Post = {}) {
  const { isBase64Encoded = false } = request;
  const signature = 'signature' in request ? request.signature : sign(body, SECRET);
  const event: Partial<APIGatewayProxyEventV2> = {
    pathParameters: { pbxId, secret },
    headers: {
      'content-type': 'application/json',
      ...(signature !== undefined && { 'x-signature': signature }),
    },
    body: body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
  return handler(event as APIGatewayProxyEventV2);
}

/** The bodies of all messages in a queue. */
async function contentOf(queueUrl: string): Promise<unknown[]> {
  const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
  return ((await sqs.send(command)).Messages ?? []).map(({ Body = '' }) => JSON.parse(Body));
}

const nothingChanged = async () => {
  expect(await contentOf(jobs)).toEqual([]);
  expect(await contentOf(deadLetters)).toEqual([]);
  expect(await contentOf(session)).toEqual([]);
};

describe('a signed report of a recorded call', () => {
  test.each([false, true])('gets 200 and becomes a job (base64: %s)', async (isBase64Encoded) => {
    expect(await post(EXAMPLE, { signature: SIGNATURE, isBase64Encoded })).toEqual({ statusCode: 200 });
    expect(await contentOf(jobs)).toMatchObject([
      {
        pbx: 'hq',
        recording: '20251009105326-1760000000.42-5550100-2001-Inbound.wav',
        call: { callId: '1760000000.42', talkSeconds: '55' },
      },
    ]);
  });

  test('is signed over its bytes, not over its text', async () => {
    const body = Buffer.concat([EXAMPLE.subarray(0, -1), Buffer.from([0xff, 0x7d])]);
    expect(await post(body, { isBase64Encoded: true })).toEqual({ statusCode: 200 });
    expect(await post(body, { signature: SIGNATURE, isBase64Encoded: true })).toEqual({ statusCode: 401 });
  });

  test('that is replayed asks for the same recording, which is archived only once', async () => {
    for (let copy = 0; copy < 2; copy++) expect(await post(EXAMPLE)).toEqual({ statusCode: 200 });
    const [first, second] = (await contentOf(jobs)) as { recording: string }[];
    expect(first?.recording).toBe(second?.recording);
  });
});

test.each([false, true])(
  'a list of calls is set aside and counted, not ignored (as text: %s)',
  async (asText) => {
    const { msg, ...envelope } = JSON.parse(EXAMPLE.toString());
    const calls = [JSON.parse(msg)];
    const body = JSON.stringify({ ...envelope, msg: asText ? JSON.stringify(calls) : calls });
    expect(await post(Buffer.from(body))).toEqual({ statusCode: 200 });
    expect(await contentOf(deadLetters)).toMatchObject([{ pbx: 'hq', report: body }]);
    expect(logLines).toMatchObject([
      { level: 'error', event: 'report-dead-lettered', pbx: 'hq', code: 'report-malformed' },
    ]);
  },
);

describe('the PIN that somebody has entered', () => {
  const PIN = '482915';
  const { msg, ...envelope } = JSON.parse(EXAMPLE.toString());
  const details = { ...JSON.parse(msg), pin_code: PIN };
  const text = JSON.stringify(details);

  /** Bodies, attributes and log lines: all that is kept of a report. */
  async function kept(): Promise<string> {
    const queued = await Promise.all(
      [jobs, session, deadLetters].map(async (QueueUrl) => {
        const command = new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] });
        return (await sqs.send(command)).Messages;
      }),
    );
    return JSON.stringify([queued, logLines]);
  }

  test.each<[string, object]>([
    ['a recorded call', { msg: text }],
    ['a call that was not recorded', { msg: { ...details, recording: '' } }],
    ['another event', { type: 30011, msg: text }],
    ['another PBX', { sn: 'OTHER', msg: text }],
    ['another PBX, with its message as an object', { sn: 'OTHER', msg: details }],
    ['a message that is cut off', { msg: text.slice(0, text.indexOf(PIN) + PIN.length) }],
    ['a message that is not JSON', { msg: text.replace('trunk-a', 'trunk "a"') }],
    ['a name that cannot be used', { msg: { ...details, recording: 'x'.repeat(300) } }],
    ['a recording of another shape', { msg: { ...details, recording: { name: 'a.wav' } } }],
    ['several PINs', { msg: { ...details, recording: {}, pin_code: [PIN, { pin: PIN }] } }],
  ])('is in no queue and in no log line: %s', async (_, changes) => {
    const body = JSON.stringify({ ...envelope, ...changes });
    expect(body).toContain(PIN);
    expect(await post(Buffer.from(body))).toEqual({ statusCode: 200 });
    const everything = await kept();
    expect(everything).toMatch(/job-queued|report-ignored|report-dead-lettered/);
    expect(everything).not.toContain(PIN);
  });

  test('is all that the dead letter lacks', async () => {
    await post(Buffer.from(JSON.stringify({ ...envelope, sn: 'OTHER', msg: text })));
    const [deadLetter] = (await contentOf(deadLetters)) as [{ report: string }];
    const report = JSON.parse(deadLetter.report);
    expect({ ...report, msg: JSON.parse(report.msg) }).toEqual({
      ...envelope,
      sn: 'OTHER',
      msg: { ...details, pin_code: '[removed]' },
    });
  });
});

describe('a forged report', () => {
  test.each<[string, Post]>([
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
    ['the signature of another body', { signature: sign(Buffer.from('{}'), SECRET) }],
    ['the signature with another secret', { signature: sign(EXAMPLE, NEW_SECRET) }],
    ['the signature with an empty secret', { signature: sign(EXAMPLE, '') }],
    ['the secret of the path', { secret: PATH_SECRET.slice(0, 26), signature: undefined }],
  ])('with %s gets 401, changes nothing, and is counted', async (_, forgery) => {
    expect(await post(EXAMPLE, forgery)).toEqual({ statusCode: 401 });
    await nothingChanged();
    expect(logLines).toEqual([{ level: 'warn', event: 'report-rejected', pbx: 'hq' }]);
  });

  test('cannot be signed while nobody has entered the secret', async () => {
    expect(await post(EXAMPLE, { pbxId: 'empty', signature: sign(EXAMPLE, '') })).toEqual({
      statusCode: 401,
    });
    await nothingChanged();
  });

  test('for a PBX that does not exist gets 404', async () => {
    expect(await post(EXAMPLE, { pbxId: 'nobody' })).toEqual({ statusCode: 404 });
    expect(logLines).toEqual([{ level: 'warn', event: 'report-rejected' }]);
  });
});

test.each([
  '{"type":30011,"sn":"3600000000TST","msg":"{}"}',
  '{"event":"test"}',
  'test',
  '',
  '{"type":30012}',
])('anything else that is signed gets 200, and no job: %j', async (text) => {
  expect(await post(Buffer.from(text))).toEqual({ statusCode: 200 });
  expect(await contentOf(jobs)).toEqual([]);
});

test('a report of a firmware that does not sign has its secret in the path', async () => {
  const secret = PATH_SECRET.slice(0, 26);
  const unsigned = { pbxId: 'unsigned', signature: undefined };
  expect(await post(EXAMPLE, { ...unsigned, secret })).toEqual({ statusCode: 200 });
  expect(await contentOf(jobs)).toHaveLength(1);
  expect(await post(EXAMPLE, { ...unsigned, secret: 'p-series' })).toEqual({ statusCode: 401 });
  expect(await post(EXAMPLE, { ...unsigned, secret: `${secret}x` })).toEqual({ statusCode: 401 });
});

test('while the secret of the webhook is changed, both are right; then only the new one', async () => {
  const enter = (entered: object) =>
    secretsManager.send(new PutSecretValueCommand({ SecretId: 'pbx/hq', SecretString: secretOf(entered) }));
  await enter({ signatureSecret: NEW_SECRET, previousSignatureSecret: ` ${SECRET}\n` });
  vi.setSystemTime(Date.now() + 5 * MINUTE_MS);
  for (const secret of [NEW_SECRET, SECRET]) {
    expect(await post(EXAMPLE, { signature: sign(EXAMPLE, secret) })).toEqual({ statusCode: 200 });
  }
  await enter({ signatureSecret: NEW_SECRET });
  vi.setSystemTime(Date.now() + 5 * MINUTE_MS);
  expect(await post(EXAMPLE, { signature: sign(EXAMPLE, NEW_SECRET) })).toEqual({ statusCode: 200 });
  expect(await post(EXAMPLE, { signature: sign(EXAMPLE, SECRET) })).toEqual({ statusCode: 401 });
});
