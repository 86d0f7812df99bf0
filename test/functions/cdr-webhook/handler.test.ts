import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { jobSchema } from '../../../functions/shared/jobs/job.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { recordCalls } from '../../permissions/record-calls.ts';
import { useSecretsManager, useSqs, writeRegistry } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { exampleCall, exampleReport } from './example-report.ts';

const SECRET = 'first-secret-0123456789';
const NEW_SECRET = 'second-secret-0123456789';
const MINUTE_MS = 60_000;

await useSecretsManager();
const queues = await useSqs();
const sqs = new SQSClient();
const secretsManager = new SecretsManagerClient();
const [jobs, session, deadLetters] = ['recordings-hq', 'session-requests', 'dead-letters'].map(
  queues.createQueue,
) as [string, string, string];

Object.assign(process.env, {
  // `queueless` has no queue, `secretless` has no secret.
  PBX_REGISTRY_FILE: await writeRegistry({
    hq: { serialNumber: exampleReport.sn },
    queueless: {},
    secretless: {},
  }),
  QUEUE_URL_BASE: jobs.replace(/[^/]+$/, ''),
  DEAD_LETTER_QUEUE_URL: deadLetters,
  SESSION_QUEUE_URL: session,
});
const secretOf = (webhookSecret: string) =>
  JSON.stringify({ username: 'api', password: 'pw', webhookSecret });
for (const pbx of ['hq', 'queueless']) {
  await secretsManager.send(new CreateSecretCommand({ Name: `pbx/${pbx}`, SecretString: secretOf(SECRET) }));
}
// The handler captures the clock at load, so the fake one must be in place before.
vi.useFakeTimers({ toFake: ['Date'] });
const recorder = recordCalls();
const { handler } = await recorder.load(() => import('../../../functions/cdr-webhook/handler.ts'));

const logLines = captureLog();
beforeEach(() => queues.empty());

/** Posts a body in the shape that API Gateway passes to a handler. */
function post(report: object | string, { pbxId = 'hq', secret = SECRET, isBase64Encoded = false } = {}) {
  const body = typeof report === 'string' ? report : JSON.stringify(report);
  const event: Partial<APIGatewayProxyEventV2> = {
    pathParameters: { pbxId, secret },
    body: isBase64Encoded ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded,
  };
  return handler(event as APIGatewayProxyEventV2);
}

/** The next message in a queue. */
async function receive(queueUrl: string): Promise<Message | undefined> {
  const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MessageAttributeNames: ['All'] });
  return (await sqs.send(command)).Messages?.[0];
}

describe('a recorded call', () => {
  test.each([false, true])(
    'gets 200 and becomes a job in the queue (base64: %s)',
    async (isBase64Encoded) => {
      expect(await post(exampleReport, { isBase64Encoded })).toEqual({ statusCode: 200 });
      const message = await receive(jobs);
      const job = v.parse(v.pipe(v.string(), v.parseJson(), jobSchema), message?.Body);
      expect(job).toMatchObject({ pbx: 'hq', recording: exampleReport.recording, call: exampleCall });
    },
  );

  test('keeps characters that SQS rejects', async () => {
    const callfrom = 'Zoë\uFFFE\uFFFF\u0000\u001f📞';
    expect(await post({ ...exampleReport, callfrom })).toEqual({ statusCode: 200 });
    const message = await receive(jobs);
    expect(v.parse(jobSchema, JSON.parse(message?.Body ?? '')).call.from).toBe(callfrom);
  });

  test('gets 503 when the queue rejects it, so that the PBX sends it again', async () => {
    expect(await post(exampleReport, { pbxId: 'queueless' })).toEqual({ statusCode: 503 });
    expect(logLines).toMatchObject([{ level: 'error', event: 'report-failed' }]);
  });
});

describe('another authentic report gets 200:', () => {
  test('BootUp requests a new session', async () => {
    expect(await post({ action: 'BootUp' })).toEqual({ statusCode: 200 });
    const message = JSON.parse((await receive(session))?.Body ?? '');
    expect(message).toEqual({ pbx: 'hq', bootedAt: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  test('a report of anything but a recorded call is dropped', async () => {
    expect(await post({ event: 'RING', members: [] })).toEqual({ statusCode: 200 });
    for (const queue of [jobs, session, deadLetters]) expect(await receive(queue)).toBeUndefined();
  });

  test.each([false, true])(
    'an unreadable report becomes a dead letter (base64: %s)',
    async (isBase64Encoded) => {
      const report = '{"action":"NewCdr","recording":["Zoë\uFFFE\uFFFF\ud83d\udcde"]}';
      expect(await post(report, { isBase64Encoded })).toEqual({ statusCode: 200 });
      const message = await receive(deadLetters);
      expect(JSON.parse(message?.Body ?? '')).toMatchObject({ pbx: 'hq', report });
      const reason = Object.entries(message?.MessageAttributes ?? {}).map(([key, { StringValue }]) => [
        key,
        StringValue,
      ]);
      expect(Object.fromEntries(reason)).toMatchObject({
        code: 'report-malformed',
        pbx: 'hq',
        attempts: '1',
      });
    },
  );

  test('a dead letter has room for the longest report, whatever its characters', async () => {
    const [start, end] = ['{"action":"NewCdr","recording":["', '"]}'];
    const report = start + '\uFFFF'.repeat((65_536 - start.length - end.length) / 3) + end;
    expect(await post(report)).toEqual({ statusCode: 200 });
    expect(JSON.parse((await receive(deadLetters))?.Body ?? '')).toMatchObject({ report });
  });
});

test.each([false, true])(
  'a body above 64 KiB is acknowledged, so that the PBX stops (base64: %s)',
  async (isBase64Encoded) => {
    expect(await post(' '.repeat(65_537), { isBase64Encoded })).toEqual({ statusCode: 200 });
    expect(logLines).toMatchObject([{ event: 'report-too-large', bytes: 65_537 }]);
    const largest = JSON.stringify({ event: 'RING' }).padEnd(65_536);
    expect(await post(largest, { isBase64Encoded })).toEqual({ statusCode: 200 });
  },
);

describe('a stranger', () => {
  test('gets the same bare 404 for a wrong secret as for an unknown PBX', async () => {
    for (const pbxId of ['hq', 'nowhere', 'constructor', '__proto__', '']) {
      expect(await post(exampleReport, { pbxId, secret: 'wrong' })).toEqual({ statusCode: 404 });
    }
    expect(await post('x'.repeat(65_537), { secret: 'wrong' })).toEqual({ statusCode: 404 });
    for (const queue of [jobs, session, deadLetters]) expect(await receive(queue)).toBeUndefined();
  });

  test('gets 503 while the secret cannot be read', async () => {
    expect(await post(exampleReport, { pbxId: 'secretless' })).toEqual({ statusCode: 503 });
  });
});

test('a new secret replaces the old one without a restart', async () => {
  expect(await post({ event: 'RING' })).toEqual({ statusCode: 200 });
  await secretsManager.send(
    new PutSecretValueCommand({ SecretId: 'pbx/hq', SecretString: secretOf(NEW_SECRET) }),
  );
  vi.setSystemTime(Date.now() + MINUTE_MS);
  expect(await post({ event: 'RING' }, { secret: NEW_SECRET })).toEqual({ statusCode: 200 });
  expect(await post({ event: 'RING' })).toEqual({ statusCode: 404 });
  expect(JSON.stringify(logLines)).not.toMatch(/(first|second)-secret/);
});

test('of a long secret the first 26 characters suffice, and all of them are still valid', async () => {
  const secret = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKl';
  await secretsManager.send(
    new PutSecretValueCommand({ SecretId: 'pbx/hq', SecretString: secretOf(secret) }),
  );
  vi.setSystemTime(Date.now() + 10 * MINUTE_MS);
  const statusOf = async (length: number) =>
    (await post({ event: 'RING' }, { secret: secret.slice(0, length) })).statusCode;
  for (const length of [26, 48]) expect(await statusOf(length)).toBe(200);
  for (const length of [0, 16, 25, 27, 47]) expect(await statusOf(length)).toBe(404);
});

checkRole('cdr-webhook', recorder.calls, ['ChangeMessageVisibility', 'PutSecretValue']);
