import { describe, expect, test } from 'vitest';
import { STATUS_KEY } from '../../../functions/shared/recording-index/keys.ts';
import { checkRole } from '../../permissions/check-role.ts';
import { captureLog } from '../capture-log.ts';
import { expectDocumented, useEventBridge, useEventKey } from '../event-bridge.ts';
import type { Row } from '../shared/recording-index/index-table.ts';
import { bearer, HOST, type Response, TOKEN, useApi } from './api-harness.ts';

const AUDIO = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 37) % 256));
const RECORDING = '20260105090000-1767603600.7-+4930901820-1001-Inbound.wav';
const AT = '2026-01-05T09:00:00.000Z';
const row: Row = {
  pbx: 'hq',
  recording: RECORDING,
  at: AT,
  callId: '1767603600.7',
  from: '+49 30 901820',
  to: '1001',
  type: 'Inbound',
};

const logLines = captureLog();
const { published, state: eventBridge } = await useEventBridge();
const api = await useApi({ hq: { timeZone: 'Europe/Berlin' }, branch: {} });
const keySecret = await useEventKey();
await api.putRows([
  row,
  { pbx: 'branch', recording: 'of-branch.wav', at: AT, from: '2001', to: '2002' },
  { pbx: 'hq', recording: '50% of a?b/c.wav', at: AT },
]);
await api.putIndexItems([
  { pbx: 'hq', sk: STATUS_KEY, reconciledUpTo: '2026-01-06T10:05:00.000Z' },
  {
    pbx: 'branch',
    sk: STATUS_KEY,
    sessionUpAt: '2026-01-06T09:50:00.000Z',
    sessionDownSince: '2026-01-06T10:00:00.000Z',
  },
  { pbx: 'hq', sk: 'name#50% of a?b/c.wav', rowSks: new Set([`${AT}#50% of a?b/c.wav`]) },
]);
await api.putObject('hq', RECORDING, AUDIO, { from: '+49 30 901820', to: '1001' });
await api.putObject('hq', '50% of a?b/c.wav', AUDIO);
const ask = await api.load();

const namesIn = ({ body }: Response): string[] => body.recordings.map((found: Row) => found.recording);
const january = { from: '2026-01-01', to: '2026-01-31' };
const pathOf = (recording: string) => `GET /api/recordings/hq/${recording}`;

describe('with the link token', () => {
  test('everybody learns how people sign in', async () => {
    expect(await ask('GET /api/config')).toMatchObject({ status: 200, body: { authorization: 'token' } });
  });

  test('the holder has all rights, and sees how complete the archive of each PBX is', async () => {
    const { status, body } = await ask('GET /api/me', { headers: bearer });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        person: 'token',
        rights: ['listen', 'download', 'share', 'audit'],
        accessLog: true,
        pbxs: [
          { id: 'hq', timeZone: 'Europe/Berlin', completeUpTo: '2026-01-06T10:05:00.000Z' },
          {
            id: 'branch',
            timeZone: 'UTC',
            sessionUpAt: '2026-01-06T09:50:00.000Z',
            sessionDownSince: '2026-01-06T10:00:00.000Z',
          },
        ],
        shares: { allowed: true, maxDays: 30, defaultDays: 7 },
      },
    });
  });

  test('a recording is found by its number, and its link has its bytes', async () => {
    const search = await ask('GET /api/recordings', {
      query: { ...january, number: '030 901820' },
      headers: bearer,
    });
    expect(search).toMatchObject({ status: 200, body: { searchedBackTo: '2025-12-31T23:00:00.000Z' } });
    expect(search.body.recordings).toEqual([{ ...row, state: 'archived', verifiedBy: [] }]);
    const { status, body } = await ask(pathOf(RECORDING), { headers: bearer });
    expect({ status, recording: body.recording }).toEqual({
      status: 200,
      recording: { ...row, state: 'archived', verifiedBy: [] },
    });
    const fetched = await fetch(body.link.url);
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(AUDIO);
    expect(fetched.headers.get('content-disposition')).toMatch(/^inline/);
  });

  test('a recording whose name an HTTP API would change is had by query, to save it', async () => {
    const recording = '50% of a?b/c.wav';
    const query = { recording, download: '1' };
    const { status, body } = await ask('GET /api/recordings/hq', { query, headers: bearer });
    expect({ status, name: body.recording.recording }).toEqual({ status: 200, name: recording });
    expect((await fetch(body.link.url)).headers.get('content-disposition')).toMatch(/^attachment/);
  });

  test('all PBXs are searched together, the newest first, unless some are named', async () => {
    const all = namesIn(await ask('GET /api/recordings', { query: january, headers: bearer }));
    expect(all).toHaveLength(3);
    const some = { ...january, pbx: 'branch' };
    expect(namesIn(await ask('GET /api/recordings', { query: some, headers: bearer }))).toEqual([
      'of-branch.wav',
    ]);
  });
});

test.each(['GET /api/me', 'GET /api/recordings', 'GET /api/recordings/hq', pathOf(RECORDING)])(
  '%s without authorization, or with a wrong token, gets 401',
  async (route) => {
    for (const headers of [
      {},
      { authorization: 'Bearer wrong-token-0123456789' },
      { authorization: TOKEN },
    ]) {
      const response = await ask(route, { headers });
      expect(response).toMatchObject({ status: 401, body: { error: 'unauthorized' } });
      expect(response.headers['www-authenticate']).toBe('Bearer');
    }
  },
);

test.each(['GET /api', 'GET /api/', 'GET /api/nothing', 'GET /api/recordings/hq/a/b', 'GET /recordings/hq'])(
  '%s gets 404',
  async (route) => {
    expect(await ask(route, { headers: bearer })).toMatchObject({
      status: 404,
      body: { error: 'not-found' },
    });
  },
);

test('a method that a path does not have gets 405, with those that it has', async () => {
  const { status, headers } = await ask('DELETE /api/recordings', { headers: bearer });
  expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET' });
});

test('a recording that does not exist gets 404', async () => {
  for (const route of ['GET /api/recordings/hq/missing.wav', 'GET /api/recordings/nowhere/missing.wav']) {
    expect(await ask(route, { headers: bearer })).toMatchObject({
      status: 404,
      body: { error: 'not-found' },
    });
  }
});

describe('a recording that the bucket has', () => {
  // A second of A-law: RIFF, fmt (16 bytes), data.
  const wav = Buffer.concat([
    Buffer.from(
      'RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0',
      'latin1',
    ),
    Buffer.from('data\x40\x1f\0\0', 'latin1'),
    Buffer.alloc(8000, 0xd5),
  ]);
  const call = { from: '+49 30 901820', to: '1002', status: 'ANSWERED', talkSeconds: '1' };

  test.each([
    ['has no row of', '20260105100000-1767607200.8-+4930901820-1002-Inbound.wav', undefined],
    ['takes for lost', '20260105100000-1767607200.9-+4930901820-1002-Inbound.wav', 'lost' as const],
  ])('and the index %s is had all the same, with what the bucket says', async (_, recording, state) => {
    if (state !== undefined)
      await api.putRows([{ pbx: 'hq', recording, at: '2026-01-05T10:00:00.000Z', state }]);
    await api.putObject('hq', recording, wav, call);
    const { status, body } = await ask(pathOf(recording), { headers: bearer });
    expect({ status, recording: body.recording }).toEqual({
      status: 200,
      recording: {
        pbx: 'hq',
        recording,
        state: 'archived',
        // The call id is the second in which the call began.
        at: '2026-01-05T10:00:00.000Z',
        callId: recording.split('-')[1],
        from: '+49 30 901820',
        to: '1002',
        type: 'Inbound',
        status: 'ANSWERED',
        bytes: 8044,
        seconds: 1,
        codec: 'alaw',
        contentType: expect.any(String),
        crc32: expect.any(String),
        verifiedBy: [],
        archivedAt: expect.any(String),
      },
    });
    expect(Buffer.from(await (await fetch(body.link.url)).arrayBuffer())).toEqual(wav);
  });
});

test('no log line contains a link, a token, a cursor or a number', async () => {
  const query = { ...january, limit: '1', number: '030 901820,2001' };
  const { body } = await ask('GET /api/recordings', { query, headers: bearer });
  await ask('GET /api/recordings', { query: { ...query, cursor: body.cursor }, headers: bearer });
  await ask(pathOf(RECORDING), { headers: bearer });
  await ask('GET /api/me', { headers: { authorization: 'Bearer wrong-token-0123456789' } });
  expect(logLines.map(({ event }) => event)).toEqual([
    'searched',
    'searched',
    'link-created',
    'api-unauthorized',
  ]);
  const text = JSON.stringify(logLines.map(({ recording, ...line }) => line));
  expect(text).not.toMatch(/https?:|Signature|wrong-token|901820|2001/);
  expect(text).not.toContain(body.cursor);
  expect(text).not.toContain(HOST);
});

test('a call is found by its id, and somebody signs in', async () => {
  const query = { callId: '1767603600.7' };
  expect(namesIn(await ask('GET /api/recordings', { query, headers: bearer }))).toEqual([RECORDING]);
  expect((await ask('POST /api/session', { body: { token: TOKEN } })).status).toBe(204);
});

test('a recording is shared, opened and no longer shared, and the access log says so', async () => {
  const target = { pbx: 'hq', recording: RECORDING };
  const created = await ask('POST /api/shares', {
    body: { ...target, passcode: 'a passcode' },
    headers: bearer,
  });
  expect(created.status).toBe(201);
  const { id } = created.body.share;
  const token = String(created.body.url).split('#')[1];
  const opened = await ask('POST /api/shares/open', { body: { token, passcode: 'a passcode' } });
  expect(Buffer.from(await (await fetch(opened.body.url)).arrayBuffer())).toEqual(AUDIO);
  expect((await ask(`DELETE /api/shares/${id}`, { headers: bearer })).status).toBe(200);
  expect((await ask('POST /api/shares/open', { body: { token } })).status).toBe(404);
  for (const query of [target, { person: 'token' }]) {
    const { body } = await ask('GET /api/access', { query, headers: bearer });
    expect(body.accesses.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(['share-created', 'share-opened', 'share-revoked', 'share-refused']),
    );
  }
  for (const query of [target, {}]) {
    const { body } = await ask('GET /api/shares', { query, headers: bearer });
    expect(body.shares).toMatchObject([{ id, plays: 1 }]);
  }
});

describe('where it is switched on', () => {
  const events = {
    types: ['Recording Shared', 'Recording Accessed'],
    numbers: false,
    archive: 'test',
    keySecret,
  };
  const target = { pbx: 'hq', recording: RECORDING };

  test('what happens to a recording is published, without its numbers, a URL or the token of the share', async () => {
    const send = await api.load('token', { events });
    const before = published.length;
    const link = await send(pathOf(RECORDING), { headers: bearer });
    await send('GET /api/recordings/hq', { query: { recording: RECORDING, download: '1' }, headers: bearer });
    await send('POST /api/access', { body: { ...target, seconds: 9 }, headers: bearer });
    const body = { ...target, passcode: 'a passcode', maxPlays: 2, note: 'for the lawyer' };
    const created = await send('POST /api/shares', { body, headers: bearer });
    const { id, endsAt } = created.body.share;
    const token = String(created.body.url).split('#')[1] ?? '';
    await send('POST /api/shares/open', { body: { token, passcode: 'wrong' } });
    await send('POST /api/shares/open', { body: { token, passcode: 'a passcode' } });
    await send(`DELETE /api/shares/${id}`, { headers: bearer });

    const about = published.slice(before);
    for (const event of about) {
      expectDocumented(event);
      expect(event.detail).toMatchObject({ archive: 'test', pbx: 'hq', at: AT, callId: row.callId });
    }
    const who = { person: 'token', by: 'token', address: '203.0.113.7' };
    expect(about.map(({ type, detail }) => ({ type, detail }))).toMatchObject([
      { type: 'Recording Accessed', detail: { kind: 'link-created', ...who } },
      { type: 'Recording Accessed', detail: { kind: 'download-link-created', ...who } },
      { type: 'Recording Accessed', detail: { kind: 'played', playedSeconds: 9, ...who } },
      { type: 'Recording Shared', detail: { share: id, endsAt, hasPasscode: true, maxPlays: 2, ...who } },
      { type: 'Recording Accessed', detail: { kind: 'share-opened', share: id, ...who, by: 'share' } },
    ]);
    const text = JSON.stringify(about);
    expect(text).not.toMatch(/901820|1001|https?:|passcode"|lawyer/);
    for (const secret of [token, TOKEN, link.body.link.url]) expect(text).not.toContain(secret);
  });

  test('EventBridge keeps nobody from a recording, nor from sharing it', async () => {
    const send = await api.load('token', { events });
    eventBridge.refuse = true;
    const link = await send(pathOf(RECORDING), { headers: bearer });
    const share = await send('POST /api/shares', { body: target, headers: bearer });
    eventBridge.refuse = false;
    expect([link.status, share.status]).toEqual([200, 201]);
    expect(logLines.filter(({ event }) => event === 'access-not-published')).toHaveLength(2);
  });
});

checkRole('archive-api', api.recorder.calls, ['PutObject', 'PutSecretValue'], {
  events: { shared: true, accessed: true },
});
