import { CreateBucketCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { findDifferences } from '../../../../functions/shared/recording-index/compare.ts';
import { type RowItem, toItem } from '../../../../functions/shared/recording-index/item.ts';
import type { RecordingState } from '../../../../functions/shared/recording-index/row.ts';
import { type Listing, listObjects } from '../../../../functions/shared/recordings/list-objects.ts';
import { createMarkers } from '../../../../functions/shared/recordings/markers.ts';
import { useS3 } from '../../aws-services.ts';

const rowOf = (recording: string, state: RecordingState, at = timeIn(recording)): RowItem =>
  toItem({ pbx: 'hq', recording, state, at, verifiedBy: [] });

function timeIn(recording: string): string {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)/.exec(recording) ?? [];
  return `${year}-${month}-${day}T12:00:00.000Z`;
}

const tableOf = (...rows: RowItem[]) => ({
  async *list(_pbx: string, from: number, to: number) {
    yield* rows.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) <= to);
  },
  find: async (_pbx: string, recording: string) => rows.find((row) => row.recording === recording),
});

const empty = (...folders: string[]): Listing[] => folders.map((folder) => ({ folder, objects: [] }));

const DAY = 'hq/2026/01/15';
const NAME = '20260115120000-1768478400.1-1001-1002-Internal.wav';
const MARKERS = ['queued', 'ended', 'lost'].map((kind) => `reconciliation/${kind}/${DAY}`);

test.each<RecordingState>(['archived', 'waiting', 'lost', 'dead-lettered'])(
  'a row that says %s differs from a bucket that has neither the recording nor a marker of it',
  async (state) => {
    const listings = empty(`recordings/${DAY}`, ...MARKERS);
    expect(await findDifferences('hq', listings, tableOf(rowOf(NAME, state)))).toEqual([NAME]);
  },
);

test.each<RecordingState>(['waiting', 'lost', 'dead-lettered'])(
  'of a row that says %s nothing is known unless all places of its markers were listed',
  async (state) => {
    const listings = empty(`recordings/${DAY}`, ...MARKERS.slice(1));
    expect(await findDifferences('hq', listings, tableOf(rowOf(NAME, state)))).toEqual([]);
  },
);

describe('an object of a folder that was not listed', () => {
  const recording = 'meeting.wav';
  const writtenAt = Date.UTC(2026, 0, 15, 12);
  const object = { key: 'recordings/hq/undated/meeting.wav', bytes: 44, etag: '"1a"', writtenAt };
  const at = new Date(writtenAt).toISOString();
  const archived = { ...rowOf(recording, 'archived', at), archivedAt: at };

  test.each([
    ['a row that says the same', [toItem({ ...archived, bytes: 44 }, '"1a"')], []],
    ['no row', [], [recording]],
    ['a row that says that it is on its way', [rowOf(recording, 'waiting', at)], [recording]],
    ['a row of another size', [toItem({ ...archived, bytes: 45 }, '"1a"')], [recording]],
  ])('is compared with its own row: %s', async (_, rows, different) => {
    expect(await findDifferences('hq', [{ objects: [object] }], tableOf(...rows))).toEqual(different);
  });
});

describe('a recording without which its job has ended', async () => {
  await useS3();
  const s3 = createS3Client();
  await s3.send(new CreateBucketCommand({ Bucket: 'archive' }));
  const markers = createMarkers(s3, 'archive');
  const job = {
    version: 1,
    pbx: 'hq',
    recording: NAME,
    call: {},
    reportedAt: '2026-01-15T12:05:00.000Z',
  } as const;

  /** The day as the bucket lists it. */
  const listDay = () =>
    Promise.all(
      [`recordings/${DAY}`, ...MARKERS].map(async (folder) => {
        const objects = [];
        for await (const object of listObjects(s3, 'archive', `${folder}/`)) objects.push(object);
        return { folder, objects };
      }),
    );

  afterEach(async () => {
    for (const { objects } of await listDay()) {
      for (const { key } of objects) await s3.send(new DeleteObjectCommand({ Bucket: 'archive', Key: key }));
    }
  });

  test.each(['lost', 'dead-lettered'] as const)('needs a row that says %s', async (ending) => {
    await markers.markEnded(ending, job, 0);
    expect(await findDifferences('hq', await listDay(), tableOf())).toEqual([NAME]);
    await markers.markDeadLettered(ending, job);
    expect(await findDifferences('hq', await listDay(), tableOf())).toEqual([NAME]);
    expect(await findDifferences('hq', await listDay(), tableOf(rowOf(NAME, 'waiting')))).toEqual([NAME]);
    expect(await findDifferences('hq', await listDay(), tableOf(rowOf(NAME, ending)))).toEqual([]);
  });

  test('needs none if it was never made, whatever other markers it has', async () => {
    await markers.markEnded('not-recorded', job, 0);
    expect(await findDifferences('hq', await listDay(), tableOf())).toEqual([]);
    await markers.markQueued(job);
    expect(await findDifferences('hq', await listDay(), tableOf())).toEqual([]);
  });

  test.each<RecordingState>(['waiting', 'lost', 'dead-lettered', 'archived'])(
    'loses its row, which says %s, if it was never made',
    async (state) => {
      await markers.markEnded('not-recorded', job, 0);
      expect(await findDifferences('hq', await listDay(), tableOf(rowOf(NAME, state)))).toEqual([NAME]);
    },
  );

  test('needs a row again if a job that was sent back ends in another way', async () => {
    await markers.markEnded('not-recorded', job, 0);
    await markers.markEnded('lost', job, Date.now() + 60_000);
    expect(await findDifferences('hq', await listDay(), tableOf())).toEqual([NAME]);
  });
});

test('the days of a PBX whose clock was at 2000 are compared with those of today', async () => {
  const names = ['20000101120000-946728000.1-1001-1002-Internal.wav', NAME];
  const listings = empty(`recordings/${DAY}`, 'recordings/hq/2000/01/01');
  const rows = names.map((name) => rowOf(name, 'archived'));
  expect((await findDifferences('hq', listings, tableOf(...rows))).sort()).toEqual(names);
});
