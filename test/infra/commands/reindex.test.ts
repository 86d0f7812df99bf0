import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { readBucketEvent } from '../../../functions/shared/recording-index/bucket-event.ts';
import { createBucketReader } from '../../../functions/shared/recording-index/bucket-reader.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { createMarkers } from '../../../functions/shared/recordings/markers.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { type ReindexDeps, reindex } from '../../../infra/commands/reindex/reindex.ts';
import { useDynamoDb, useS3 } from '../../functions/aws-services.ts';
import { wav } from '../../functions/shared/recordings/wav.ts';

const BUCKET = 'archive';
await useS3();
await useDynamoDb({ index: INDEX_TABLE });
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const table = createIndexTable(createDynamoDbClient(), 'index');
const timeZoneOf = () => 'Europe/Berlin';
const reader = createBucketReader(s3, BUCKET, timeZoneOf);

const put = (pbx: string, recording: string, metadata: Record<string, string> = {}) =>
  s3.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: recordingKey(pbx, recording),
      Body: wav(),
      Metadata: metadata,
    }),
  );

async function run(options: object = {}, changes: Partial<ReindexDeps> = {}) {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    const isDone = await reindex(
      { pbx: 'all', from: '2026-01-01', to: '2026-01-31', concurrency: 4, positionals: [], ...options },
      {
        s3,
        bucket: BUCKET,
        reader,
        table,
        timeZoneOf,
        now: Date.now,
        signal: new AbortController().signal,
        ...changes,
      },
    );
    return { isDone, output: lines.join('\n') };
  } finally {
    console.log = log;
  }
}

const DATED = '20260115080000-1768460400.1-1001-1003-Internal.wav';
const LOST = '20260116080000-1768546800.2-1001-1003-Internal.wav';
const MEETING = 'meeting.wav';

test('the index is rebuilt from the bucket, and a second run finds nothing to do', async () => {
  await put('hq', DATED, { from: '+49 30 901820' });
  await put('hq', MEETING, { start: '2025-07-01 12:00:00' });
  await put('branch', DATED);
  const job = {
    version: 1 as const,
    pbx: 'hq',
    recording: LOST,
    call: {},
    reportedAt: '2026-01-16T08:00:00Z',
  };
  await createMarkers(s3, BUCKET).markEnded('lost', job, 0);

  const first = await run();
  expect(first.isDone).toBe(true);
  expect(first.output).toContain('branch: 1 row written, 0 deleted');
  expect(first.output).toContain('hq: 3 rows written, 0 deleted');
  expect(await table.find('hq', DATED)).toMatchObject({ from: '+49 30 901820', codec: 'pcm', layout: 1 });
  expect(await table.find('hq', MEETING)).toMatchObject({ at: '2025-07-01T10:00:00.000Z' });
  expect(await table.find('hq', LOST)).toMatchObject({ state: 'lost', from: '1001' });

  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: recordingKey('branch', DATED) }));
  await put('branch', '20260101080000-1767250800.1-1-2-Internal.wav');
  expect((await run()).output).toContain('branch: 1 row written, 1 deleted');
  expect((await run()).output).toContain('hq: 2 recordings, 0 rows to check');
});

test('the rows of deleted recordings are left to index-recording, where there are subscribers to hear of it', async () => {
  const recording = '20260117080000-1768633200.3-1001-1003-Internal.wav';
  await put('deleted', recording);
  await run({ pbx: 'deleted' });
  const key = recordingKey('deleted', recording);
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
  const events: object[] = [];
  const requestDeletion = async (event: object) => void events.push(event);
  const { isDone, output } = await run(
    { pbx: 'deleted' },
    { requestDeletion, now: () => Date.UTC(2026, 0, 20) },
  );
  expect({ isDone, output }).toEqual({
    isDone: true,
    output: expect.stringContaining('deleted: 0 rows written, 1 deleted'),
  });
  expect(events.map((event) => readBucketEvent(JSON.stringify(event)))).toMatchObject([
    { type: 'Object Deleted', time: '2026-01-20T00:00:00.000Z', key, about: { pbx: 'deleted', recording } },
  ]);
  expect(await table.find('deleted', recording)).toMatchObject({ state: 'archived' });
});

test('recordings are found by their names before they have been looked at, and a stopped run can be continued', async () => {
  const recording = '20260120080000-1768892400.7-1001-1003-Internal.wav';
  await put('stopped', recording, { trunk: 'Berlin' });
  const stop = new AbortController();
  const stopping = {
    ...reader,
    async find() {
      stop.abort(new ArchiveError('interrupted', 'Stopped.'));
      return stop.signal.throwIfAborted() as undefined;
    },
  };
  const stopped = await run({ pbx: 'stopped' }, { reader: stopping, signal: stop.signal });
  expect(stopped).toMatchObject({ isDone: false });
  expect(stopped.output).toContain('Stopped. Run the same command again to continue.');
  expect(await table.find('stopped', recording)).toMatchObject({ state: 'archived', to: '1003', layout: 0 });

  expect(await run({ pbx: 'stopped' })).toMatchObject({ isDone: true });
  expect(await table.find('stopped', recording)).toMatchObject({ trunk: 'Berlin', layout: 1 });
});

test('the command names what is wrong with its options', { timeout: 60_000 }, async () => {
  const child = spawn(
    process.execPath,
    ['infra/commands/reindex.ts', '--pbx', 'all', '--from', '2026-02-30'],
    {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const stderr = text(child.stderr);
  const [code] = await once(child, 'close');
  expect({ code, stderr: (await stderr).trim() }).toEqual({
    code: 1,
    stderr: '--from should be a day, such as 2026-01-31\nSee --help for all options.',
  });
});
