import { expect, test } from 'vitest';
import { findDifferences, type Listing } from '../../../../functions/shared/recording-index/compare.ts';
import { type RowItem, toItem } from '../../../../functions/shared/recording-index/item.ts';
import type { RecordingState } from '../../../../functions/shared/recording-index/row.ts';

const rowOf = (recording: string, state: RecordingState): RowItem => {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)/.exec(recording) ?? [];
  return toItem({ pbx: 'hq', recording, state, at: `${year}-${month}-${day}T12:00:00.000Z`, verifiedBy: [] });
};

const tableOf = (...rows: RowItem[]) => ({
  async *list(_pbx: string, from: number, to: number) {
    yield* rows.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) <= to);
  },
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

test('the days of a PBX whose clock was at 2000 are compared with those of today', async () => {
  const names = ['20000101120000-946728000.1-1001-1002-Internal.wav', NAME];
  const listings = empty(`recordings/${DAY}`, 'recordings/hq/2000/01/01');
  const rows = names.map((name) => rowOf(name, 'archived'));
  expect((await findDifferences('hq', listings, tableOf(...rows))).sort()).toEqual(names);
});
