import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { createCursors } from '../../../functions/archive-api/cursor.ts';
import { searchRecordings } from '../../../functions/archive-api/search-recordings.ts';
import { may, type Principal } from '../../../functions/shared/access/principal.ts';
import { createAccessLog } from '../../../functions/shared/access-log/access-log.ts';
import { searchSchema } from '../../../functions/shared/api/contract.ts';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { createCachedSecret } from '../../../functions/shared/config/cached-secret.ts';
import type { PbxRegistry } from '../../../functions/shared/config/pbx-registry.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { createIndexReader } from '../../../functions/shared/recording-index/index-reader.ts';
import { FEWER_RUNS, fc } from '../../property.ts';
import { useDynamoDb } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { itemOf, putRows, type Row } from '../shared/recording-index/index-table.ts';

captureLog();
await useDynamoDb({ index: INDEX_TABLE });
const client = createDynamoDbClient();
const index = createIndexReader(client, 'index');
const cursors = createCursors(
  createCachedSecret(
    async () => 'a-secret-0123456789',
    () => 0,
  ),
);

const BEGUN_AT = Date.UTC(2026, 2, 8, 12);
/** Without `from`, a search goes back seven days. */
const WINDOW_FROM = BEGUN_AT - 7 * 24 * 3_600_000;
/** The first two are before the default window, which begins with the third. */
const instant = (second: number) => new Date(WINDOW_FROM + (second - 2) * 1000).toISOString();

/** Few values each, so that times, names and rows are often equal. UTF-8 and UTF-16 sort the last two names differently. */
const anyRow = fc.record({
  pbx: fc.nat({ max: 1 }),
  second: fc.nat({ max: 8 }),
  recording: fc.constantFrom('a.wav', 'Z.wav', 'ä.wav', '\uFF5E.wav', '📞.wav'),
  from: fc.constantFrom('1001', '1002', '+49 30 901820', undefined),
  type: fc.constantFrom('Inbound', 'Outbound'),
  seconds: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
});

/** What happens between two pages. */
const anyChange = fc.record({
  put: fc.array(anyRow, { maxLength: 3 }),
  /** Which of the rows that are there. */
  removed: fc.array(fc.nat(), { maxLength: 3 }),
  /** The cursor stands for this row. */
  isLastRemoved: fc.boolean(),
  secondsPassed: fc.nat({ max: 3 }),
});

const anyFilters = fc.record(
  {
    from: fc.integer({ min: 0, max: 5 }).map(instant),
    to: fc.integer({ min: 6, max: 9 }).map(instant),
    number: fc.constantFrom('1001', '0049 30 901820,1002'),
    direction: fc.constantFrom('inbound', 'outbound'),
    minSeconds: fc.nat({ max: 3 }).map(String),
  },
  { requiredKeys: [] },
);
/** Often none: then there are the most pages, in the default window. */
const anyQuery = fc.oneof(fc.constant({}), anyFilters);

/** Otherwise fast-check makes short lists, of which a search has few pages. */
const LONG = { size: 'max' } as const;

interface Query {
  from?: string;
  to?: string;
  number?: string;
  direction?: string;
  minSeconds?: string;
}

function isExpected(row: Row, { from, to, number, direction, minSeconds }: Query): boolean {
  // With `to`, the seven days begin before all rows.
  const begin = from ?? (to === undefined ? instant(2) : '');
  const isParty = number === undefined || (number === '1001') === (row.from === '1001');
  return (
    row.at >= begin &&
    (to === undefined || row.at < to) &&
    isParty &&
    (number === undefined || row.from !== undefined) &&
    (direction === undefined || row.type?.toLowerCase() === direction) &&
    (minSeconds === undefined || (row.seconds ?? -1) >= Number(minSeconds))
  );
}

const keyOf = ({ at, recording, pbx }: Row) => `${at}#${recording} ${pbx}`;

/** As DynamoDB sorts: by the bytes of the sort key; then by PBX, which are of one length here. Newest first. */
const compare = (one: Row, other: Row) => Buffer.compare(Buffer.from(keyOf(other)), Buffer.from(keyOf(one)));

const inOrder = (rows: Row[]): string[] => rows.toSorted(compare).map(keyOf);

const remove = (rows: Row[]) =>
  client.send(
    new BatchWriteCommand({
      RequestItems: {
        index: rows.map((row) => ({ DeleteRequest: { Key: { pbx: row.pbx, sk: itemOf(row).sk } } })),
      },
    }),
  );

let tables = 0;

/** Each run has PBXs of its own, so that the runs can share a table. */
function ownPbxs(): [string, string] {
  tables += 1;
  return [`a-${tables}`, `b-${tables}`];
}

test('page by page, a search returns each row that stays once, in order, whatever rows come and go meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow, { minLength: 8, maxLength: 20, ...LONG }),
      anyQuery,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }),
      fc.array(anyChange, { minLength: 3, maxLength: 6, ...LONG }),
      fc.option(fc.constantFrom('1001', '+49 30 901820'), { nil: undefined }),
      async (drafts, query: Query, limits, changes, extension) => {
        const pbxs = ownPbxs();
        const registry = { [pbxs[0]]: { timeZone: 'Europe/Berlin' }, [pbxs[1]]: { timeZone: 'Asia/Tokyo' } };
        const principal: Principal = {
          person: 'Ada',
          by: 'jwt',
          grants: [
            { pbxs: [pbxs[0]], rights: ['listen'] },
            { pbxs: [pbxs[1]], rights: ['listen'], extensions: extension && [extension] },
          ],
        };
        const toRow = ({ pbx, second, ...row }: (typeof drafts)[number]): Row => ({
          ...row,
          pbx: pbxs[pbx] as string,
          at: instant(second),
        });
        const present = new Map<string, Row>();
        const changed = new Set<string>();
        async function put(added: typeof drafts): Promise<void> {
          // A later draft replaces an earlier one with the same key: DynamoDB takes each key once.
          const rows = new Map(added.map(toRow).map((row) => [keyOf(row), row]));
          for (const [key, row] of rows) present.set(key, row);
          await putRows(client, 'index', [...rows.values()]);
        }
        await put(drafts);
        const initial = [...present.values()];

        let now = BEGUN_AT;
        const options = { table: 'access', days: 1, now: () => now, publish: async () => {} };
        const accessLog = createAccessLog(client, options);
        const deps = {
          index,
          accessLog,
          registry: registry as unknown as PbxRegistry,
          cursors,
          now: () => now,
        };
        const found: Row[] = [];
        let cursor: string | undefined;
        let pages = 0;
        do {
          const limit = String(limits[pages % limits.length]);
          const parameters = { ...query, limit, ...(cursor !== undefined && { cursor }) };
          const { status, body } = await searchRecordings(requestFor(parameters), principal, deps);
          expect(status).toBe(200);
          const page = v.parse(searchSchema, body);
          found.push(...page.recordings);
          cursor = page.cursor;
          const change = changes[pages];
          pages += 1;
          // Each page gets further, and there are not so many rows.
          expect(pages).toBeLessThan(100);
          if (change === undefined) continue;

          now += change.secondsPassed * 1000;
          const last = change.isLastRemoved ? found.slice(-1) : [];
          const chosen = change.removed.map((n) => [...present.values()][n % present.size]);
          const gone = new Map([...last, ...chosen].flatMap((row) => (row ? [[keyOf(row), row]] : [])));
          if (gone.size > 0) await remove([...gone.values()]);
          for (const key of gone.keys()) present.delete(key);
          await put(change.put);
          for (const key of [...gone.keys(), ...change.put.map(toRow).map(keyOf)]) changed.add(key);
        } while (cursor !== undefined);

        expect(new Set(found.map(keyOf)).size).toBe(found.length);
        expect(found.map(keyOf)).toEqual(inOrder(found));
        const stayed = initial.filter((row) => !changed.has(keyOf(row)));
        const expected = stayed.filter((row) => isExpected(row, query) && may(principal, 'listen', row));
        expect(found.map(keyOf).filter((key) => !changed.has(key))).toEqual(inOrder(expected));
      },
    ),
    // Each run has several pages, and changes between them.
    { numRuns: Math.ceil(FEWER_RUNS.numRuns / 2) },
  );
});

const requestFor = (query: Record<string, string>) => ({
  method: 'GET',
  path: '/api/recordings',
  params: {},
  query,
  headers: {},
  cookies: [],
  body: '',
  address: '203.0.113.7',
  authorizer: undefined,
});
