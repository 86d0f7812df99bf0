import { describe, expect, test } from 'vitest';
import { windowOf } from '../../../../../functions/shared/call-log/windows.ts';
import type { PbxClient } from '../../../../../functions/shared/pbx/pbx-client.ts';
import { startPSeriesHarness } from '../../../../infra/simulated-pbx/p-series-harness.ts';
import { captureLog } from '../../../capture-log.ts';
import { respondWith, startScriptedPbx } from '../scripted-pbx.ts';
import { pSeriesClientOf } from './p-series-client.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CALL = { from: '5550100', to: '2001', type: 'Inbound', talkSeconds: 1 } as const;
const SUBSCRIPTION = { url: 'http://unused', form: 'url', port: 80 } as const;
/** The day to which the clock of the harness is set. */
const TODAY = windowOf('2025-10-09');

const lines = captureLog();

async function start(...options: Parameters<typeof startPSeriesHarness>) {
  const harness = await startPSeriesHarness(...options);
  const settings = { timeZone: options[0]?.timeZone ?? 'UTC' };
  const client = pSeriesClientOf(harness.pbx, settings, { pbxId: 'office' });
  const credentials = { username: 'client-id', password: 'client-secret' };
  const { token } = await client.login(credentials, SUBSCRIPTION);
  const list = (window = TODAY, timeZone = options[0]?.timeZone ?? 'UTC') =>
    listWith(client, token, window, timeZone);
  return { ...harness, list };
}

/** A PBX at which something happens once it has listed some rows. */
async function startRead() {
  let listed = 0;
  let planned: { rows: number; happen: () => void } | undefined;
  const harness = await start({
    onEvent: (event) => {
      if (event.type !== 'listed') return;
      listed += event.rows;
      if (planned === undefined || listed < planned.rows) return;
      planned.happen();
      planned = undefined;
    },
  });
  const whenRead = (rows: number, happen: () => void) => {
    planned = { rows, happen };
  };
  return { ...harness, whenRead };
}

/** The end of `TODAY`. */
const MIDNIGHT = Date.UTC(2025, 9, 10);

const listWith = (client: PbxClient, token: string, window = TODAY, timeZone = 'UTC', now = MIDNIGHT) =>
  client.listRecordings(token, window, {
    timeZone,
    now,
    signal: new AbortController().signal,
    timeoutMs: 3 * MINUTE,
  });

/**
 * Finds nothing by time. Lists a recording for each index from 0 on, the newest first, until `startOfCall` returns
 * nothing. `perPage` is for a PBX that sends more than it is asked for.
 */
const startListOnly = (startOfCall: (index: number) => number | undefined, perPage?: number) => {
  const describe = (index: number) => {
    const start = startOfCall(index);
    if (start === undefined) return [];
    const uid = `${new Date(start).toISOString().replace(/\D/g, '').slice(0, 14)}ABCDE`;
    return { id: 1_000_000_000 - index, uid, file: `call-${index}.wav`, size: 44, duration: 10 };
  };
  return startScriptedPbx((response, { path, query }) => {
    const parameters = new URLSearchParams(query);
    const size = perPage ?? Number(parameters.get('page_size'));
    const first = (Number(parameters.get('page')) - 1) * size;
    const indexes = Array.from({ length: size }, (_, row) => first + row);
    const data = path.endsWith('/recording/search') ? [] : indexes.flatMap(describe);
    response.end(JSON.stringify({ errcode: 0, errmsg: 'SUCCESS', data }));
  });
};

describe('the recordings of a window', () => {
  test('are those of calls that started in it, with what the PBX says of them', async () => {
    const { pbx, clock, list } = await start({ timeZone: 'Asia/Tokyo' });
    const startedAt = clock.now - HOUR;
    const { recording, callId, bytes } = pbx.makeCall({ ...CALL, startedAt });
    pbx.makeCall({ ...CALL, startedAt: startedAt - 3 * DAY });
    const { recorded, unreadable } = await list();
    expect([...recorded]).toEqual([
      [
        recording,
        {
          call: { callId, from: '5550100', to: '2001', type: 'Inbound', start: '2025-10-09 18:55:00' },
          callEndedAt: startedAt + 7000,
          endedAt: startedAt + 7000,
          hasSeveralEnds: false,
          listedBytes: bytes.length,
        },
      ],
    ]);
    expect(unreadable).toBe(0);
  });

  test('overlap with those of the days before and after it', async () => {
    const { pbx, list } = await start();
    const midnight = Date.UTC(2025, 9, 9);
    const inOverlap = pbx.makeCall({ ...CALL, startedAt: midnight - 30 * MINUTE });
    pbx.makeCall({ ...CALL, startedAt: midnight - 2 * HOUR });
    expect([...(await list()).recorded.keys()]).toEqual([inOverlap.recording]);
  });

  test('are read page by page, until one brings nothing new', async () => {
    const { pbx, list } = await start();
    const names = Array.from({ length: 450 }, (_, number) => `call-${number}.wav`);
    for (const recordingName of names)
      pbx.makeCall({ ...CALL, recordingName, recording: Buffer.from('RIFF') });
    expect([...(await list()).recorded.keys()]).toEqual(names);
    const searches = pbx.stats.requests.filter((request) => request.endsWith('recording/search'));
    expect(searches).toHaveLength(4);
  });

  test('end if the PBX sends the same page for ever', async () => {
    const row = { id: 1, file: 'a.wav', size: 44, uid: '20251009105320ABCDE' };
    const server = await startScriptedPbx(respondWith(JSON.stringify({ errcode: 0, data: [row] })));
    const { recorded } = await listWith(pSeriesClientOf(server), 'token');
    expect([...recorded.keys()]).toEqual(['a.wav']);
    expect(server.seen.map(({ query }) => new URLSearchParams(query).get('page'))).toEqual(['1', '2']);
  });

  test('leave out files that are not finished', async () => {
    const { pbx, list } = await start();
    pbx.makeCall({ ...CALL, recording: Buffer.alloc(0) });
    expect((await list()).recorded.size).toBe(0);
  });

  test('of old firmware have their parties as names with numbers', async () => {
    const { pbx, list } = await start({ rows: 'old' });
    const { recording } = pbx.makeCall({ ...CALL, from: '+49 30 5550100' });
    expect((await list()).recorded.get(recording)).toMatchObject({
      call: { from: '+49 30 5550100', to: '2001' },
    });
  });

  test('may have names and rows of any shape', async () => {
    const data = [
      { id: 1, file: 'x'.repeat(300), size: 44 },
      { id: '2', file: 'odd.wav', size: '44', call_from: 'nobody', duration: null },
      'no row',
      { id: 3 },
    ];
    const server = await startScriptedPbx(respondWith(JSON.stringify({ errcode: 0, data })));
    const { recorded, unreadable, unreadableRows } = await listWith(pSeriesClientOf(server), 'token');
    const odd = { call: { from: 'nobody' }, callEndedAt: undefined, endedAt: undefined };
    expect([...recorded]).toEqual([['odd.wav', { ...odd, hasSeveralEnds: false, listedBytes: 44 }]]);
    expect([unreadable, unreadableRows]).toEqual([
      3,
      [
        { row: 1, problem: 'it names no recording' },
        { row: 2, problem: 'it names no recording' },
        { row: 4, problem: "the recording's name cannot be used: it is longer than 255 bytes" },
      ],
    ]);
  });

  test.each([450, '450'])(
    'are counted as unreadable if the PBX counts more than it lists: %j',
    async (total) => {
      const row = { id: 1, file: 'a.wav', size: 44, uid: '20251009105320ABCDE' };
      const page = JSON.stringify({ errcode: 0, total_number: total, data: [row] });
      const server = await startScriptedPbx(respondWith(page));
      const { recorded, unreadable, unreadableRows } = await listWith(pSeriesClientOf(server), 'token');
      expect([...recorded.keys()]).toEqual(['a.wav']);
      expect([unreadable, unreadableRows]).toEqual([
        449,
        [{ row: 2, problem: 'the PBX counts 450 recordings, but lists 1' }],
      ]);
    },
  );

  test('are not unreadable if one appears while the list is read', async () => {
    const { pbx, list, whenRead } = await startRead();
    for (let call = 0; call < 3; call++) pbx.makeCall(CALL);
    whenRead(3, () => pbx.makeCall(CALL));
    const { recorded, unreadable } = await list();
    expect([recorded.size, unreadable]).toEqual([3, 0]);
  });

  test('are all found, and none is unreadable, if the PBX deletes the oldest while the list is read', async () => {
    const { pbx, list, whenRead } = await startRead();
    const recording = Buffer.from('RIFF');
    const calls = Array.from({ length: 450 }, () => pbx.makeCall({ ...CALL, recording }));
    whenRead(200, () => {
      for (const call of calls.slice(0, 10)) pbx.deleteRecording(call.recording);
    });
    const { recorded, unreadable } = await list();
    expect([...recorded.keys()]).toEqual(calls.slice(10).map(({ recording }) => recording));
    expect(unreadable).toBe(0);
  });

  test('have no size in some lists: then they are finished an hour after the end of the call', async () => {
    const startedAt = Date.UTC(2025, 9, 9, 10, 53, 20);
    const row = { id: 1, file: '20251009105326-1760007200.42-5550100-2001-Inbound.wav', duration: 61 };
    const server = await startScriptedPbx(
      respondWith(JSON.stringify({ errcode: 0, total_number: 1, data: [row] })),
    );
    const listAt = (now: number) => listWith(pSeriesClientOf(server), 'token', TODAY, 'UTC', now);
    const endedAt = startedAt + 61_000;
    expect((await listAt(endedAt + HOUR - 1)).recorded.size).toBe(0);
    const { recorded, unreadable } = await listAt(endedAt + HOUR);
    expect([...recorded.values()]).toMatchObject([{ endedAt, listedBytes: undefined }]);
    expect(unreadable).toBe(0);
  });

  test('are none if there are none, which old firmware says without a list', async () => {
    for (const rows of ['old', 'new'] as const)
      expect((await (await start({ rows })).list()).recorded.size).toBe(0);
    expect(lines).toEqual([]);
  });

  test('are none if the PBX says that there is no such data, and the guard against silence still looks', async () => {
    const { pbx, clock, list } = await start();
    pbx.refuse('recording/search', 60001);
    pbx.refuse('recording/list', 60001);
    expect((await list()).recorded.size).toBe(0);
    const { recording } = pbx.makeCall({ ...CALL, startedAt: clock.now - HOUR });
    pbx.refuse('recording/list', undefined);
    expect([...(await list()).recorded.keys()]).toEqual([recording]);
  });

  test('fail as the PBX does', async () => {
    const { pbx, list } = await start();
    pbx.refuse('recording/search', 80010);
    await expect(list()).rejects.toMatchObject({ code: 'pbx-80010' });
  });
});

describe('a PBX that does not understand the times of a search', () => {
  test('is asked for its list instead, and this is reported', async () => {
    const { pbx, clock, list } = await start({ searchTimes: 'display', rows: 'old' });
    pbx.makeCall({ ...CALL, startedAt: clock.now - 3 * DAY });
    const today = [2, 1].map((hours) => pbx.makeCall({ ...CALL, startedAt: clock.now - hours * HOUR }));
    expect([...(await list()).recorded.keys()]).toEqual(today.map(({ recording }) => recording));
    expect(lines).toMatchObject([{ event: 'recording-search-empty', pbx: 'office' }]);
  });

  test.each([
    ['refuses them', 40002],
    ['does not know the search', 10001],
    ['has only a part of the search', -2],
  ])('is asked for its list, too, if it %s', async (_, errcode) => {
    const { pbx, clock, list } = await start();
    pbx.refuse('recording/search', errcode);
    expect((await list()).recorded.size).toBe(0);
    const { recording } = pbx.makeCall({ ...CALL, startedAt: clock.now - HOUR });
    pbx.makeCall({ ...CALL, startedAt: clock.now - 3 * DAY });
    expect([...(await list()).recorded.keys()]).toEqual([recording]);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'recording-search-empty', pbx: 'office' }));
  });

  test('is asked for its list, too, if it finds everything whatever the times', async () => {
    const { pbx, clock, list } = await start({ searchTimes: 'ignored' });
    const recording = Buffer.from('RIFF');
    const daysAgo = (days: number) =>
      pbx.makeCall({ ...CALL, startedAt: clock.now - days * DAY - HOUR, recording });
    for (let call = 0; call < 500; call++) daysAgo(3);
    const today = daysAgo(0);
    expect([...(await list()).recorded.keys()]).toEqual([today.recording]);
    expect(lines).toMatchObject([{ event: 'recording-search-empty', pbx: 'office' }]);
    expect((await list(windowOf('2025-10-06'))).recorded.size).toBe(500);
  });

  test('is believed about a recording that seems to be of another day', async () => {
    const { pbx, clock, list } = await start();
    const recordingName = '20251001105326-1759316000.42-5550100-2001-Inbound.wav';
    const { report } = pbx.makeCall({ ...CALL, startedAt: clock.now - HOUR, recordingName });
    expect(report).toMatchObject({ recording: recordingName });
    expect([...(await list()).recorded.keys()]).toEqual([recordingName]);
    expect(lines).toEqual([]);
  });

  test('is found an old day behind any number of newer recordings, within some requests', async () => {
    // A recording a minute, for 45 days before the day that is asked for is over, and 41 after it.
    const newer = 60_000;
    const server = await startListOnly((index) =>
      index < newer + 65_000 ? MIDNIGHT + (newer - index) * MINUTE : undefined,
    );
    const { recorded, unreadable } = await listWith(pSeriesClientOf(server), 'token');
    const minutesOfDay = Array.from({ length: 26 * 60 }, (_, minute) => newer + 25 * 60 - minute);
    expect([...recorded.keys()]).toEqual(minutesOfDay.map((index) => `call-${index}.wav`));
    expect(unreadable).toBe(0);
    // Each is a connection of its own, and three minutes have to do for all of them.
    expect(server.seen.length).toBeLessThan(60);
  });

  test('has a call of some hours among those that started after it', async () => {
    const startOfLongCall = MIDNIGHT - HOUR;
    const server = await startListOnly((index) => {
      if (index >= 5000) return undefined;
      // It is listed with those that ended at the same time, six hours later.
      return index === 3000 - 5 * 60 ? startOfLongCall : MIDNIGHT + (3000 - index) * MINUTE;
    });
    const { recorded } = await listWith(pSeriesClientOf(server), 'token');
    expect(recorded.has(`call-${3000 - 5 * 60}.wav`)).toBe(true);
  });

  test('is given up if its list has no end', async () => {
    const server = await startListOnly(() => MIDNIGHT + 30 * DAY, 1000);
    await expect(listWith(pSeriesClientOf(server), 'token')).rejects.toMatchObject({
      code: 'cdr-malformed',
      message: expect.stringMatching(/more than 50000 .* Update the firmware/),
    });
  });

  test('is not suspected because a day was quiet', async () => {
    const { pbx, clock, list } = await start();
    pbx.makeCall({ ...CALL, startedAt: clock.now - 5 * DAY });
    expect((await list()).recorded.size).toBe(0);
    expect(lines).toEqual([]);
    expect(pbx.stats.requests.filter((request) => request.endsWith('recording/list'))).toHaveLength(1);
  });
});
