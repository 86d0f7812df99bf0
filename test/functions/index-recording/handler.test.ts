import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import type { SQSEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { createMarkers, markerKey } from '../../../functions/shared/recordings/markers.ts';
import { encodeCall } from '../../../functions/shared/recordings/metadata.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { recordCalls } from '../../permissions/record-calls.ts';
import { useDynamoDb, useS3, writeRegistry } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { wav } from '../shared/recordings/wav.ts';

const BUCKET = 'archive';
await useS3();
await useDynamoDb({ index: INDEX_TABLE });
Object.assign(process.env, {
  BUCKET_NAME: BUCKET,
  INDEX_TABLE: 'index',
  PBX_REGISTRY_FILE: await writeRegistry({ hq: { timeZone: 'Europe/Berlin' } }),
});
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const table = createIndexTable(createDynamoDbClient(), 'index');
const recorder = recordCalls();
const { handler } = await recorder.load(() => import('../../../functions/index-recording/handler.ts'));
const logLines = captureLog();

/** As AWS documents it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const eventOf = (type: string, key: string) => ({
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': type,
  source: 'aws.s3',
  account: '111122223333',
  time: '2021-11-12T00:00:00Z',
  region: 'ca-central-1',
  resources: [`arn:aws:s3:::${BUCKET}`],
  detail: {
    version: '0',
    bucket: { name: BUCKET },
    object: { key, etag: 'b1946ac92492d2347c6235b4d2611184', sequencer: '617f08299329d189' },
    'request-id': 'N4N7GDK58NMKJ12R',
    requester: '123456789012',
  },
});

const deliver = (...bodies: (string | object)[]) =>
  handler({
    Records: bodies.map((body, n) => ({
      messageId: String(n),
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })),
  } as SQSEvent);
const delivered = { batchItemFailures: [] };

const put = (key: string, options: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, ChecksumAlgorithm: 'CRC32', ...options }));

let calls = 0;
/** A name that no other test uses; the call began at 2026-01-15T07:00:00Z. */
const newName = () => `20260115080000-1768460400.${calls++}-+49 30 901820-1000-Inbound.wav`;
const call = {
  callId: '1768460400.1',
  from: '+49 30 901820',
  to: '1000',
  type: 'Inbound',
  status: 'ANSWERED',
  start: '2026-01-15 08:00:00',
  talkSeconds: '9',
  trunk: 'Berlin',
  did: '030 4711',
};
const metadata = { ...encodeCall(call), 'verified-by': 'content-length riff-header' };

test('an archived recording gets a row with everything that the bucket knows', async () => {
  const recording = newName();
  const key = recordingKey('hq', recording);
  const bytes = wav({ audioBytes: 16_000 });
  await put(key, { Body: bytes, ContentType: 'audio/wav', Metadata: metadata });
  expect(await deliver(eventOf('Object Created', key))).toEqual(delivered);
  expect(await table.find('hq', recording)).toEqual({
    pbx: 'hq',
    sk: `2026-01-15T07:00:00.000Z#${recording}`,
    recording,
    state: 'archived',
    at: '2026-01-15T07:00:00.000Z',
    callId: '1768460400.1',
    from: '+49 30 901820',
    to: '1000',
    type: 'Inbound',
    status: 'ANSWERED',
    did: '030 4711',
    trunk: 'Berlin',
    bytes: bytes.length,
    seconds: 1,
    codec: 'pcm',
    contentType: 'audio/wav',
    crc32: expect.stringMatching(/^[\w+/]{6}==$/),
    verifiedBy: ['content-length', 'riff-header'],
    archivedAt: expect.stringMatching(/\.000Z$/),
    fromKey: 'hq#901820',
    toKey: 'hq#1000',
    callKey: 'hq#1768460400.1',
    etag: expect.any(String),
    layout: 1,
  });
  expect(logLines).toContainEqual({
    level: 'info',
    event: 'recording-indexed',
    pbx: 'hq',
    recording,
    state: 'archived',
  });
});

test('a deleted recording loses its row', async () => {
  const recording = newName();
  const key = recordingKey('hq', recording);
  await put(key, { Body: wav() });
  await deliver(eventOf('Object Created', key));
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
  expect(await deliver(eventOf('Object Deleted', key))).toEqual(delivered);
  expect(await table.find('hq', recording)).toBeUndefined();
  expect(logLines.at(-1)).toMatchObject({ event: 'recording-unindexed', recording });
});

test.each([
  ['late', ['Object Deleted']],
  ['repeated', ['Object Created', 'Object Created']],
  ['out of order', ['Object Deleted', 'Object Created']],
])('events that are %s still leave what the bucket has', async (_, types) => {
  const recording = newName();
  const key = recordingKey('hq', recording);
  await put(key, { Body: wav() });
  for (const type of types) expect(await deliver(eventOf(type, key))).toEqual(delivered);
  expect(await table.find('hq', recording)).toMatchObject({ state: 'archived' });
});

describe('a recording that is not in the archive', () => {
  const markers = createMarkers(s3, BUCKET);
  const jobFor = (recording: string) => ({
    version: 1 as const,
    pbx: 'hq',
    recording,
    call,
    reportedAt: '2026-01-15T07:01:00.000Z',
  });

  test('has a row with the facts of the call while a job is queued for it', async () => {
    const recording = newName();
    await markers.markQueued(jobFor(recording));
    await deliver(eventOf('Object Created', markerKey('queued', 'hq', recording)));
    const row = await table.find('hq', recording);
    expect(row).toMatchObject({ state: 'waiting', from: call.from, seconds: 9, fromKey: 'hq#901820' });
    expect(row).not.toHaveProperty('bytes');
    expect(row).not.toHaveProperty('archivedAt');
  });

  test.each(['lost', 'dead-lettered'] as const)('has the state %s', async (ending) => {
    const recording = newName();
    await markers.markQueued(jobFor(recording));
    await markers.markEnded(ending, jobFor(recording), 0);
    await deliver(eventOf('Object Created', markerKey('ended', 'hq', recording)));
    expect(await table.find('hq', recording)).toMatchObject({ state: ending, trunk: 'Berlin' });
  });

  test('has no row if the PBX never made it', async () => {
    const recording = newName();
    await markers.markQueued(jobFor(recording));
    await deliver(eventOf('Object Created', markerKey('queued', 'hq', recording)));
    await markers.markEnded('not-recorded', jobFor(recording), 0);
    await deliver(eventOf('Object Created', markerKey('ended', 'hq', recording)));
    expect(await table.find('hq', recording)).toBeUndefined();
  });

  test('has no row if it was erased, although its last job left a marker', async () => {
    const recording = newName();
    await put(markerKey('erased', 'hq', recording));
    await markers.markEnded('dead-lettered', jobFor(recording), 0);
    await deliver(eventOf('Object Created', markerKey('erased', 'hq', recording)));
    await deliver(eventOf('Object Created', markerKey('ended', 'hq', recording)));
    expect(await table.find('hq', recording)).toBeUndefined();
  });

  test('is archived as soon as its object exists', async () => {
    const recording = newName();
    await markers.markEnded('lost', jobFor(recording), 0);
    await deliver(eventOf('Object Created', markerKey('ended', 'hq', recording)));
    const key = recordingKey('hq', recording);
    await put(key, { Body: wav(), Metadata: metadata });
    await deliver(eventOf('Object Created', key));
    await deliver(eventOf('Object Created', markerKey('ended', 'hq', recording)));
    expect(await table.find('hq', recording)).toMatchObject({ state: 'archived' });
  });
});

describe('a name that does not say when the call began', () => {
  test('gets its time from the metadata, and the row moves when that changes', async () => {
    const recording = `meeting ${calls++}.wav`;
    const key = recordingKey('hq', recording);
    await put(key, { Body: wav(), Metadata: { start: '2026-07-01 12:00:00' } });
    await deliver(eventOf('Object Created', key));
    expect(await table.find('hq', recording)).toMatchObject({ at: '2026-07-01T10:00:00.000Z' });

    await put(key, { Body: wav(), Metadata: { 'call-id': '1782900001.7' } });
    await deliver(eventOf('Object Created', key));
    const times = [];
    for await (const row of table.list('hq', 0, Date.parse('2027-01-01'))) {
      if (row.recording === recording) times.push(row.at);
    }
    expect(times).toEqual(['2026-07-01T10:00:01.000Z']);

    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    await deliver(eventOf('Object Deleted', key));
    expect(await table.find('hq', recording)).toBeUndefined();
  });

  test('gets the time of its object if nothing else is known', async () => {
    const recording = `unknown ${calls++}.wav`;
    const key = recordingKey('hq', recording);
    await put(key, { Body: wav() });
    await deliver(eventOf('Object Created', key));
    const row = await table.find('hq', recording);
    expect(row?.at).toBe(row?.archivedAt);
  });
});

test('what is no recording is ignored', async () => {
  await put('recordings/hq/2026/01/15/');
  await put('recordings/notes.txt');
  const events = ['recordings/hq/2026/01/15/', 'recordings/notes.txt', 'reconciliation/other/hq/x.wav'];
  expect(await deliver(...events.map((key) => eventOf('Object Created', key)))).toEqual(delivered);
});

test('a message that is no event stays in the queue, and the others are handled', async () => {
  const recording = newName();
  const key = recordingKey('hq', recording);
  await put(key, { Body: wav() });
  expect(await deliver('{"detail":', eventOf('Object Created', key))).toEqual({
    batchItemFailures: [{ itemIdentifier: '0' }],
  });
  expect(await table.find('hq', recording)).toMatchObject({ state: 'archived' });
  expect(logLines).toContainEqual(
    expect.objectContaining({ event: 'indexing-failed', code: 'index-event-malformed' }),
  );
});

checkRole('index-recording', recorder.calls, ['PutObject', 'Query']);
