import { createHash, createHmac } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { publishChange } from '../../../functions/index-recording/publish-change.ts';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createSecretsManagerClient,
} from '../../../functions/shared/aws-clients.ts';
import { createSecrets } from '../../../functions/shared/config/secrets.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { createEventKey } from '../../../functions/shared/events/event-key.ts';
import { createEventPublisher } from '../../../functions/shared/events/publish.ts';
import { readBucketEvent } from '../../../functions/shared/recording-index/bucket-event.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { createMarkers, markerKey } from '../../../functions/shared/recordings/markers.ts';
import { encodeCall } from '../../../functions/shared/recordings/metadata.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { recordCalls } from '../../permissions/record-calls.ts';
import { useDynamoDb, useS3, useSecretsManager, writeRegistry } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { EVENT_KEY, expectDocumented, useEventBridge, useEventKey } from '../event-bridge.ts';
import { wav } from '../shared/recordings/wav.ts';

const BUCKET = 'archive';
await useS3();
const { published, state: eventBridge } = await useEventBridge();
await useSecretsManager();
const keySecret = await useEventKey();
await useDynamoDb({ index: INDEX_TABLE });
Object.assign(process.env, {
  BUCKET_NAME: BUCKET,
  INDEX_TABLE: 'index',
  EVENT_BUS: 'default',
  EVENT_NUMBERS: 'off',
  PBX_REGISTRY_FILE: await writeRegistry({ hq: { timeZone: 'Europe/Berlin' } }),
});
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const dynamoDb = createDynamoDbClient();
const table = createIndexTable(dynamoDb, 'index');
const countRows = async () =>
  (await dynamoDb.send(new ScanCommand({ TableName: 'index', Select: 'COUNT' }))).Count;
const recorder = recordCalls();
const { handler } = await recorder.load(() => import('../../../functions/index-recording/handler.ts'));
const logLines = captureLog();
const secrets = createSecrets(createSecretsManagerClient());

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
  handler(
    {
      Records: bodies.map((body, n) => ({
        messageId: String(n),
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })),
    } as SQSEvent,
    { getRemainingTimeInMillis: () => 60_000 } as Context,
  );
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
  trunk: '493090184',
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
    trunk: '493090184',
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
    expect(await table.find('hq', recording)).toMatchObject({ state: ending, trunk: call.trunk });
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
  const before = await countRows();
  expect(await deliver(...events.map((key) => eventOf('Object Created', key)))).toEqual(delivered);
  expect(await countRows()).toBe(before);
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

describe('the events', () => {
  /** What has been published of a recording, each event held against its schema. */
  function eventsAbout(recording: string) {
    const key = createHash('sha256').update(EVENT_KEY).digest();
    const recordingId = createHmac('sha256', key)
      .update(JSON.stringify(['hq', recording]))
      .digest('hex');
    const about = published.filter(({ detail }) => detail.recordingId === recordingId);
    for (const event of about) expectDocumented(event);
    return about;
  }

  async function archive(recording: string) {
    const key = recordingKey('hq', recording);
    await put(key, { Body: wav(), ContentType: 'audio/wav', Metadata: metadata });
    return key;
  }

  test('say that a recording was archived, with the facts of the call but without numbers', async () => {
    const recording = newName();
    const key = await archive(recording);
    await deliver(eventOf('Object Created', key));
    const [event] = eventsAbout(recording);
    expect(event).toMatchObject({
      type: 'Recording Archived',
      detail: {
        version: '1',
        archive: 'test',
        pbx: 'hq',
        occurredAt: '2021-11-12T00:00:00Z',
        at: '2026-01-15T07:00:00.000Z',
        callId: '1768460400.1',
        type: 'Inbound',
        seconds: 0.02,
        codec: 'pcm',
        verifiedBy: ['content-length', 'riff-header'],
      },
    });
    expect(JSON.stringify(event)).not.toMatch(/901820|1000|4711|493090184|https?:/);
  });

  test('repeat their id with the same fact, and have another one for another', async () => {
    const recording = newName();
    const key = await archive(recording);
    await deliver(eventOf('Object Created', key), eventOf('Object Created', key));
    await put(key, { Body: wav({ audioBytes: 640 }), Metadata: metadata });
    await deliver(eventOf('Object Created', key));
    const [first, again, second] = eventsAbout(recording);
    expect(again).toEqual(first);
    expect(second?.detail.id).not.toBe(first?.detail.id);
  });

  test('have ids that nobody can make who tries all numbers: another archive makes others of the same fact', async () => {
    const OTHER = 'events/other-key';
    const secret = { Name: OTHER, SecretString: 'another-key-0123456789' };
    await new SecretsManagerClient().send(new CreateSecretCommand(secret));
    const fact = { type: 'Recording Lost', occurredAt: '2021-11-12T00:00:00Z', fact: [call.callId] } as const;
    const recording = { pbx: 'hq', recording: newName(), at: '2026-01-15T07:00:00.000Z' };
    const before = published.length;
    for (const name of [keySecret, keySecret, OTHER]) {
      const options = { bus: 'default', numbers: false, archive: 'test' };
      const key = createEventKey(secrets, name, Date.now);
      const events = createEventPublisher(createEventBridgeClient(), { ...options, key });
      await events.publish({ ...fact, recording });
    }
    const [first, again, other] = published.slice(before).map(({ detail }) => detail);
    expect(again).toEqual(first);
    const { id, recordingId, ...rest } = other;
    expect(first).toMatchObject(rest);
    expect(first.id).not.toBe(id);
    expect(first.recordingId).not.toBe(recordingId);
  });

  test('say that a recording was deleted, once', async () => {
    const recording = newName();
    const key = await archive(recording);
    await deliver(eventOf('Object Created', key));
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    // As for an object with several versions.
    await deliver(eventOf('Object Deleted', key), eventOf('Object Deleted', key));
    const [archived, ...deleted] = eventsAbout(recording);
    expect(deleted).toMatchObject([{ type: 'Recording Deleted', detail: { callId: '1768460400.1' } }]);
    expect(deleted[0]?.detail.id).not.toBe(archived?.detail.id);
  });

  test('say that a recording was lost', async () => {
    const recording = newName();
    const job = { version: 1 as const, pbx: 'hq', recording, call, reportedAt: '2026-01-15T07:01:00.000Z' };
    await createMarkers(s3, BUCKET).markEnded('lost', job, 0);
    const event = eventOf('Object Created', markerKey('ended', 'hq', recording));
    await deliver(event, event);
    const [first, again] = eventsAbout(recording);
    expect(first).toMatchObject({ type: 'Recording Lost', detail: { status: 'ANSWERED', seconds: 9 } });
    expect(again).toEqual(first);
  });

  test('say when a recording was lost, even if the event of an earlier marker comes after that', async () => {
    const recording = newName();
    const job = { version: 1 as const, pbx: 'hq', recording, call, reportedAt: '2026-01-15T07:01:00.000Z' };
    const markers = createMarkers(s3, BUCKET);
    await markers.markQueued(job);
    await markers.markEnded('lost', job, 0);
    const at = (time: string) => ({ time });
    await deliver({
      ...eventOf('Object Created', markerKey('queued', 'hq', recording)),
      ...at('2026-01-15T08:00:00Z'),
    });
    await deliver({
      ...eventOf('Object Created', markerKey('ended', 'hq', recording)),
      ...at('2026-01-16T09:00:00Z'),
    });
    expect(eventsAbout(recording)).toMatchObject([
      { type: 'Recording Lost', detail: { occurredAt: '2026-01-16T09:00:00Z' } },
    ]);
  });

  test('are not published of what reconciliation has queued, nor of a restored object', async () => {
    const [queued, restored] = [newName(), newName()];
    await createMarkers(s3, BUCKET).markQueued({ pbx: 'hq', recording: queued, call });
    await deliver(eventOf('Object Created', markerKey('queued', 'hq', queued)));
    await deliver(eventOf('Object Restore Completed', await archive(restored)));
    expect([...eventsAbout(queued), ...eventsAbout(restored)]).toEqual([]);
  });

  test('are tried again with the message if EventBridge refuses one, also of a recording that is gone', async () => {
    const recording = newName();
    const key = await archive(recording);
    eventBridge.refuse = true;
    const failed = { batchItemFailures: [{ itemIdentifier: '0' }] };
    expect(await deliver(eventOf('Object Created', key))).toEqual(failed);
    expect(logLines.at(-1)).toMatchObject({ event: 'indexing-failed', code: 'event-not-published' });
    eventBridge.refuse = false;
    await deliver(eventOf('Object Created', key));

    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    eventBridge.refuse = true;
    expect(await deliver(eventOf('Object Deleted', key))).toEqual(failed);
    eventBridge.refuse = false;
    expect(await deliver(eventOf('Object Deleted', key))).toEqual(delivered);
    expect(eventsAbout(recording).map(({ type }) => type)).toEqual([
      'Recording Archived',
      'Recording Deleted',
    ]);
  });

  test('contain numbers and the name if that is configured', async () => {
    const recording = newName();
    const events = createEventPublisher(createEventBridgeClient(), {
      bus: 'default',
      numbers: true,
      archive: 'test',
      key: createEventKey(secrets, keySecret, Date.now),
    });
    const key = await archive(recording);
    await deliver(eventOf('Object Created', key));
    const row = await table.find('hq', recording);
    const event = readBucketEvent(JSON.stringify(eventOf('Object Created', key)));
    await publishChange(event, row, events, undefined);
    const [without, withNumbers] = eventsAbout(recording);
    const { from, to, did, trunk } = call;
    expect(withNumbers?.detail).toEqual({ ...without?.detail, recording, from, to, did, trunk });
  });
});

checkRole('index-recording', recorder.calls, ['PutObject', 'PutSecretValue', 'Query']);
