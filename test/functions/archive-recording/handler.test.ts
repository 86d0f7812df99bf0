import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { type Message, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSRecord } from 'aws-lambda';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { generateSpeech } from '../../../infra/simulated-pbx/speech.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { recordCalls } from '../../permissions/record-calls.ts';
import { useS3, useSecretsManager, useSqs } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { BUCKET, useTwoPbxs } from '../two-pbxs.ts';

const DAY_MS = 24 * 3_600_000;
const MiB = 1024 * 1024;
const CALL = { from: '1001', to: '1003' } as const;

await useSecretsManager();
await useS3();
const queues = await useSqs();
const [hqJobs, awayJobs, deadLetters] = ['recordings-hq', 'recordings-away', 'dead-letters'].map(
  queues.createQueue,
) as [string, string, string];
const { pbx, s3 } = await useTwoPbxs({ jobs: hqJobs, deadLetters });
const sqs = new SQSClient();
const recorder = recordCalls();
const { handler } = await recorder.load(() => import('../../../functions/archive-recording/handler.ts'));

const logLines = captureLog();
beforeEach(() => queues.empty());

const jobFor = ({ recording, callId }: { recording: string; callId: string }, pbxId = 'hq') => ({
  version: 1,
  pbx: pbxId,
  recording,
  call: { callId },
  reportedAt: new Date().toISOString(),
});

async function receive(queueUrl: string): Promise<Message | undefined> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['All'],
  });
  return (await sqs.send(command)).Messages?.[0];
}

/** Receives a message from its queue, in the shape that Lambda passes to a handler. */
async function take(queueUrl: string): Promise<SQSRecord> {
  const message = await receive(queueUrl);
  return {
    messageId: message?.MessageId ?? 'no message',
    receiptHandle: message?.ReceiptHandle ?? '',
    body: message?.Body ?? '',
    attributes: {
      ApproximateReceiveCount: message?.Attributes?.ApproximateReceiveCount ?? '',
      SentTimestamp: message?.Attributes?.SentTimestamp ?? '',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueUrl.split('/').at(-1)}`,
    awsRegion: 'us-east-1',
  };
}

async function sendAndTake(queueUrl: string, job: object | string): Promise<SQSRecord> {
  const body = typeof job === 'string' ? job : JSON.stringify(job);
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  return take(queueUrl);
}

/** Invokes the function with a batch; returns the ids of the messages that it reports as failed. */
async function invoke(records: SQSRecord[], msLeft = 900_000): Promise<string[]> {
  const context: Partial<Context> = { getRemainingTimeInMillis: () => msLeft };
  const { batchItemFailures } = await handler({ Records: records }, context as Context);
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

async function archived(recording: string): Promise<Buffer | undefined> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  const key = Contents.map(({ Key = '' }) => Key).find((name) => name.endsWith(`/${recording}`));
  if (key === undefined) return undefined;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function openUploads(): Promise<number> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  return Uploads.length;
}

/** The reason in the message attributes of a dead letter. */
function reasonOf({ MessageAttributes = {} }: Message) {
  const reason = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
  return Object.fromEntries(reason);
}

describe('a job', () => {
  test('that succeeds is not reported as failed, and its recording is in the bucket', async () => {
    const call = pbx.makeCall(CALL);
    const record = await sendAndTake(hqJobs, jobFor(call));
    expect(await invoke([record])).toEqual([]);
    expect((await archived(call.recording))?.equals(call.bytes)).toBe(true);
    expect(await receive(deadLetters)).toBeUndefined();
    expect(logLines).toContainEqual(
      expect.objectContaining({ event: 'archived', pbx: 'hq', recording: call.recording, attempt: 1 }),
    );
  });

  test('whose PBX cannot be reached is reported as failed and redelivered, later each time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const call = { recording: '20260101120000-1.1-1001-1003-Outbound.wav', callId: '1.1' };
    let record = await sendAndTake(awayJobs, jobFor(call, 'away'));
    for (const seconds of [5, 10, 20]) {
      expect(await invoke([record])).toEqual([record.messageId]);
      vi.setSystemTime(Date.now() + seconds * 1000 - 1);
      expect(await receive(awayJobs)).toBeUndefined();
      vi.setSystemTime(Date.now() + 2);
      const { messageId } = record;
      record = await take(awayJobs);
      expect(record.messageId).toBe(messageId);
    }
    expect(await receive(deadLetters)).toBeUndefined();
  });

  test('that fails does not keep the rest of its batch from being archived', async () => {
    const [first, last] = [pbx.makeCall(CALL), pbx.makeCall(CALL)];
    const records = [
      await sendAndTake(hqJobs, jobFor(first)),
      await sendAndTake(awayJobs, jobFor(first, 'away')),
      await sendAndTake(hqJobs, jobFor(last)),
    ];
    expect(await invoke(records)).toEqual([records[1]?.messageId]);
    expect((await archived(first.recording))?.equals(first.bytes)).toBe(true);
    expect((await archived(last.recording))?.equals(last.bytes)).toBe(true);
  });

  test('that has failed for more than ten days becomes a dead letter with the times of its first and last attempt', async () => {
    const call = pbx.makeCall({ ...CALL, misbehaviour: { kind: 'http-500' } });
    const record = await sendAndTake(hqJobs, jobFor(call));
    const sentAt = Date.now() - 11 * DAY_MS;
    const attributes = {
      ...record.attributes,
      SentTimestamp: String(sentAt),
      ApproximateReceiveCount: '252',
    };
    expect(await invoke([{ ...record, attributes }])).toEqual([]);
    const deadLetter = await receive(deadLetters);
    expect(deadLetter?.Body).toBe(record.body);
    expect(reasonOf(deadLetter ?? {})).toMatchObject({
      code: 'pbx-http-status',
      pbx: 'hq',
      attempts: '252',
      firstAt: new Date(sentAt).toISOString(),
      lastAt: expect.stringMatching(/Z$/),
    });
    expect(Date.parse(reasonOf(deadLetter ?? {}).lastAt ?? '')).toBeGreaterThan(sentAt + 10 * DAY_MS);
  });
});

describe('becomes a dead letter at once, because no retry can help:', () => {
  test.each([
    ['not JSON', 'not a job', 'it is not JSON'],
    ['JSON of another shape', '{"version":2}', 'version'],
  ])('a message that is %s', async (_, body, problem) => {
    expect(await invoke([await sendAndTake(hqJobs, body)])).toEqual([]);
    const deadLetter = await receive(deadLetters);
    expect(deadLetter?.Body).toBe(body);
    expect(reasonOf(deadLetter ?? {})).toEqual({
      code: 'job-malformed',
      message: expect.stringContaining(problem),
      attempts: '1',
      firstAt: expect.stringMatching(/Z$/),
      lastAt: expect.stringMatching(/Z$/),
    });
  });

  test('a job for a PBX that is not configured', async () => {
    for (const pbxId of ['nowhere', 'constructor']) {
      const job = jobFor({ recording: 'call.wav', callId: '1' }, pbxId);
      expect(await invoke([await sendAndTake(hqJobs, job)])).toEqual([]);
      const deadLetter = await receive(deadLetters);
      expect(reasonOf(deadLetter ?? {})).toMatchObject({ code: 'unknown-pbx', pbx: pbxId });
    }
  });
});

describe('when the download of a long recording ends early', () => {
  const LONG = generateSpeech({ seconds: (12 * MiB) / 16_000 });

  test('because time runs out before a part is stored, the job is tried again', async () => {
    const misbehaviour = { kind: 'stall', afterBytes: MiB } as const;
    const call = pbx.makeCall({ ...CALL, recording: LONG, misbehaviour });
    const record = await sendAndTake(hqJobs, jobFor(call));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const invocation = invoke([record], 10_001);
    while (!logLines.some(({ event }) => event === 'download-progress')) await setImmediate();
    // Now only the ten seconds that are reserved for cleaning up are left.
    vi.advanceTimersByTime(1);
    expect(await invocation).toEqual([]);
    expect(logLines).toContainEqual(expect.objectContaining({ event: 'retry-scheduled', code: 'too-slow' }));
    vi.useRealTimers();
    // A copy of the message, because the new one is not due yet.
    expect(await invoke([record])).toEqual([]);
    expect((await archived(call.recording))?.equals(call.bytes)).toBe(true);
    expect(await openUploads()).toBe(0);
  });

  test('after a part is stored, a new message in the same queue continues from there', async () => {
    const misbehaviour = { kind: 'cut', afterBytes: 11 * MiB, how: 'fin' } as const;
    const call = pbx.makeCall({ ...CALL, recording: LONG, misbehaviour });
    const first = await sendAndTake(hqJobs, jobFor(call));
    expect(await invoke([first])).toEqual([]);
    expect(await archived(call.recording)).toBeUndefined();
    const next = await take(hqJobs);
    expect(JSON.parse(next.body)).toMatchObject({ ...jobFor(call), reportedAt: expect.any(String) });
    expect(JSON.parse(next.body).progress).toMatchObject({ bytes: 10 * MiB });
    expect(JSON.parse(next.body).earlier).toMatchObject({ attempts: 1, deliveries: 0 });
    expect(await invoke([next])).toEqual([]);
    expect((await archived(call.recording))?.equals(call.bytes)).toBe(true);
    expect(await openUploads()).toBe(0);
  });
});

test('a recording that the PBX has not had for a day is lost, once, because others have been delivered since', async () => {
  const delivered = pbx.makeCall(CALL);
  expect(await invoke([await sendAndTake(hqJobs, jobFor(delivered))])).toEqual([]);
  const call = pbx.makeCall({ ...CALL, misbehaviour: { kind: 'deleted' } });
  const since = Date.now() - DAY_MS;
  const streak = { kind: 'missing', since, count: 4, lastAt: since };
  const earlier = { attempts: 9, deliveries: 9, since, streak };
  const record = await sendAndTake(hqJobs, { ...jobFor(call), earlier });
  // SQS may deliver a message twice.
  expect(await invoke([record, record])).toEqual([]);
  expect(reasonOf((await receive(deadLetters)) ?? {})).toMatchObject({ code: 'pbx-20014' });
  expect(await receive(deadLetters)).toBeUndefined();
  expect(logLines.filter(({ event }) => event === 'recording-lost')).toMatchObject([
    { level: 'error', pbx: 'hq', recording: call.recording, callId: call.callId, code: 'pbx-20014' },
  ]);
});

test.each([
  ['dead-lettered', { pbx: 'nowhere' }, { deadLetters: 1, log: ['job-dead-lettered', 'duplicate-dropped'] }],
  [
    'not recorded, because nobody answered the call',
    { call: { status: 'NO ANSWER', talkSeconds: '0' } },
    { deadLetters: 0, log: ['not-recorded', 'duplicate-dropped'] },
  ],
])(
  'another job for a recording that is marked as %s ends without a further dead letter',
  async (_, details, expected) => {
    const call = pbx.makeCall({ ...CALL, misbehaviour: { kind: 'deleted' } });
    const since = Date.now() - DAY_MS;
    const streak = { kind: 'missing', since, count: 5, lastAt: since };
    const earlier = { attempts: 9, deliveries: 9, since, streak };
    const job = { ...jobFor(call), earlier, ...details };
    const another = { ...job, reportedAt: new Date(since).toISOString() };
    expect(await invoke([await sendAndTake(hqJobs, job), await sendAndTake(hqJobs, another)])).toEqual([]);
    const letters = [await receive(deadLetters), await receive(deadLetters)].filter(
      (letter) => letter !== undefined,
    );
    expect(letters).toHaveLength(expected.deadLetters);
    expect(logLines.map(({ event }) => event).filter((event) => expected.log.includes(event))).toEqual(
      expected.log,
    );
  },
);

test('a recording replaces a shorter one under its name, which is kept beside it', async () => {
  const call = pbx.makeCall(CALL);
  const shorter = Buffer.from('an older recording');
  await s3.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: recordingKey('hq', call.recording), Body: shorter }),
  );
  expect(await invoke([await sendAndTake(hqJobs, jobFor(call))])).toEqual([]);
  expect((await archived(call.recording))?.equals(call.bytes)).toBe(true);
  const checksum = crc32(shorter).toString(16).padStart(8, '0');
  expect(await archived(call.recording.replace('.wav', `~${checksum}.wav`))).toEqual(shorter);
});

checkRole('archive-recording', recorder.calls);
