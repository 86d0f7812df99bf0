import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { createIndexReader } from '../../../functions/shared/recording-index/index-reader.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { createMarkers, markerKey } from '../../../functions/shared/recordings/markers.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import type { SimulatedCall } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { recordCalls } from '../../permissions/record-calls.ts';
import { useDynamoDb, useS3, useSecretsManager, useSqs } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { useEventBridge, useEventKey } from '../event-bridge.ts';
import { BUCKET, useTwoPbxs } from '../two-pbxs.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ZONE = 'Europe/Berlin';

await useSecretsManager();
await useS3();
await useDynamoDb({ index: INDEX_TABLE });
const { published } = await useEventBridge();
await useEventKey();
const queues = await useSqs();
const [jobs, deadLetters, indexEvents] = ['recordings-hq', 'dead-letters', 'index-events'].map(
  queues.createQueue,
) as [string, string, string];
queues.createQueue('recordings-away');
const { pbx, s3 } = await useTwoPbxs({ jobs, deadLetters }, { timeZone: ZONE });
Object.assign(process.env, {
  INDEX_TABLE: 'index',
  INDEX_QUEUE_URL: indexEvents,
  EVENT_BUS: 'default',
  EVENT_NUMBERS: 'off',
});
const sqs = new SQSClient();
const recorder = recordCalls();
const { handler: reconcile } = await recorder.load(() => import('../../../functions/reconcile/handler.ts'));
const { handler: archive } = await import('../../../functions/archive-recording/handler.ts');
const { handler: updateIndex } = await import('../../../functions/index-recording/handler.ts');

const logLines = captureLog();
beforeEach(() => queues.empty());

const contextOf = (msLeft: number) => ({ getRemainingTimeInMillis: () => msLeft }) as Context;

/** Runs the function; returns the outcome for the PBX that can be reached. */
async function run(event: object, msLeft = 900_000) {
  const { pbxs } = await reconcile(event, contextOf(msLeft));
  return pbxs.find(({ pbx: id }) => id === 'hq');
}

/** A call that ended `agoMs` ago and was never reported. */
function callThatEnded(agoMs: number, options: { to?: string; recordingName?: string } = {}): SimulatedCall {
  const startedAt = Date.now() - agoMs - 3000;
  return pbx.makeCall({ from: '1001', to: '1003', talkSeconds: 1, startedAt, ...options });
}

/** Queues the job of a call, as the webhook does. */
async function report({ recording, callId }: SimulatedCall): Promise<void> {
  const job = { version: 1, pbx: 'hq', recording, call: { callId }, reportedAt: new Date().toISOString() };
  await sqs.send(new SendMessageCommand({ QueueUrl: jobs, MessageBody: JSON.stringify(job) }));
}

const dayOf = ({ report: { timestart } }: SimulatedCall) => String(timestart).slice(0, 10);

async function receive(): Promise<Message | undefined> {
  const command = new ReceiveMessageCommand({ QueueUrl: jobs, MessageSystemAttributeNames: ['All'] });
  return (await sqs.send(command)).Messages?.[0];
}

/** Passes a message to archive-recording and deletes it, as Lambda does. */
async function deliver({
  Body = '',
  ReceiptHandle = '',
  MessageId = '',
  Attributes,
}: Message): Promise<void> {
  const record = {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes as unknown as SQSRecord['attributes'],
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:recordings-hq',
  } as SQSRecord;
  const { batchItemFailures } = await archive({ Records: [record] }, contextOf(900_000));
  expect(batchItemFailures).toEqual([]);
  await sqs.send(new DeleteMessageCommand({ QueueUrl: jobs, ReceiptHandle }));
}

async function deliverAll(): Promise<number> {
  for (let count = 0; ; count++) {
    const message = await receive();
    if (message === undefined) return count;
    await deliver(message);
  }
}

/** Passes the events of the bucket to index-recording, as Lambda does. */
async function deliverIndexEvents(): Promise<void> {
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: indexEvents }));
    const [message] = Messages;
    if (message === undefined) return;
    const { MessageId: messageId, Body: body, ReceiptHandle } = message;
    const records = { Records: [{ messageId, body }] } as unknown as SQSEvent;
    expect(await updateIndex(records, contextOf(60_000))).toEqual({ batchItemFailures: [] });
    await sqs.send(new DeleteMessageCommand({ QueueUrl: indexEvents, ReceiptHandle }));
  }
}

async function stored({ recording }: SimulatedCall): Promise<Buffer> {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: BUCKET, Key: recordingKey('hq', recording) }),
  );
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function keysBelow(prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
  return Contents.map(({ Key = '' }) => Key);
}

test('one run recovers a day of calls whose reports were all lost', async () => {
  const names = [{ recordingName: 'odd name.wav' }, { to: '+49 30 901820' }, { to: '*43#' }, { to: 'a,"b"' }];
  const calls = Array.from({ length: 30 }, (_, number) =>
    callThatEnded(15 * MINUTE_MS + (number * 23.5 * HOUR_MS) / 30, names[number] ?? {}),
  );
  const none = { found: 30, present: 0, queued: 30, waiting: 0, ended: 0, unreadable: 0 };
  const first = await run({ hours: 24 });
  expect(first).toMatchObject({ outcome: 'reconciled', ...none });
  expect(first?.oldestMissingMs).toBeGreaterThan(22 * HOUR_MS);
  expect(first?.oldestMissingMs).toBeLessThan(24 * HOUR_MS);

  expect(await deliverAll()).toBe(30);
  for (const call of calls) expect((await stored(call)).equals(call.bytes)).toBe(true);
  expect(await keysBelow('recordings/')).toHaveLength(30);

  const all = { ...none, present: 30, queued: 0, oldestMissingMs: 0, oldestUnqueuedMs: 0 };
  expect(await run({ hours: 24 })).toEqual({ pbx: 'hq', outcome: 'reconciled', ...all });
  expect(await receive()).toBeUndefined();
  // The run over a week finds nothing more.
  expect(await run({ hours: 168 })).toMatchObject(all);
  expect(pbx.stats).toMatchObject({ logins: 1, reusedRandoms: 0, expiredRandoms: 0 });
});

describe('a second job for the same recording does no harm when', () => {
  async function queueTwice(): Promise<SimulatedCall> {
    const call = callThatEnded(HOUR_MS);
    await report(call);
    expect(await run({ hours: 24 })).toMatchObject({ queued: 1 });
    return call;
  }

  test('one is delivered after the other', async () => {
    const call = await queueTwice();
    expect(await deliverAll()).toBe(2);
    const outcomes = logLines
      .filter(({ recording }) => recording === call.recording)
      .map(({ event }) => event);
    expect(outcomes.filter((event) => event.endsWith('archived'))).toEqual(['archived', 'already-archived']);
    expect((await stored(call)).equals(call.bytes)).toBe(true);
  });

  test('both are delivered at the same time', async () => {
    const call = await queueTwice();
    const messages = [await receive(), await receive()].filter((message) => message !== undefined);
    expect(messages).toHaveLength(2);
    await Promise.all(messages.map(deliver));
    const outcomes = logLines
      .filter(({ recording }) => recording === call.recording)
      .map(({ event }) => event);
    expect(outcomes.filter((event) => event.endsWith('archived')).sort()).toEqual([
      'already-archived',
      'archived',
    ]);
    expect((await stored(call)).equals(call.bytes)).toBe(true);
  });
});

describe('a missing recording', () => {
  test('is queued only once, even if its job is still waiting at the next run', async () => {
    const call = callThatEnded(HOUR_MS);
    expect(await run({ hours: 24 })).toMatchObject({ queued: 1, waiting: 0 });
    expect(await run({ hours: 24 })).toMatchObject({ queued: 0, waiting: 1 });
    expect(await run({ hours: 168 })).toMatchObject({ queued: 0, waiting: 1 });
    expect(await deliverAll()).toBe(1);
    expect((await stored(call)).equals(call.bytes)).toBe(true);
    expect(await run({ hours: 24 })).toMatchObject({ queued: 0, waiting: 0, oldestMissingMs: 0 });
  });

  test('of a call that has just ended is left for its report', async () => {
    const call = callThatEnded(MINUTE_MS);
    expect(await run({ hours: 24 })).toMatchObject({ queued: 0, waiting: 1 });
    await report(call);
    expect(await deliverAll()).toBe(1);
    expect(await run({ hours: 24 })).toMatchObject({ queued: 0, waiting: 0 });
  });

  test('whose job has ended is counted and not queued', async () => {
    const call = callThatEnded(30 * DAY_MS);
    const { recording } = call;
    const job = {
      version: 1,
      pbx: 'hq',
      recording,
      call: {},
      reportedAt: '2026-01-01T00:00:00.000Z',
    } as const;
    await createMarkers(s3, BUCKET).markEnded('lost', job, Date.parse(job.reportedAt));
    const day = dayOf(call);
    const counts = { found: 1, queued: 0, waiting: 0, ended: 1, oldestMissingMs: 0 };
    expect(await run({ from: day, to: day })).toMatchObject(counts);
    expect(await receive()).toBeUndefined();
  });
});

test('a person can reconcile chosen days of one PBX', async () => {
  const call = callThatEnded(40 * DAY_MS);
  const day = dayOf(call);
  const { pbxs } = await reconcile({ pbx: 'hq', from: day, to: day }, contextOf(900_000));
  expect(pbxs).toMatchObject([{ pbx: 'hq', outcome: 'reconciled', found: 1, queued: 1 }]);
  expect(await deliverAll()).toBe(1);
  expect((await stored(call)).equals(call.bytes)).toBe(true);
});

test('a PBX that cannot be reached is reported, and does not keep the others from being reconciled', async () => {
  const { pbxs } = await reconcile({}, contextOf(900_000));
  expect(pbxs).toMatchObject([
    { pbx: 'hq', outcome: 'reconciled' },
    { pbx: 'away', outcome: 'failed', code: 'pbx-connection' },
  ]);
  const logged = { level: 'error', event: 'reconciliation-failed', pbx: 'away', code: 'pbx-connection' };
  expect(logLines).toContainEqual(expect.objectContaining(logged));
});

test('a run that runs out of time ends and says so, and the next one continues', async () => {
  const call = callThatEnded(HOUR_MS);
  pbx.misbehaveCdrs({ kind: 'stall', afterBytes: 100 });
  expect(await run({ pbx: 'hq', hours: 24 }, 20_500)).toMatchObject({
    outcome: 'failed',
    code: 'deadline',
    queued: 0,
  });
  expect(await run({ pbx: 'hq', hours: 24 })).toMatchObject({ outcome: 'reconciled', queued: 1 });
  expect(await deliverAll()).toBe(1);
  expect((await stored(call)).equals(call.bytes)).toBe(true);
});

test('an invalid request, or one for a PBX that is not configured, throws', async () => {
  await expect(reconcile({ pbx: 'hq', days: 3 }, contextOf(900_000))).rejects.toThrow();
  await expect(reconcile({ pbx: 'nowhere' }, contextOf(900_000))).rejects.toMatchObject({
    code: 'unknown-pbx',
  });
});

describe('the index', () => {
  const dynamoDb = createDynamoDbClient();
  const table = createIndexTable(dynamoDb, 'index');
  const rowsOf = async ({ recording }: SimulatedCall) => (await table.find('hq', recording))?.state;

  test('gets the rows whose events were lost, and says how many', async () => {
    const call = callThatEnded(HOUR_MS);
    await run({ pbx: 'hq', hours: 24 });
    // A run lists the markers before it writes its own.
    await run({ pbx: 'hq', hours: 24 });
    expect(await rowsOf(call)).toBe('waiting');
    await deliverAll();
    const before = logLines.length;
    await run({ pbx: 'hq', hours: 24 });
    expect(await table.find('hq', call.recording)).toMatchObject({ state: 'archived', codec: 'pcm' });
    expect(logLines.slice(before)).toContainEqual({
      level: 'warn',
      event: 'index-repaired',
      pbx: 'hq',
      written: 1,
      deleted: 0,
    });
    const repaired = logLines.length;
    await run({ pbx: 'hq', hours: 24 });
    expect(logLines.slice(repaired).map(({ event }) => event)).not.toContain('index-repaired');
  });

  test('loses the row of an object that is gone, wherever its time comes from', async () => {
    const names = ['20260301120000-odd.wav', '20260301120001-1772366401.5-1-2-Internal.wav'];
    const calls = names.map((recordingName) =>
      pbx.makeCall({
        from: '1001',
        to: '1003',
        talkSeconds: 1,
        startedAt: Date.parse('2026-03-01T11:00:00Z'),
        recordingName,
      }),
    );
    const request = { pbx: 'hq', from: '2026-03-01', to: '2026-03-01' };
    await run(request);
    await deliverAll();
    await run(request);
    for (const call of calls) expect(await rowsOf(call)).toBe('archived');
    for (const { recording } of calls) {
      const Key = recordingKey('hq', recording);
      await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
      await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: markerKey('queued', 'hq', recording) }));
    }
    // Otherwise a job would be queued for each.
    for (const { recording } of calls) {
      const Key = markerKey('erased', 'hq', recording);
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key }));
    }
    await run(request);
    await deliverIndexEvents();
    for (const call of calls) expect(await rowsOf(call)).toBeUndefined();
  });

  test('loses the row of a recording that is no longer waited for', async () => {
    const call = callThatEnded(HOUR_MS);
    await run({ pbx: 'hq', hours: 24 });
    await run({ pbx: 'hq', hours: 24 });
    expect(await rowsOf(call)).toBe('waiting');
    const { recording } = call;
    const erased = { Bucket: BUCKET, Key: markerKey('erased', 'hq', recording) };
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: markerKey('queued', 'hq', recording) }));
    await s3.send(new PutObjectCommand(erased));
    await run({ pbx: 'hq', hours: 24 });
    expect(await rowsOf(call)).toBeUndefined();
  });

  test.each(['before', 'after'])(
    'does not forget what was deleted until that is published, once, if its event comes %s the repair',
    async (order) => {
      const call = callThatEnded(HOUR_MS);
      await report(call);
      await deliverAll();
      await run({ pbx: 'hq', hours: 24 });
      expect(await rowsOf(call)).toBe('archived');
      published.length = 0;
      const key = recordingKey('hq', call.recording);
      await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
      const event = {
        'detail-type': 'Object Deleted',
        time: '2026-11-26T12:00:00Z',
        detail: { object: { key } },
      };
      const sendEvent = () =>
        sqs.send(new SendMessageCommand({ QueueUrl: indexEvents, MessageBody: JSON.stringify(event) }));
      if (order === 'before') await sendEvent();
      const before = logLines.length;
      await run({ pbx: 'hq', hours: 24 });
      expect(logLines.slice(before)).toContainEqual(
        expect.objectContaining({ event: 'index-repaired', pbx: 'hq', written: 0, deleted: 1 }),
      );
      if (order === 'after') await sendEvent();
      await deliverIndexEvents();
      expect(published).toMatchObject([
        { type: 'Recording Deleted', detail: { callId: call.callId, codec: 'pcm' } },
      ]);
      // Reconciliation has queued a job for it.
      expect(await rowsOf(call)).toBe('waiting');
    },
  );

  test('says how far the PBX has been reconciled, and not beyond a gap', async () => {
    const readStatus = async () => {
      const [status] = await createIndexReader(dynamoDb, 'index').readStatus(['hq']);
      return Date.parse(status?.reconciledUpTo ?? '');
    };
    const start = Date.now();
    await run({ pbx: 'hq', hours: 24 });
    const upTo = await readStatus();
    expect(upTo).toBeGreaterThanOrEqual(start - 10 * MINUTE_MS);
    expect(upTo).toBeLessThan(Date.now() - 9 * MINUTE_MS);
    await run({ pbx: 'hq', from: '2026-01-01', to: '2026-01-02' });
    expect(await readStatus()).toBe(upTo);
  });

  test('knows how many runs of a schedule have failed in a row', async () => {
    const failedOf = async (event: object) => {
      logLines.length = 0;
      await run(event);
      return logLines.find(({ event }) => event === 'reconciliation-failed');
    };
    const recent = { schedule: 'recent', pbx: 'away', hours: 1 };
    expect(await failedOf(recent)).toMatchObject({ pbx: 'away', schedule: 'recent', failedInARow: 1 });
    expect(await failedOf(recent)).toMatchObject({ failedInARow: 2 });
    expect(await failedOf({ ...recent, schedule: 'wide' })).toMatchObject({ failedInARow: 1 });
    expect(await failedOf(recent)).toMatchObject({ failedInARow: 3 });
  });

  test('cannot fail a run', async () => {
    const { AWS_ENDPOINT_URL_DYNAMODB } = process.env;
    vi.resetModules();
    process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:9';
    onTestFinished(() => {
      process.env.AWS_ENDPOINT_URL_DYNAMODB = AWS_ENDPOINT_URL_DYNAMODB;
    });
    const { handler } = await import('../../../functions/reconcile/handler.ts');
    const { pbxs } = await handler({ pbx: 'hq', hours: 24 }, contextOf(900_000));
    expect(pbxs).toMatchObject([{ outcome: 'reconciled' }]);
    // Whether it is the first failure of the PBX cannot be known: the alarm must not wait for it.
    await handler({ schedule: 'wide', pbx: 'away', hours: 1 }, contextOf(900_000));
    expect(logLines.at(-1)).toMatchObject({ event: 'reconciliation-failed', failedInARow: 2 });
  });
});

checkRole('reconcile', recorder.calls, ['ChangeMessageVisibility']);
