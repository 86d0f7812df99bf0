import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { createDynamoDbClient } from '../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../functions/shared/config/tables.ts';
import { createIndexTable } from '../../functions/shared/recording-index/index-table.ts';
import { markerKey } from '../../functions/shared/recordings/markers.ts';
import { findRemains } from '../../infra/commands/erase/copies.ts';
import { eraseRemains, writeErasedMarker } from '../../infra/commands/erase/erase-copies.ts';
import { startHttpServer } from '../../infra/local/http-server.ts';
import { startSimulatedPSeries } from '../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { identity } from '../infra/simulated-pbx/harness.ts';
import { useDynamoDb, useS3, useSecretsManager, useSqs, writeRegistry } from './aws-services.ts';
import { captureLog } from './capture-log.ts';
import { useEventBridge, useEventKey } from './event-bridge.ts';

/**
 * Reports from the webhook to the index, through the functions that AWS would run: the signature of a P-Series has no
 * time in it, so whoever has seen a report can post it again.
 */
const BUCKET = 'archive';
const HOUR_MS = 3_600_000;
const CALL = { from: '5550100', to: '2001', type: 'Inbound', talkSeconds: 1 } as const;

const bucketEvents: object[] = [];
await useSecretsManager();
await useS3({ onEvent: (event) => bucketEvents.push(event), now: () => Date.now() });
await useDynamoDb({ index: INDEX_TABLE });
const { published } = await useEventBridge();
await useEventKey();
const queues = await useSqs();
const [jobs, session, deadLetters] = ['recordings-hq', 'session-requests', 'dead-letters'].map(
  queues.createQueue,
) as [string, string, string];
// The functions and the servers share the clock, which moves only when a test moves it.
vi.useFakeTimers({ toFake: ['Date'] });
const pbx = await startSimulatedPSeries({ tls: identity });
afterAll(() => pbx.close());

Object.assign(process.env, {
  PBX_REGISTRY_FILE: await writeRegistry({
    hq: { family: 'p-series', baseUrl: pbx.url, tls: { fingerprint256: pbx.fingerprint256 } },
  }),
  QUEUE_URL_BASE: jobs.replace(/[^/]+$/, ''),
  DEAD_LETTER_QUEUE_URL: deadLetters,
  SESSION_QUEUE_URL: session,
  BUCKET_NAME: BUCKET,
  REPORT_HOST: 'reports.test',
  INDEX_TABLE: 'index',
  INDEX_QUEUE_URL: queues.createQueue('index-events'),
  EVENT_BUS: 'default',
  EVENT_NUMBERS: 'off',
});
const sqs = new SQSClient();
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const table = createIndexTable(createDynamoDbClient(), 'index');
const { handler: receive } = await import('../../functions/cdr-webhook/handler.ts');
const { handler: archive } = await import('../../functions/archive-recording/handler.ts');
const { handler: reconcile } = await import('../../functions/reconcile/handler.ts');
const { handler: index } = await import('../../functions/index-recording/handler.ts');

const routes = { 'POST /reports/{pbxId}/{secret}': receive };
const webhook = await startHttpServer(Promise.resolve(routes), 0, '127.0.0.1');
afterAll(() => webhook.close());
const signatureSecret = pbx.setWebhook(`http://127.0.0.1:${webhook.port}/reports/hq/p-series`);
const secretsManager = new SecretsManagerClient();
for (const [Name, value] of [
  [
    'pbx/hq',
    { clientId: 'client-id', clientSecret: 'client-secret', signatureSecret, webhookSecret: 'x'.repeat(40) },
  ],
  ['session/hq', {}],
] as const) {
  await secretsManager.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
}

const logLines = captureLog();
const eventsOfLog = () => logLines.map(({ event }) => event);
beforeEach(() => {
  queues.empty();
  published.length = 0;
});

const context = { getRemainingTimeInMillis: () => 60_000 } as Context;

/** Has the functions do all that is due now: jobs, then what changed in the bucket. */
async function work(): Promise<void> {
  const next = new ReceiveMessageCommand({ QueueUrl: jobs, MessageSystemAttributeNames: ['All'] });
  for (;;) {
    const [message] = (await sqs.send(next)).Messages ?? [];
    if (message === undefined) break;
    const record = {
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes as object,
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:recordings-hq',
    } as SQSRecord;
    const { batchItemFailures } = await archive({ Records: [record] }, context);
    if (batchItemFailures.length === 0)
      await sqs.send(new DeleteMessageCommand({ QueueUrl: jobs, ReceiptHandle: message.ReceiptHandle }));
  }
  const Records = bucketEvents.splice(0).map((event, n) => ({
    messageId: String(n),
    body: JSON.stringify(event),
  }));
  expect(await index({ Records } as SQSEvent, context)).toEqual({ batchItemFailures: [] });
}

/** Messages in a queue, whether or not somebody has received them. */
async function countMessages(queueUrl: string): Promise<number> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] });
  const { Attributes = {} } = await sqs.send(command);
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes;
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible);
}

/** Everything that a report can change. The state of the session changes with time. */
const look = async (recording: string) => ({
  objects: (await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents?.map(
    ({ Key, ETag, LastModified }) => ({ Key, ETag, LastModified }),
  ).filter(({ Key = '' }) => !Key.startsWith('sessions/')),
  row: await table.find('hq', recording),
  published: [...published],
  deadLetters: await countMessages(deadLetters),
  jobs: await countMessages(jobs),
});

const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** An hour and two hours later. What comes of it is done at once. */
async function postTwice(report: Record<string, unknown>): Promise<void> {
  for (let copy = 0; copy < 2; copy++) {
    wait(HOUR_MS);
    expect(await pbx.postReport(report)).toMatchObject({ answers: [200] });
    await work();
  }
}

async function report({ report }: { report: Record<string, unknown> }): Promise<void> {
  expect(await pbx.postReport(report)).toMatchObject({ answers: [200] });
}

/** The list of a P-Series has no talk times, so the metadata of what is found there has none. */
async function find(): Promise<void> {
  wait(2 * HOUR_MS);
  expect(await reconcile({ hours: 6 }, context)).toMatchObject({ pbxs: [{ queued: 1 }] });
}

test.each<[typeof report | typeof find, string, (recording: string) => void]>([
  [report, 'still has it', () => {}],
  [report, 'has deleted it since', (recording) => pbx.deleteRecording(recording)],
  [report, 'has moved it to its own archive since', (recording) => pbx.archiveAway(recording)],
  [find, 'still has it', () => {}],
  [find, 'has moved it to its own archive since', (recording) => pbx.archiveAway(recording)],
])(
  'a report that comes again once its recording is archived (%o) changes nothing, if the PBX %s',
  async (learn, _, later) => {
    const call = pbx.makeCall(CALL);
    await learn(call);
    await work();
    const archived = await look(call.recording);
    expect(archived).toMatchObject({
      row: { state: 'archived', bytes: call.bytes.length },
      published: [{ type: 'Recording Archived' }],
      deadLetters: 0,
      jobs: 0,
    });
    later(call.recording);
    for (let copy = 0; copy < 2; copy++) {
      wait(HOUR_MS);
      expect(await pbx.postReport(call.report)).toMatchObject({ answers: [200] });
    }
    // A recording that has been deleted might come back, so its job goes on for three days.
    for (let hour = 0; hour < 80; hour++) {
      await work();
      wait(HOUR_MS);
    }
    expect(await look(call.recording)).toEqual(archived);
    expect(eventsOfLog().filter((event) => event === 'already-archived')).toHaveLength(2);
  },
);

test('a report that comes again once its recording is erased does not bring it back', async () => {
  const call = pbx.makeCall(CALL);
  await pbx.postReport(call.report);
  await work();
  await writeErasedMarker(s3, BUCKET, markerKey('erased', 'hq', call.recording));
  await eraseRemains(s3, BUCKET, await findRemains(s3, BUCKET, 'hq', call.recording));
  await work();
  const erased = await look(call.recording);
  expect(erased).toMatchObject({ row: undefined, deadLetters: 0, jobs: 0 });
  await postTwice(call.report);
  expect(await look(call.recording)).toEqual(erased);
  expect(eventsOfLog().filter((event) => event === 'erased-dropped')).toHaveLength(2);
});

test('a report that comes again once its job is dead-lettered leads to no further dead letter', async () => {
  const call = pbx.makeCall(CALL);
  pbx.archiveAway(call.recording);
  await pbx.postReport(call.report);
  await work();
  const ended = await look(call.recording);
  expect(ended).toMatchObject({ row: { state: 'dead-lettered' }, published: [], deadLetters: 1, jobs: 0 });
  await postTwice(call.report);
  expect(await look(call.recording)).toEqual(ended);
  expect(eventsOfLog().filter((event) => event === 'duplicate-dropped')).toHaveLength(2);
});

test.each<[string, Record<string, string>]>([
  ['is forged', { 'X-Signature': Buffer.alloc(32).toString('base64') }],
  ['has no signature', { 'X-Signature': '' }],
])('a report that %s gets 401, is counted, and changes nothing', async (_, headers) => {
  const call = pbx.makeCall(CALL);
  const before = await look(call.recording);
  const body = JSON.stringify({ type: 30012, sn: '3600000000TST', msg: JSON.stringify(call.report) });
  expect(await pbx.postRaw(body, headers)).toBe(401);
  await work();
  expect(await look(call.recording)).toEqual(before);
  expect(logLines).toEqual([{ level: 'warn', event: 'report-rejected', pbx: 'hq' }]);
});
