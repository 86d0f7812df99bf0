import { describe, expect, test } from 'vitest';
import { type Comparison, findMissing } from '../../../../functions/shared/call-log/find-missing.ts';
import { windowOf } from '../../../../functions/shared/call-log/windows.ts';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import type { Job } from '../../../../functions/shared/jobs/job.ts';
import { captureLog } from '../../capture-log.ts';
import { startReconcileHarness } from './reconcile-harness.ts';

/** The day to which the clock of the harness is set. */
const TODAY = windowOf('2024-05-17');
const HOUR_MS = 3_600_000;
const CALL = { from: '+4930901820', to: '1003', type: 'Inbound', talkSeconds: 1 } as const;

const logLines = captureLog();

const namesOf = ({ missing }: Comparison) => missing.map(({ job }) => job.recording);

describe('the comparison', () => {
  test('counts the recordings that PBX and archive both have, and lists the rest in the order of the call log', async () => {
    const { pbx, deps, store } = await startReconcileHarness();
    const [first, second, third] = [pbx.makeCall(CALL), pbx.makeCall(CALL), pbx.makeCall(CALL)];
    pbx.makeCall({ ...CALL, recorded: false });
    await store(second.recording);
    const comparison = await findMissing(TODAY, deps);
    expect(comparison).toMatchObject({ found: 3, present: 1, unreadable: 0 });
    expect(namesOf(comparison)).toEqual([first.recording, third.recording]);
    expect(pbx.stats.cdrDownloads).toBe(1);
  });

  test('makes the job for a missing recording that a report would have made', async () => {
    const { pbx, deps, clock } = await startReconcileHarness({ timeZone: 'Asia/Tokyo' });
    const startedAt = clock.now - 2 * HOUR_MS;
    const { recording, callId } = pbx.makeCall({ ...CALL, startedAt });
    const { missing } = await findMissing(TODAY, deps);
    expect(missing).toEqual([
      {
        job: {
          version: 1,
          pbx: 'test',
          recording,
          call: {
            callId,
            from: '+4930901820',
            to: '1003',
            type: 'Inbound',
            status: 'ANSWERED',
            start: '2024-05-17 16:30:00',
            talkSeconds: '1',
            trunk: 'SIP-Trunk',
            serialNumber: '369362089179',
          },
          reportedAt: new Date(clock.now).toISOString(),
          foundBy: 'reconciliation',
          endedAt: new Date(startedAt + 3000).toISOString(),
        },
        queuedAt: undefined,
        ended: undefined,
      },
    ]);
  });

  test('counts a recording in several rows once, with the details in the first row if all talked equally long', async () => {
    const { pbx, deps } = await startReconcileHarness();
    const recordingName = '20240517090000-1715936400.1-1001-1003-Internal.wav';
    for (const to of ['1003', '1004', '1005']) pbx.makeCall({ ...CALL, to, recordingName });
    const comparison = await findMissing(TODAY, deps);
    expect(comparison.found).toBe(1);
    expect(comparison.missing).toMatchObject([{ job: { recording: recordingName, call: { to: '1003' } } }]);
  });

  test('finds recordings in the folders of other days and recordings without a date', async () => {
    const { pbx, deps, store } = await startReconcileHarness();
    const names = [
      '20240516235959-1.1-1-2-Internal.wav',
      '20240517000000-1.2-1-2-Internal.wav',
      'odd.wav',
      'even.wav',
    ];
    for (const recordingName of names) pbx.makeCall({ ...CALL, recordingName });
    await store('20240516235959-1.1-1-2-Internal.wav');
    await store('odd.wav');
    expect(namesOf(await findMissing(TODAY, deps))).toEqual([
      '20240517000000-1.2-1-2-Internal.wav',
      'even.wav',
    ]);
  });

  test('says which missing recordings are queued, and which others nobody waits for', async () => {
    const { pbx, deps, markers } = await startReconcileHarness();
    const names = [
      'lost.wav',
      '20240517000000-1.2-1-2-Internal.wav',
      '20240517000000-1.3-1-2-Internal.wav',
      'new.wav',
    ];
    const [lost = '', queued = '', both = ''] = names;
    for (const recordingName of names) pbx.makeCall({ ...CALL, recordingName });
    const before = Math.floor(Date.now() / 1000) * 1000;
    const jobFor = (id: string, name: string): Job => ({
      version: 1,
      pbx: id,
      recording: name,
      call: {},
      reportedAt: '2024-05-17T00:00:00.000Z',
    });
    for (const name of [lost, both]) await markers.markEnded('lost', jobFor('test', name), 0);
    for (const name of [queued, both]) await markers.markQueued({ pbx: 'test', recording: name, call: {} });
    // A marker of another PBX does not count.
    await markers.markEnded('dead-lettered', jobFor('other', 'new.wav'), 0);
    const { missing } = await findMissing(TODAY, deps);
    expect(missing.map(({ ended }) => ended)).toEqual(['ended', undefined, 'ended', undefined]);
    expect(missing.map(({ queuedAt }) => queuedAt !== undefined && queuedAt >= before)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test.each([
    ['erased', ['erased', 'ended', 'lost']],
    ['ended', ['ended', 'lost']],
    ['lost', ['lost']],
  ] as const)('a recording counts as %s if it is marked as %j', async (expected, kinds) => {
    const { pbx, deps, mark } = await startReconcileHarness();
    const { recording } = pbx.makeCall(CALL);
    for (const kind of kinds) await mark(kind, recording);
    const { missing } = await findMissing(TODAY, deps);
    expect(missing.map(({ ended }) => ended)).toEqual([expected]);
  });

  test('covers the calls of the window only', async () => {
    const { pbx, deps, clock } = await startReconcileHarness();
    pbx.makeCall({ ...CALL, startedAt: clock.now - 24 * HOUR_MS });
    const { recording } = pbx.makeCall({ ...CALL, startedAt: clock.now - 2 * HOUR_MS });
    expect(namesOf(await findMissing(TODAY, deps))).toEqual([recording]);
    expect((await findMissing(windowOf('2024-05-16', '2024-05-17'), deps)).found).toBe(2);
  });

  test('counts unreadable rows and logs them once, without a value', async () => {
    const { pbx, deps } = await startReconcileHarness();
    const { recording } = pbx.makeCall(CALL);
    for (const name of ['+4930901820'.repeat(30), '+4930901820'.repeat(25)])
      pbx.makeCall({ ...CALL, recordingName: name });
    const comparison = await findMissing(TODAY, deps);
    const unreadableRows = [
      { row: 3, problem: "the recording's name cannot be used: it is longer than 255 bytes" },
      { row: 4, problem: "the recording's name cannot be used: it is longer than 255 bytes" },
    ];
    expect(comparison).toMatchObject({ found: 1, unreadable: 2, unreadableRows });
    expect(namesOf(comparison)).toEqual([recording]);
    const logged = logLines.filter(({ event }) => event === 'cdr-rows-unreadable');
    expect(logged).toEqual([
      {
        level: 'error',
        event: 'cdr-rows-unreadable',
        pbx: 'test',
        unreadable: 2,
        ...unreadableRows[0],
      },
    ]);
  });
});

describe('a transferred call', () => {
  const NAME = '20240517090000-meeting.wav';
  const ENDED_AT = Date.UTC(2024, 4, 17, 9, 20, 15);
  const ROWS = [
    `1715935794.1,2024-05-17 08:49:54,1001,1003,5,0,NO ANSWER,${NAME}`,
    `1715935805.1,2024-05-17 08:50:05,1001,1004,1810,1800,ANSWERED,${NAME}`,
  ];

  /** Compares the rows with a bucket in which the recording and its `queued` marker were written at these times. */
  async function compare(rows: string[], written: { recordingAt?: number; queuedAt?: number }, now?: number) {
    const { pbx, deps } = await startReconcileHarness();
    const header = 'callid,timestart,callfrom,callto,callduration,talkduration,status,recording';
    pbx.misbehaveCdrs({ kind: 'text-instead-of-audio', text: [header, ...rows, ''].join('\n') });
    const objects = Object.entries({
      [`recordings/test/2024/05/17/${NAME}`]: written.recordingAt,
      [`reconciliation/queued/test/2024/05/17/${NAME}`]: written.queuedAt,
    });
    const find = async (keys: readonly string[]) =>
      new Map(objects.flatMap(([key, at]) => (at !== undefined && keys.includes(key) ? [[key, at]] : [])));
    return findMissing(TODAY, { ...deps, archive: { find }, ...(now !== undefined && { now: () => now }) });
  }

  test.each([
    ['first', ROWS],
    ['last', ROWS.toReversed()],
  ])(
    'has the details of the conversation and the last end, with the row that nobody answered %s',
    async (_, rows) => {
      const { missing } = await compare(rows, {});
      expect(missing).toMatchObject([
        {
          job: {
            call: { to: '1004', status: 'ANSWERED', talkSeconds: '1800' },
            endedAt: new Date(ENDED_AT).toISOString(),
          },
        },
      ]);
    },
  );

  test('ends with its last row, even if another one has the longest conversation', async () => {
    const short = `1715937700.1,2024-05-17 09:21:40,1001,1005,20,20,ANSWERED,${NAME}`;
    const { missing } = await compare([...ROWS, short], {});
    expect(missing).toMatchObject([{ job: { call: { to: '1004' }, endedAt: '2024-05-17T09:22:00.000Z' } }]);
  });

  const MINUTE_MS = 60_000;
  test.each([
    ['before the end', { recordingAt: ENDED_AT - 30 * MINUTE_MS }, 1],
    [
      'before the end, by a job that reconciliation queued before it',
      { recordingAt: ENDED_AT - 30 * MINUTE_MS, queuedAt: ENDED_AT - 31 * MINUTE_MS },
      1,
    ],
    [
      'before the end, but compared by a job queued since',
      { recordingAt: ENDED_AT - 30 * MINUTE_MS, queuedAt: ENDED_AT + 10 * MINUTE_MS },
      0,
    ],
    ['after the end', { recordingAt: ENDED_AT + 1000 }, 0],
  ])('whose recording was written %s', async (_, written, missingCount) => {
    const { found, present, missing } = await compare(ROWS, written);
    expect({ found, present, queuedAt: missing.map(({ queuedAt }) => queuedAt) }).toEqual({
      found: 1,
      present: 1 - missingCount,
      queuedAt: Array(missingCount).fill(undefined),
    });
  });

  test('that seems to end in the future says nothing, nor does a call with one row: the clock may be wrong', async () => {
    const recordingAt = ENDED_AT - 30 * MINUTE_MS;
    expect((await compare(ROWS, { recordingAt }, ENDED_AT - MINUTE_MS)).present).toBe(1);
    expect((await compare(ROWS.slice(1), { recordingAt })).present).toBe(1);
  });
});

describe('of two calls whose recordings have the same name', () => {
  const [FIRST, RINGING, SECOND] = [
    '1715935800.1,2024-05-17 08:50:00,1001,1003,100,90,ANSWERED,meeting.wav',
    '1715939400.2,2024-05-17 09:50:00,1001,1004,30,0,NO ANSWER,meeting.wav',
    '1715939430.3,2024-05-17 09:50:30,1001,1005,35,30,ANSWERED,meeting.wav',
  ] as const;

  test.each([
    [[FIRST, RINGING, SECOND]],
    [[FIRST, SECOND, RINGING]],
    [[RINGING, FIRST, SECOND]],
    [[RINGING, SECOND, FIRST]],
    [[SECOND, FIRST, RINGING]],
    [[SECOND, RINGING, FIRST]],
  ])('the last one that was answered counts, in any order: %j', async (rows) => {
    const { pbx, deps } = await startReconcileHarness();
    const header = 'callid,timestart,callfrom,callto,callduration,talkduration,status,recording';
    pbx.misbehaveCdrs({ kind: 'text-instead-of-audio', text: [header, ...rows, ''].join('\n') });
    const { missing } = await findMissing(TODAY, deps);
    expect(missing.map(({ job }) => job.call)).toMatchObject([{ callId: '1715939430.3', to: '1005' }]);
  });
});

/** A CDR file as the PBX sends it. */
const fileOf = (rows: string[]) => ['callid,timestart,callfrom,callto,recording,sn', ...rows, ''].join('\n');
const rowOf = (number: number, from = '1001') =>
  `1715936400.${number},2024-05-17 09:00:00,${from},1003,${number}.wav,369362089179`;

describe('a call log in an unusual form', () => {
  test('is read with names that contain commas and line breaks', async () => {
    const { pbx, deps } = await startReconcileHarness();
    const text = fileOf([rowOf(1, 'Müller, Hans'), `${rowOf(2, 'Mül\nler')},`, rowOf(3)]);
    pbx.misbehaveCdrs({ kind: 'text-instead-of-audio', text });
    const comparison = await findMissing(TODAY, deps);
    expect(namesOf(comparison)).toEqual(['1.wav', '2.wav', '3.wav']);
    expect(comparison).toMatchObject({ unreadable: 0, unreadableRows: [] });
    expect(comparison.missing[0]?.job.call.from).toBe('Müller, Hans');
  });

  test('is requested again, and read without quoting, if a quotation mark is not closed', async () => {
    const { pbx, deps } = await startReconcileHarness();
    const text = fileOf([rowOf(1), rowOf(2, '"Bob'), rowOf(3), rowOf(4, '"Müller, Hans"')]);
    pbx.misbehaveCdrs({ kind: 'text-instead-of-audio', text, times: 2 });
    expect(namesOf(await findMissing(TODAY, deps))).toEqual(['1.wav', '2.wav', '3.wav', '4.wav']);
    expect(pbx.stats.cdrDownloads).toBe(2);
  });

  test('gives twenty unreadable rows as examples, however many there are', async () => {
    const { pbx, deps } = await startReconcileHarness();
    const text = fileOf([
      ...Array.from({ length: 30 }, () => '1,2'),
      ...Array.from({ length: 30 }, (_, n) => rowOf(n)),
    ]);
    pbx.misbehaveCdrs({ kind: 'text-instead-of-audio', text });
    const { found, unreadable, unreadableRows } = await findMissing(TODAY, deps);
    expect({ found, unreadable }).toEqual({ found: 30, unreadable: 30 });
    expect(unreadableRows).toHaveLength(20);
    expect(unreadableRows[0]).toEqual({ row: 2, problem: 'it has 2 columns, not 6' });
    expect(logLines.filter(({ event }) => event === 'cdr-rows-unreadable')).toHaveLength(1);
  });
});

describe('the session', () => {
  test.each(['get_random', 'download'] as const)(
    'is renewed once when the token expires before %s',
    async (at) => {
      const { pbx, deps } = await startReconcileHarness();
      pbx.makeCall(CALL);
      pbx.misbehaveCdrs({ kind: 'token-dropped', at });
      expect((await findMissing(TODAY, deps)).found).toBe(1);
      expect(pbx.stats.logins).toBe(2);
    },
  );

  test('is renewed when the PBX sends "token expired" instead of the file', async () => {
    const { pbx, deps } = await startReconcileHarness();
    pbx.makeCall(CALL);
    pbx.misbehaveCdrs({ kind: 'json-instead-of-audio', errno: '20006' });
    expect((await findMissing(TODAY, deps)).found).toBe(1);
    expect(pbx.stats.logins).toBe(2);
  });
});

describe('a call log that cannot be read', () => {
  test.each([
    ['is cut off', { kind: 'cut', afterBytes: 200, how: 'fin' }, 'pbx-connection'],
    ['is a redirect', { kind: 'http-redirect', location: 'https://127.0.0.2/' }, 'pbx-http-status'],
    ['is a web page', { kind: 'html-instead-of-audio' }, 'cdr-malformed'],
    ['is rejected', { kind: 'random-refused' }, 'pbx-20012'],
    ['is a broken connection', { kind: 'hang-up-before-reply' }, 'pbx-connection'],
  ] as const)(
    'because it %s fails the comparison, and the next one succeeds',
    async (_, misbehaviour, code) => {
      const { pbx, deps } = await startReconcileHarness();
      pbx.makeCall(CALL);
      pbx.misbehaveCdrs(misbehaviour);
      await expect(findMissing(TODAY, deps)).rejects.toMatchObject({ code });
      expect((await findMissing(TODAY, deps)).found).toBe(1);
    },
  );

  test('in its own time fails the comparison as a broken connection does', async () => {
    const { pbx, deps } = await startReconcileHarness();
    pbx.makeCall(CALL);
    pbx.misbehaveCdrs({ kind: 'stall', afterBytes: 200 });
    await expect(findMissing(TODAY, { ...deps, fileTimeoutMs: 20 })).rejects.toMatchObject({
      code: 'pbx-connection',
      message: 'The connection to the PBX failed (TimeoutError).',
    });
  });

  test('before time runs out fails the comparison', async () => {
    const { pbx, deps } = await startReconcileHarness();
    pbx.makeCall(CALL);
    pbx.misbehaveCdrs({ kind: 'stall', afterBytes: 200 });
    const stopping = new AbortController();
    const finding = findMissing(TODAY, { ...deps, signal: stopping.signal });
    while (pbx.stats.cdrDownloads === 0) await new Promise(setImmediate);
    stopping.abort(new ArchiveError('deadline', 'The function ran out of time.'));
    await expect(finding).rejects.toMatchObject({ code: 'deadline' });
  });
});

test('a call log that is cut off unnoticed yields no job with half a name', async () => {
  const { pbx, deps } = await startReconcileHarness({ contentLength: false });
  const calls = Array.from({ length: 3 }, () => pbx.makeCall(CALL));
  const names = calls.map(({ recording }) => recording);
  for (let afterBytes = 130; afterBytes < 650; afterBytes += 13) {
    pbx.misbehaveCdrs({ kind: 'cut', afterBytes, how: 'fin' });
    const found = await findMissing(TODAY, deps);
    expect(names).toEqual(expect.arrayContaining(namesOf(found)));
    expect(found.found).toBeLessThan(4);
  }
  expect(namesOf(await findMissing(TODAY, deps))).toEqual(names);
});
