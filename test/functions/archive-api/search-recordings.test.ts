import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { captureLog } from '../capture-log.ts';
import type { Row } from '../shared/recording-index/index-table.ts';
import { bearer, type Response, useApi } from './api-harness.ts';

const logLines = captureLog();
const api = await useApi({ berlin: { timeZone: 'Europe/Berlin' }, lisbon: { timeZone: 'Europe/Lisbon' } });
const MINUTE = 60_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const DAY = 24 * 60 * MINUTE;

const rows: Row[] = [
  // 23:30 in Berlin, 22:30 in Lisbon, on 31 December.
  { pbx: 'berlin', recording: 'berlin-2230.wav', at: '2025-12-31T22:30:00.000Z' },
  { pbx: 'lisbon', recording: 'lisbon-2230.wav', at: '2025-12-31T22:30:00.000Z' },
  // 00:30 on 1 January in Berlin, 23:30 on 31 December in Lisbon.
  { pbx: 'berlin', recording: 'berlin-2330.wav', at: '2025-12-31T23:30:00.000Z' },
  { pbx: 'lisbon', recording: 'lisbon-2330.wav', at: '2025-12-31T23:30:00.000Z' },
  {
    pbx: 'berlin',
    recording: 'long.wav',
    at: '2026-01-02T10:00:00.000Z',
    callId: '1767348000.1',
    from: '+49 (0)30 123456',
    to: '1001',
    type: 'Inbound',
    seconds: 90.5,
  },
  {
    pbx: 'lisbon',
    recording: 'short.wav',
    at: '2026-01-02T10:00:00.000Z',
    from: '1001',
    to: '0049 30 123456',
    type: 'Outbound',
    seconds: 3,
  },
  {
    pbx: 'lisbon',
    recording: 'waiting.wav',
    at: '2026-01-02T09:00:00.000Z',
    state: 'waiting',
    type: 'Internal',
  },
  { pbx: 'berlin', recording: 'recent.wav', at: ago(6 * DAY) },
  { pbx: 'berlin', recording: 'older.wav', at: ago(8 * DAY) },
  { pbx: 'berlin', recording: 'ahead.wav', at: ago(-MINUTE) },
  { pbx: 'former', recording: 'of-a-former-pbx.wav', at: '2026-01-02T10:00:00.000Z' },
];
await api.putRows(rows);
await api.putIndexItems([
  { pbx: 'berlin', sk: 'status', reconciledUpTo: '2026-01-02T10:00:00.000Z' },
  { pbx: 'berlin', sk: 'name#long.wav', rowSks: new Set(['x']) },
  { pbx: 'berlin', sk: '2026-01-03T10:00:00.000Z#of-a-later-layout.wav', layout: 2, state: 'new' },
]);
const ask = await api.load();

const search = (query: Record<string, string> = {}) => ask('GET /api/recordings', { query, headers: bearer });
const namesIn = ({ body }: Response): string[] => body.recordings.map(({ recording }: Row) => recording);
const find = async (query: Record<string, string>) =>
  namesIn(await search({ from: '2025-12-01', to: '2026-01-31', ...query }));

describe('without parameters', () => {
  test('a search finds the last seven days, and what a PBX with a wrong clock dates ahead', async () => {
    const { body } = await search();
    expect(body.recordings.map(({ recording }: Row) => recording)).toEqual(['ahead.wav', 'recent.wav']);
    const daysBack = (Date.now() - Date.parse(body.searchedBackTo)) / DAY;
    expect(daysBack).toBeCloseTo(7, 3);
    expect(body).not.toHaveProperty('cursor');
  });
});

describe('the window', () => {
  test('of days is that of the calendar of each PBX, and includes the last day', async () => {
    expect(await find({ from: '2025-12-31', to: '2025-12-31' })).toEqual([
      'lisbon-2330.wav',
      'lisbon-2230.wav',
      'berlin-2230.wav',
    ]);
    expect(await find({ from: '2026-01-01', to: '2026-01-01' })).toEqual(['berlin-2330.wav']);
  });

  test('of instants includes the first one, and not the last one', async () => {
    const [from, to] = ['2025-12-31T22:30:00Z', '2025-12-31T23:30:00Z'];
    expect(await find({ from, to })).toEqual(['lisbon-2230.wav', 'berlin-2230.wav']);
    expect(await find({ from: '2025-12-31T23:30:00+01:00', to })).toHaveLength(2);
  });

  test('with an end only begins seven days before it', async () => {
    const { body } = await search({ to: '2026-01-09T10:00:00Z' });
    expect(namesIn({ body } as Response)).toEqual(['short.wav', 'long.wav']);
    expect(body.searchedBackTo).toBe('2026-01-02T10:00:00.000Z');
  });
});

describe('a filter', () => {
  test.each<[Record<string, string>, string[]]>([
    [{ number: '030 123456' }, ['short.wav', 'long.wav']],
    [{ number: '123456, 999999' }, ['short.wav', 'long.wav']],
    [{ number: '+49 30 123456' }, ['short.wav', 'long.wav']],
    [{ number: '40 123456' }, []],
    [{ number: '1001', pbx: 'lisbon' }, ['short.wav']],
    [{ number: '100' }, []],
    [{ number: '1001', direction: 'inbound' }, ['long.wav']],
    [{ direction: 'internal' }, ['waiting.wav']],
    [{ type: 'OUTBOUND' }, ['short.wav']],
    [{ minSeconds: '4' }, ['long.wav']],
    [{ minSeconds: '91' }, []],
    [{ pbx: 'former' }, ['of-a-former-pbx.wav']],
    [{ pbx: 'lisbon,berlin', type: 'Inbound' }, ['long.wav']],
  ])('%j finds %j', async (query, expected) => {
    expect(await find(query)).toEqual(expected);
  });

  test('by call id needs no dates', async () => {
    const response = await search({ callId: '1767348000.1' });
    expect(namesIn(response)).toEqual(['long.wav']);
    expect(response.body.searchedBackTo).toBe('1970-01-01T00:00:00.000Z');
    expect(namesIn(await search({ callId: '1767348000.1', from: '2026-01-03' }))).toEqual([]);
  });
});

test('a row of a later version is left out and counted in the log', async () => {
  expect(await find({ from: '2026-01-03', to: '2026-01-03' })).toEqual([]);
  expect(logLines).toEqual([{ level: 'warn', event: 'searched', found: 0, looked: 1, unreadable: 1 }]);
});

describe('a cursor', () => {
  const query = { from: '2025-12-01', to: '2026-01-31', limit: '2' };

  test('leads through all pages, and another limit is allowed on the way', async () => {
    const first = await search(query);
    expect(first.body.recordings).toHaveLength(2);
    expect(first.body.searchedBackTo).toBe(first.body.recordings[1].at);
    const second = await search({ ...query, limit: '200', cursor: first.body.cursor });
    expect(second.body).not.toHaveProperty('cursor');
    expect([...namesIn(first), ...namesIn(second)]).toEqual(await find({}));
  });

  test('of the default window keeps it, so that nothing is skipped at its end', async () => {
    const begunAt = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: begunAt });
    onTestFinished(() => void vi.useRealTimers());
    const askThen = await api.load();
    const searchThen = (query: object) =>
      askThen('GET /api/recordings', { query: { ...query }, headers: bearer });
    const { body } = await searchThen({ limit: '1' });
    // By now, the default window would begin after the recording.
    vi.setSystemTime(begunAt + 2 * DAY);
    const rest = await searchThen({ limit: '200', cursor: body.cursor });
    expect(namesIn(rest)).toEqual(['recent.wav']);
    expect(rest.body.searchedBackTo).toBe(new Date(begunAt - 7 * DAY).toISOString());
  });

  test('is refused in another search, or if somebody made it up', async () => {
    const { cursor } = (await search(query)).body;
    const changed = `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`;
    for (const other of [
      { ...query, cursor, pbx: 'berlin' },
      { ...query, cursor, number: '1001' },
      { limit: '2', cursor },
      { ...query, cursor: changed },
      { ...query, cursor: 'eyJzayI6IjIwMjYifQ' },
    ]) {
      expect(await search(other)).toMatchObject({
        status: 400,
        body: { error: 'invalid-parameter', parameter: 'cursor' },
      });
    }
  });

  test('does not show the name at which the page ends', async () => {
    const { cursor, recordings } = (await search(query)).body;
    expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toContain(recordings[1].recording);
  });
});

describe('a wrong parameter gets 400, and the response says what is right:', () => {
  const day = 'should be a day, such as 2026-11-26, or an instant, such as 2026-11-26T09:00:00Z';
  test.each<[Record<string, string>, string, string]>([
    [{ from: '26.11.2026' }, 'from', day],
    [{ from: '2026-02-30' }, 'from', day],
    [{ to: '2026-11-26T09:00' }, 'to', day],
    [{ to: '' }, 'to', day],
    [{ from: '2026-01-02', to: '2026-01-01' }, 'to', 'should be later than from'],
    [{ limit: '0' }, 'limit', 'should be a whole number from 1 to 200'],
    [{ limit: '201' }, 'limit', 'should be a whole number from 1 to 200'],
    [{ limit: '1e2' }, 'limit', 'should be a whole number from 1 to 200'],
    [{ minSeconds: '-1' }, 'minSeconds', 'should be a whole number from 0 to 604800'],
    [{ direction: 'Inbound' }, 'direction', 'should be inbound, outbound or internal'],
    [{ number: '1,2,3,4,5,6' }, 'number', 'should have at most 5 numbers'],
    [{ number: '1001,' }, 'number', 'should not be empty'],
    [{ pbx: 'Head Office' }, 'pbx', 'should be 1 to 40 of a-z, 0-9 and inner hyphens'],
    [{ callId: ' ' }, 'callId', 'should not be empty'],
    [{ numbers: '1001' }, 'numbers', 'is not a known parameter'],
  ])('%j', async (query, parameter, message) => {
    const { status, body } = await search(query);
    expect({ status, body }).toEqual({
      status: 400,
      body: { error: 'invalid-parameter', parameter, message },
    });
  });
});
