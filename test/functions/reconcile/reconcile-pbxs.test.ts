import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type ReconcileDeps, reconcilePbxs } from '../../../functions/reconcile/reconcile-pbxs.ts';
import { ArchiveError, PbxRefusal } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import type { CdrWindow } from '../../../functions/shared/pbx/pbx-client.ts';
import {
  type OpenCdrs,
  listRecordings as readListing,
} from '../../../functions/shared/pbx/s-series/list-recordings.ts';
import { captureLog } from '../capture-log.ts';

const NOW = Date.UTC(2026, 4, 17, 9, 30);
const HOUR_MS = 3_600_000;
const NOTHING = {
  found: 0,
  present: 0,
  queued: 0,
  waiting: 0,
  ended: 0,
  unreadable: 0,
  oldestMissingMs: 0,
  oldestUnqueuedMs: 0,
};

const logLines = captureLog();

const fail = (code: string) => new ArchiveError(code, `Words for ${code}.`);
const deadline = fail('deadline');

/** The names of the recordings that a PBX has in a window. */
type ListRecordings = (window: CdrWindow) => Promise<string[]>;

/** A CDR file whose calls all start with the window. */
const csvOf = (names: string[], { starttime }: CdrWindow) =>
  `recording,timestart,sn\n${names.map((name) => `${name},${starttime},1\n`).join('')}`;

/** Matches recordings named "stored…" as archived, and the markers of those named "lost…" and "waiting…". */
const IS_THERE = /^recordings\/.*\/stored|^reconciliation\/(?:ended\/.*\/lost|queued\/.*\/waiting)/;

/** Reads call logs as the client of the S-Series does. */
const listingOf =
  (openCdrs: OpenCdrs): ReconcileDeps['client']['listRecordings'] =>
  (...request) =>
    readListing(openCdrs, ...request);

/** PBXs by id, each with the recordings it has. */
function fakePbxs(pbxs: Record<string, ListRecordings>, signal = new AbortController().signal) {
  const asked: string[] = [];
  const sent: Job[] = [];
  const counted: string[] = [];
  const token = { token: 'token', snapshot: { version: '1', state: {} } };
  const get = (pbxId: string): ReconcileDeps => {
    const listRecordings = pbxs[pbxId];
    if (listRecordings === undefined) throw fail('unknown-pbx');
    return {
      pbxId,
      client: {
        listRecordings: listingOf(async (_, window) => {
          asked.push(`${pbxId} ${window.starttime} - ${window.endtime}`);
          return Readable.from([Buffer.from(csvOf(await listRecordings(window), window))]);
        }),
      },
      session: {
        current: async () => token,
        renew: async () => token,
        keepAlive: async () => 'kept-alive',
        end: async () => {},
      },
      archive: {
        find: async (keys) => new Map(keys.filter((key) => IS_THERE.test(key)).map((key) => [key, NOW])),
      },
      timeZone: pbxId === 'tokyo' ? 'Asia/Tokyo' : 'UTC',
      markers: { markQueued: async () => {} },
      status: {
        countRun: async (pbx, schedule, hasFailed) => {
          counted.push(`${pbx} ${schedule} ${hasFailed ? 'failed' : 'reconciled'}`);
          return hasFailed ? 3 : 0;
        },
      },
      send: async (job) => {
        sent.push(job);
      },
      now: () => NOW,
      signal,
    };
  };
  return { asked, sent, counted, pbxs: { ids: Object.keys(pbxs), get } };
}

const empty: ListRecordings = async () => [];
const today =
  (...names: string[]): ListRecordings =>
  async ({ starttime }) =>
    starttime.startsWith('2026-05-17') ? names : [];

describe('a run', () => {
  test('compares the last hours of every PBX, each in its own time zone, and reports the outcome', async () => {
    const { asked, sent, pbxs } = fakePbxs({ hq: today('stored.wav', 'new.wav'), tokyo: empty });
    const found = { ...NOTHING, found: 2, present: 1, queued: 1, oldestMissingMs: 9.5 * HOUR_MS };
    expect(await reconcilePbxs({ hours: 9 }, pbxs)).toEqual([
      { pbx: 'hq', outcome: 'reconciled', ...found },
      { pbx: 'tokyo', outcome: 'reconciled', ...NOTHING },
    ]);
    expect(asked.sort()).toEqual([
      'hq 2026-05-16 00:00:00 - 2026-05-16 23:59:59',
      'hq 2026-05-17 00:00:00 - 2026-05-18 23:59:59',
      'tokyo 2026-05-17 00:00:00 - 2026-05-18 23:59:59',
    ]);
    expect(sent).toMatchObject([{ pbx: 'hq', recording: 'new.wav' }]);
    expect(logLines).toContainEqual({ level: 'info', event: 'reconciled', pbx: 'hq', ...found });
    expect(logLines).toContainEqual({ level: 'info', event: 'reconciled', pbx: 'tokyo', ...NOTHING });
  });

  test('for one PBX leaves the others alone', async () => {
    const { asked, pbxs } = fakePbxs({ hq: empty, branch: empty });
    await reconcilePbxs({ pbx: 'branch', hours: 24 }, pbxs);
    expect(asked.map((text) => text.split(' ')[0])).toEqual(['branch', 'branch']);
  });

  test('over several days compares them one by one and adds up the counts', async () => {
    const { asked, pbxs } = fakePbxs({
      hq: async ({ starttime }) => {
        const day = starttime.slice(0, 10);
        return [`stored-${day}.wav`, `${day}.wav`, `lost-${day}.wav`, `waiting-${day}.wav`, 'x'.repeat(256)];
      },
    });
    const outcomes = await reconcilePbxs({ pbx: 'hq', from: '2026-05-13', to: '2026-05-15' }, pbxs);
    expect(asked.map((text) => text.slice(0, 13))).toEqual([
      'hq 2026-05-13',
      'hq 2026-05-14',
      'hq 2026-05-15',
    ]);
    expect(outcomes).toEqual([
      {
        pbx: 'hq',
        outcome: 'reconciled',
        found: 12,
        present: 3,
        queued: 3,
        waiting: 3,
        ended: 3,
        unreadable: 3,
        oldestMissingMs: (4 * 24 + 9.5) * HOUR_MS,
        oldestUnqueuedMs: 0,
      },
    ]);
  });

  test('counts a recording once that the PBX lists on two days', async () => {
    const days = [
      ['stored-evening.wav', 'night.wav'],
      ['stored-evening.wav', 'night.wav', 'waiting.wav'],
      ['waiting.wav', 'morning.wav'],
    ];
    const { sent, pbxs } = fakePbxs({ hq: async () => days.shift() ?? [] });
    const outcomes = await reconcilePbxs({ pbx: 'hq', from: '2026-05-13', to: '2026-05-15' }, pbxs);
    expect(outcomes).toMatchObject([{ found: 4, present: 1, queued: 2, waiting: 1 }]);
    expect(sent.map(({ recording }) => recording)).toEqual(['night.wav', 'morning.wav']);
  });

  test('for a PBX that is not configured throws', async () => {
    await expect(
      reconcilePbxs({ pbx: 'nowhere', hours: 24 }, fakePbxs({ hq: empty }).pbxs),
    ).rejects.toMatchObject({
      code: 'unknown-pbx',
    });
  });

  test('compares those of a list, and no others', async () => {
    const none = async () => [];
    const { asked, pbxs } = fakePbxs({ hq: none, branch: none, warehouse: none });
    const outcomes = await reconcilePbxs({ pbx: ['hq', 'warehouse'], hours: 1 }, pbxs);
    expect(outcomes.map(({ pbx }) => pbx)).toEqual(['hq', 'warehouse']);
    expect(new Set(asked.map((window) => window.split(' ')[0]))).toEqual(new Set(['hq', 'warehouse']));
  });

  test('compares five PBXs at a time', async () => {
    let [running, most] = [0, 0];
    const listRecordings: ListRecordings = async () => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      running -= 1;
      return [];
    };
    const ids = Array.from({ length: 12 }, (_, number) => [`branch-${number}`, listRecordings]);
    const outcomes = await reconcilePbxs({ hours: 24 }, fakePbxs(Object.fromEntries(ids)).pbxs);
    expect(outcomes).toHaveLength(12);
    expect(most).toBe(5);
  });
});

describe('a run that a schedule started', () => {
  const broken: ListRecordings = () => Promise.reject(fail('pbx-connection'));

  test.each(['recent', 'wide'] as const)(
    'is counted, and logged with how many have failed: %s',
    async (schedule) => {
      const { counted, pbxs } = fakePbxs({ hq: empty, branch: broken });
      await reconcilePbxs({ schedule, hours: 24 }, pbxs);
      expect(counted.sort()).toEqual([`branch ${schedule} failed`, `hq ${schedule} reconciled`]);
      const lineOf = (id: string) => logLines.find(({ pbx }) => pbx === id);
      expect(lineOf('hq')).toMatchObject({ event: 'reconciled', schedule, failedInARow: 0 });
      expect(lineOf('branch')).toMatchObject({ event: 'reconciliation-failed', schedule, failedInARow: 3 });
    },
  );

  test.each([
    ['every few minutes', { schedule: 'discovery' as const, pbx: ['hq', 'branch'], hours: 1 }],
    ['at the request of a person', { hours: 24 }],
    ['over days that a person names', { from: '2026-05-01', to: '2026-05-02' }],
  ])('is not counted when it runs %s', async (_, request) => {
    const { counted, pbxs } = fakePbxs({ hq: empty, branch: broken });
    await reconcilePbxs(request, pbxs);
    expect(counted).toEqual([]);
    for (const line of logLines) expect(line).not.toHaveProperty('failedInARow');
  });
});

describe('a PBX that fails', () => {
  test('does not keep the others from being reconciled, and is reported', async () => {
    const failing: ListRecordings = async () => {
      throw fail('pbx-connection');
    };
    const { pbxs } = fakePbxs({ first: empty, failing, last: empty });
    const outcomes = await reconcilePbxs({ hours: 24 }, pbxs);
    const reported = { code: 'pbx-connection', message: 'Words for pbx-connection.' };
    expect(outcomes).toEqual([
      { pbx: 'first', outcome: 'reconciled', ...NOTHING },
      { pbx: 'failing', outcome: 'failed', ...NOTHING, ...reported, from: '2026-05-16' },
      { pbx: 'last', outcome: 'reconciled', ...NOTHING },
    ]);
    expect(logLines.filter(({ level }) => level !== 'info')).toEqual([
      { level: 'error', event: 'reconciliation-failed', pbx: 'failing', ...reported, ...NOTHING },
    ]);
  });

  test('on one of several days reports what was done before and the day to continue from', async () => {
    const { asked, pbxs } = fakePbxs({
      hq: async ({ starttime }) => {
        if (starttime.startsWith('2026-01-03')) throw fail('pbx-connection');
        return [`${starttime.slice(0, 10)}.wav`];
      },
    });
    const [outcome] = await reconcilePbxs({ pbx: 'hq', from: '2026-01-01', to: '2026-01-31' }, pbxs);
    expect(outcome).toMatchObject({ outcome: 'failed', found: 2, queued: 2, from: '2026-01-03' });
    expect(asked).toHaveLength(3);
  });

  test.each([
    ['pbx-20012', new PbxRefusal('pbx-20012', 'Words.')],
    ['pbx-10003', new PbxRefusal('pbx-10003', 'Words.', { kind: 'permanent' })],
    ['cdr-malformed', fail('cdr-malformed')],
  ])('for one day only (%s) is compared on the others and reported once', async (code, error) => {
    const { asked, pbxs } = fakePbxs({
      hq: async ({ starttime }) => {
        if (starttime < '2026-01-03') throw error;
        return [`${starttime.slice(0, 10)}.wav`];
      },
    });
    const outcomes = await reconcilePbxs({ from: '2026-01-01', to: '2026-01-05' }, pbxs);
    expect(outcomes).toMatchObject([{ outcome: 'failed', code, found: 3, from: '2026-01-01' }]);
    expect(asked).toHaveLength(5);
    expect(logLines.filter(({ event }) => event.startsWith('reconcil'))).toEqual([
      expect.objectContaining({ event: 'reconciliation-failed', code, found: 3 }),
    ]);
  });

  test.each(['login-held', 'session-expired'] as const)(
    'because of its session (%s) gets no request for another day',
    async (kind) => {
      const { asked, pbxs } = fakePbxs({
        hq: async () => {
          throw new PbxRefusal('pbx-20004', 'Words.', { kind });
        },
      });
      await reconcilePbxs({ from: '2026-01-01', to: '2026-01-05' }, pbxs);
      // With `session-expired` the same day is requested once more, with a new token.
      expect(new Set(asked).size).toBe(1);
    },
  );

  test('for lack of credentials is logged as a warning, not as an error', async () => {
    const { pbxs } = fakePbxs({
      hq: async () => {
        throw fail('no-credentials');
      },
    });
    expect(await reconcilePbxs({ hours: 24 }, pbxs)).toMatchObject([{ outcome: 'no-credentials' }]);
    expect(logLines).toEqual([
      {
        level: 'warn',
        event: 'reconciliation-skipped',
        pbx: 'hq',
        code: 'no-credentials',
        message: 'Words for no-credentials.',
      },
    ]);
  });

  test('with a foreign error is reported by its name only, because its message may quote a key', async () => {
    const { pbxs } = fakePbxs({ hq: async () => ['new.wav'] });
    const get = (pbxId: string) => ({
      ...pbxs.get(pbxId),
      send: async () => {
        throw Object.assign(new Error('no right to put reconciliation/queued/…+4930901820'), {
          name: 'AccessDenied',
        });
      },
    });
    const outcomes = await reconcilePbxs({ hours: 24 }, { ...pbxs, get });
    expect(outcomes).toMatchObject([{ outcome: 'failed', code: 'AccessDenied' }]);
    expect(JSON.stringify([outcomes, logLines])).not.toContain('901820');
  });
});

test('PBXs whose call logs never end do not keep another one from its turn', async () => {
  const { pbxs } = fakePbxs({ hq: today('new.wav') });
  const get = (pbxId: string): ReconcileDeps => {
    const deps = pbxs.get('hq');
    if (pbxId === 'hq') return deps;
    const openCdrs: OpenCdrs = async (_token, _window, signal) => {
      const file = new Readable({ read() {} });
      signal.addEventListener('abort', () => file.destroy(signal.reason));
      return file;
    };
    return { ...deps, pbxId, client: { listRecordings: listingOf(openCdrs) }, fileTimeoutMs: 1 };
  };
  const endless = Array.from({ length: 5 }, (_, number) => `endless-${number}`);
  const outcomes = await reconcilePbxs({ hours: 24 }, { ids: [...endless, 'hq'], get });
  expect(outcomes).toMatchObject([
    ...endless.map((pbx) => ({ pbx, outcome: 'failed', code: 'pbx-connection' })),
    { pbx: 'hq', outcome: 'reconciled', queued: 1 },
  ]);
});

describe('when time runs out', () => {
  test('the PBXs that were not reached yet are reported as failed', async () => {
    const stopping = new AbortController();
    const listRecordings: ListRecordings = async () => {
      stopping.abort(deadline);
      throw new Error('aborted, in the words of the SDK');
    };
    const ids = Array.from({ length: 7 }, (_, number) => [
      `branch-${number}`,
      number === 0 ? listRecordings : empty,
    ]);
    const { asked, pbxs } = fakePbxs(Object.fromEntries(ids), stopping.signal);
    const outcomes = await reconcilePbxs({ hours: 24 }, pbxs);
    expect(outcomes[0]).toMatchObject({ outcome: 'failed', code: 'deadline' });
    expect(outcomes[6]).toMatchObject({ outcome: 'failed', code: 'deadline' });
    expect(asked).toHaveLength(5);
  });

  test('a run over several days ends after the current day', async () => {
    const stopping = new AbortController();
    const listRecordings: ListRecordings = async ({ starttime }) => {
      if (starttime.startsWith('2026-01-02')) stopping.abort(deadline);
      return [];
    };
    const { asked, pbxs } = fakePbxs({ hq: listRecordings }, stopping.signal);
    const [outcome] = await reconcilePbxs({ from: '2026-01-01', to: '2026-01-31' }, pbxs);
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'deadline', from: '2026-01-03' });
    expect(asked).toHaveLength(2);
  });
});
