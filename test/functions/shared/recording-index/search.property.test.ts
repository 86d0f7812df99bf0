import { expect, test } from 'vitest';
import { may, type Principal } from '../../../../functions/shared/access/principal.ts';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../../functions/shared/config/tables.ts';
import { createIndexReader } from '../../../../functions/shared/recording-index/index-reader.ts';
import type { Position } from '../../../../functions/shared/recording-index/merge-streams.ts';
import { isSameNumber } from '../../../../functions/shared/recording-index/phone-number.ts';
import {
  FIRST_KEY,
  LAST_KEY,
  type SearchFilters,
  searchIndex,
} from '../../../../functions/shared/recording-index/search.ts';
import { FEWER_RUNS, fc } from '../../../property.ts';
import { useDynamoDb } from '../../aws-services.ts';
import { putRows, type Row } from './index-table.ts';

await useDynamoDb({ index: INDEX_TABLE });
const client = createDynamoDbClient();
const reader = createIndexReader(client, 'index');

const everybody: Principal = { person: 'x', by: 'token', grants: [{ pbxs: '*', rights: ['listen'] }] };
const instant = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

/** Few values each, so that times and names are often equal, and several ways of writing one number. */
const party = fc.constantFrom('1001', '1002', '+49 30 901820', '030901820', '*43#', undefined);
/** The order of UTF-8 differs from that of JavaScript's strings for the last two. */
const name = fc.constantFrom('a.wav', 'b.wav', 'Z.wav', 'ä.wav', '\uFF5E.wav', '📞.wav');
const anyRow = fc.record({
  second: fc.nat({ max: 8 }),
  recording: name,
  from: party,
  to: party,
  type: fc.constantFrom('Inbound', 'Outbound', 'Internal'),
  seconds: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
});
const anyFilters = fc.record(
  {
    numbers: fc.uniqueArray(fc.constantFrom('1001', '1002', '0049 30 901820', '901820', '*43#'), {
      minLength: 1,
      maxLength: 3,
    }),
    direction: fc.constantFrom('inbound', 'outbound', 'internal'),
    minSeconds: fc.nat({ max: 3 }),
  },
  { requiredKeys: [] },
);

let tables = 0;

/** A PBX for each run has partitions of its own, so that the runs can share a table. */
const ownPbxs = () => {
  tables += 1;
  return ['a', 'b', 'c'].map((letter) => `${letter}-${tables}`);
};

/** Somebody may hear the calls of all extensions of a PBX, or of some. A role may name a number instead. */
const anyExtensions = fc.option(
  fc.uniqueArray(fc.constantFrom('1001', '1002', '030901820'), { minLength: 1 }),
  { nil: undefined },
);

const grantOf = (pbx: string, extensions: string[] | undefined): Principal['grants'][number] => ({
  pbxs: [pbx],
  rights: ['listen'],
  extensions,
});

const isExpected = (row: Row, { numbers, direction, minSeconds }: SearchFilters) =>
  (numbers === undefined ||
    numbers.some((number) =>
      [row.from, row.to].some((own) => own !== undefined && isSameNumber(number, own)),
    )) &&
  (direction === undefined || row.type?.toLowerCase() === direction) &&
  (minSeconds === undefined || (row.seconds ?? -1) >= minSeconds);

const keyOf = ({ pbx, at, recording }: Row) => `${at} ${recording} ${pbx}`;

test('page by page, a search finds each matching row once, newest first, even while newer ones arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 2 }), anyRow), { maxLength: 40 }),
      anyFilters,
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 15 }),
      fc.nat({ max: 6 }),
      fc.tuple(anyExtensions, anyExtensions, anyExtensions),
      fc.array(fc.constantFrom(0, 6, 12, 100), { minLength: 1, maxLength: 3 }),
      async (drafts, filters, limits, maxReads, fromSecond, extensions, partitions) => {
        const pbxs = ownPbxs();
        const grants = pbxs.map((pbx, n) => grantOf(pbx, extensions[n]));
        const principal = { ...everybody, grants };
        const toRow = ([pbx, { second, ...row }]: [number, (typeof drafts)[number][1]]): Row => ({
          ...row,
          pbx: pbxs[pbx] as string,
          at: instant(second),
        });
        // A later draft replaces an earlier one with the same key.
        const rows = [...new Map(drafts.map(toRow).map((row) => [keyOf(row), row])).values()];
        await putRows(client, 'index', rows);
        const windows = pbxs.map((pbx) => ({ pbx, from: instant(fromSecond), to: LAST_KEY }));

        const found: Row[] = [];
        let position: Position | undefined;
        let pages = 0;
        do {
          const limit = limits[pages % limits.length] as number;
          const result = await searchIndex(
            reader,
            { windows, filters, limit, after: position },
            principal,
            // Another version may read other partitions for the next page.
            { maxReads, maxPartitions: partitions[pages % partitions.length] as number },
          );
          expect(result.recordings.length).toBeLessThanOrEqual(limit);
          found.push(...result.recordings);
          position = result.position;
          pages += 1;
          // Newer than everything that has been looked at.
          const arrived = { pbx: pbxs[0] as string, recording: `${pages}.wav`, at: instant(100 + pages) };
          await putRows(client, 'index', [arrived]);
        } while (position !== undefined);

        const expected = rows.filter(
          (row) => row.at >= instant(fromSecond) && isExpected(row, filters) && may(principal, 'listen', row),
        );
        expect(found.map(keyOf).sort()).toEqual(expected.map(keyOf).sort());
        const times = found.map(({ at }) => at);
        expect(times).toEqual(times.toSorted().reverse());
      },
    ),
    FEWER_RUNS,
  );
});

test('names that UTF-8 and UTF-16 sort differently are found once, too', async () => {
  const names = ['\uFF5E.wav', '📞.wav'];
  const pbxs = ['utf-1', 'utf-2'];
  const rows = pbxs.flatMap((pbx) => names.map((recording) => ({ pbx, recording, at: instant(1) })));
  await putRows(client, 'index', rows);
  const windows = pbxs.map((pbx) => ({ pbx, from: FIRST_KEY, to: LAST_KEY }));
  const found: string[] = [];
  let after: Position | undefined;
  do {
    const page = await searchIndex(reader, { windows, filters: {}, limit: 1, after }, everybody);
    found.push(...page.recordings.map(({ pbx, recording }) => `${recording} ${pbx}`));
    after = page.position;
  } while (after !== undefined);
  expect(found).toEqual(['📞.wav utf-2', '📞.wav utf-1', '\uFF5E.wav utf-2', '\uFF5E.wav utf-1']);
});

/** A reader that notes how many rows each query returns. */
function countReads() {
  const reads: number[] = [];
  const query: typeof reader.query = async (...request) => {
    const page = await reader.query(...request);
    reads.push(page.items.length);
    return page;
  };
  return { reads, counting: { ...reader, query } };
}

test('a search reads no more than its limit allows, says how far it has come, and goes on from there', async () => {
  const pbx = 'busy';
  const rows = Array.from({ length: 60 }, (_, second) => ({
    pbx,
    recording: `${second}.wav`,
    at: instant(second),
    seconds: second < 2 ? 100 : 1,
  }));
  await putRows(client, 'index', rows);
  const windows = [{ pbx, from: FIRST_KEY, to: LAST_KEY }];
  const { counting, reads } = countReads();
  const search = { windows, filters: { minSeconds: 50 }, limit: 1, after: undefined };
  const few = { maxReads: 20, maxPartitions: 200 };
  const first = await searchIndex(counting, search, everybody, few);
  expect(first).toMatchObject({ recordings: [], position: { pbx } });
  expect(first.looked).toBe(reads.reduce((sum, count) => sum + count, 0));
  expect(first.looked).toBeLessThan(40);

  let after: Position | undefined = first.position;
  const found: string[] = [];
  while (after !== undefined) {
    const page = await searchIndex(reader, { ...search, after }, everybody, few);
    found.push(...page.recordings.map(({ recording }) => recording));
    after = page.position;
  }
  expect(found).toEqual(['1.wav', '0.wav']);
});

test('a role with many extensions of many PBXs does not make a search query each of them', async () => {
  const pbxs = Array.from({ length: 50 }, (_, n) => `branch-${n}`);
  const extensions = Array.from({ length: 50 }, (_, n) => String(1000 + n));
  const rows = pbxs.flatMap((pbx, n) => [
    { pbx, recording: 'own.wav', at: instant(n), from: '1007', to: '+49 30 901820' },
    { pbx, recording: 'other.wav', at: instant(n), from: '2000', to: '+49 30 901820' },
  ]);
  await putRows(client, 'index', rows);
  const windows = pbxs.map((pbx) => ({ pbx, from: FIRST_KEY, to: LAST_KEY }));
  const principal: Principal = { ...everybody, grants: [{ pbxs, extensions, rights: ['listen'] }] };
  const { counting, reads } = countReads();
  const page = await searchIndex(counting, { windows, filters: {}, limit: 200, after: undefined }, principal);
  expect(page.position).toBeUndefined();
  expect(page.recordings.map(({ pbx, recording }) => `${pbx} ${recording}`)).toEqual(
    pbxs.map((pbx) => `${pbx} own.wav`).reverse(),
  );
  expect(reads.length).toBeLessThanOrEqual(200);
});

test('a role with many extensions of a quiet PBX is searched by its few extensions of a busy one', async () => {
  const busy = 'busy-with-few';
  const quiet = 'quiet-with-many';
  const others = Array.from({ length: 60 }, (_, second) => ({
    pbx: busy,
    recording: `${second}.wav`,
    at: instant(10 + second),
    from: '2000',
  }));
  const own = [
    { pbx: busy, recording: 'own.wav', at: instant(2), from: '1000' },
    { pbx: quiet, recording: 'own.wav', at: instant(1), to: '1150' },
  ];
  await putRows(client, 'index', [...others, ...own]);
  const many = Array.from({ length: 200 }, (_, n) => String(1000 + n));
  const grants = [grantOf(busy, ['1000', '1001']), grantOf(quiet, many)];
  // The order of the PBXs does not decide.
  for (const pbxs of [
    [busy, quiet],
    [quiet, busy],
  ]) {
    const windows = pbxs.map((pbx) => ({ pbx, from: FIRST_KEY, to: LAST_KEY }));
    const search = { windows, filters: {}, limit: 50, after: undefined };
    const limits = { maxReads: 20, maxPartitions: 200 };
    const page = await searchIndex(reader, search, { ...everybody, grants }, limits);
    expect(page.recordings).toMatchObject(own);
    expect(page.position).toBeUndefined();
  }
});
