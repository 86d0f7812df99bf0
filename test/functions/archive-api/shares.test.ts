import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  createdShareSchema,
  openedShareSchema,
  type Share,
  sharesSchema,
} from '../../../functions/shared/api/contract.ts';
import { SHARE_TOKEN_LENGTH } from '../../../functions/shared/api/input-limits.ts';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { MAX_WRONG_PASSCODES } from '../../../functions/shared/shares/share.ts';
import { captureLog } from '../capture-log.ts';
import { type Ask, bearer, type Response, TOKEN, useApi } from './api-harness.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const AUDIO = Buffer.from('RIFF of a call');
const PASSCODE = 'correct horse battery';

const lines = captureLog();
const api = await useApi({ hq: { timeZone: 'Europe/Berlin' }, warehouse: {} });

const dynamoDb = createDynamoDbClient();
let recordings = 0;
/** A recording of its own for each test, of a call from extension 1001 to 1003. */
async function archive(
  pbx = 'hq',
  length: { seconds?: number } = { seconds: 12 },
): Promise<{ pbx: string; recording: string }> {
  recordings += 1;
  const callId = `1504261084.${recordings}`;
  const recording = `20170901181804-${callId}-1001-1003-Internal.wav`;
  const call = { callId, from: '1001', to: '1003' };
  await api.putObject(pbx, recording, AUDIO, call);
  await api.putRows([
    { pbx, recording, at: '2017-09-01T10:18:04.000Z', state: 'archived', ...length, codec: 'gsm', ...call },
  ]);
  return { pbx, recording };
}

const ask = await api.load();

interface Asking {
  ask?: Ask;
  as?: Parameters<Ask>[1];
}
const asToken = { headers: bearer };

async function share(
  options: Record<string, unknown> = {},
  { ask: send = ask, as = asToken }: Asking = {},
): Promise<Share & { token: string; url: string }> {
  const target = 'recording' in options ? {} : await archive();
  const response = await send('POST /api/shares', { ...as, body: { ...target, ...options } });
  expect(response).toMatchObject({ status: 201 });
  const created = v.parse(v.strictObject(createdShareSchema.entries), response.body);
  return { ...created.share, token: created.url.split('#')[1] ?? '', url: created.url };
}

const open = (body: object, send = ask) => send('POST /api/shares/open', { body });

const list = async (query: Record<string, string>, { ask: send = ask, as = asToken }: Asking = {}) =>
  v.parse(sharesSchema, (await send('GET /api/shares', { ...as, query })).body);

const revoke = (id: string, { ask: send = ask, as = asToken }: Asking = {}) =>
  send(`DELETE /api/shares/${id}`, as);

const daysOf = ({ createdAt, endsAt }: Share) => (Date.parse(endsAt) - Date.parse(createdAt)) / DAY_MS;

/** Changes the row of a share as time would. */
async function end({ id }: Share): Promise<void> {
  const { Items = [] } = await dynamoDb.send(new ScanCommand({ TableName: 'access' }));
  const item = Items.find((row) => row.id === id);
  await dynamoDb.send(
    new PutCommand({ TableName: 'access', Item: { ...item, endsAt: new Date().toISOString() } }),
  );
}

async function readTable(): Promise<string> {
  const { Items } = await dynamoDb.send(new ScanCommand({ TableName: 'access' }));
  return JSON.stringify(Items);
}

const groups = (...names: string[]) => ({
  authorizer: { jwt: { claims: { sub: names.join('-'), groups: `[${names.join(' ')}]` } } },
});
const ROLES = {
  claim: 'groups',
  map: {
    sales: { pbxs: ['hq'], rights: ['listen', 'share'] },
    support: { pbxs: ['hq'], extensions: ['1003'], rights: ['listen', 'download', 'share'] },
    workshop: { pbxs: ['hq'], extensions: ['2000'], rights: ['listen', 'share'] },
    listener: { pbxs: ['*'], rights: ['listen'] },
    auditor: { pbxs: ['hq'], rights: ['listen', 'audit'] },
    'team-auditor': { pbxs: ['hq'], extensions: ['2000'], rights: ['listen', 'audit'] },
    seller: { pbxs: ['*'], rights: ['listen', 'share'] },
    manager: { pbxs: ['*'], rights: ['listen', 'download', 'share', 'audit'] },
  },
};

describe('a share', () => {
  test('has 256 random bits in the fragment of its address, which are stored nowhere', async () => {
    const as = { headers: { ...bearer, 'x-forwarded-proto': 'https' } };
    const { url, token, id } = await share({ passcode: PASSCODE }, { as });
    expect(url).toBe(`https://archive.example/s#${token}`);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(token).toHaveLength(SHARE_TOKEN_LENGTH);
    const table = await readTable();
    expect(table).toContain(id);
    for (const secret of [token, PASSCODE, Buffer.from(token, 'base64url').toString('hex')])
      expect(table).not.toContain(secret);
  });

  test('is at the configured address, whatever host the request names', async () => {
    const origin = 'https://recordings.example.com';
    const { url, token } = await share({}, { ask: await api.load('token', { origin }) });
    expect(url).toBe(`${origin}/s#${token}`);
  });

  test('opens without any authorization, and leads to the recording for 15 minutes', async () => {
    const { token, endsAt } = await share();
    const before = Date.now();
    const response = await open({ token });
    expect(response.status).toBe(200);
    const opened = v.parse(v.strictObject(openedShareSchema.entries), response.body);
    const { url, expiresAt, continuation, ...rest } = opened;
    expect(rest).toEqual({
      download: false,
      at: '2017-09-01T10:18:04.000Z',
      timeZone: 'Europe/Berlin',
      endsAt,
      seconds: 12,
      codec: 'gsm',
    });
    const fetched = await fetch(url);
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(AUDIO);
    expect(fetched.headers.get('content-disposition')).toBe('inline; filename=recording-2017-09-01-1218.wav');
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('900');
    const signedAt = Date.parse(expiresAt) - 900_000;
    expect(signedAt).toBeGreaterThanOrEqual(before);
    expect(signedAt).toBeLessThanOrEqual(Date.now());
  });

  test('says how often it can still be opened, also when an opening goes on', async () => {
    const { token } = await share({ maxPlays: 3 });
    const { body: first } = await open({ token });
    expect(first.playsLeft).toBe(2);
    expect((await open({ token })).body.playsLeft).toBe(1);
    const goOn = () => open({ token, continuation: first.continuation });
    expect((await goOn()).body.playsLeft).toBe(1);
    expect((await open({ token })).body.playsLeft).toBe(0);
    expect((await goOn()).body.playsLeft).toBe(0);
  });

  test('of a file to keep leads to a download', async () => {
    const { token } = await share({ download: true });
    const { body } = await open({ token });
    expect(body.download).toBe(true);
    const fetched = await fetch(body.url);
    expect(fetched.headers.get('content-disposition')).toBe(
      'attachment; filename=recording-2017-09-01-1218.wav',
    );
    await fetched.body?.cancel();
  });

  test('cannot be opened by GET, as mail scanners and previews open links', async () => {
    const target = await archive();
    const { token } = await share(target);
    const response = await ask('GET /api/shares/open', { query: { token } });
    expect(response).toMatchObject({ status: 405, body: { error: 'method-not-allowed' } });
    expect((await list(target)).shares).toMatchObject([{ plays: 0 }]);
  });

  test('works for a week by default, and at most as long as configured', async () => {
    expect(daysOf(await share())).toBe(7);
    expect(daysOf(await share({ days: 30 }))).toBe(30);
    const response = await ask('POST /api/shares', { ...asToken, body: { ...(await archive()), days: 31 } });
    expect(response).toMatchObject({
      status: 400,
      body: { error: 'invalid-parameter', parameter: 'days', message: 'should be at most 30' },
    });
  });

  test('of which the settings say less ends by default when it has to', async () => {
    const strict = await api.load('token', { shares: { allowed: true, maxDays: 2, defaultDays: 1 } });
    expect(daysOf(await share({}, { ask: strict }))).toBe(1);
  });

  test.each([
    [{ recording: undefined }, 'recording'],
    [{ pbx: 'Head Office' }, 'pbx'],
    [{ days: 0 }, 'days'],
    [{ days: 1.5 }, 'days'],
    [{ passcode: '123' }, 'passcode'],
    [{ passcode: ' 123\n' }, 'passcode'],
    [{ maxPlays: 0 }, 'maxPlays'],
    [{ download: 'yes' }, 'download'],
    [{ note: 'x'.repeat(501) }, 'note'],
    [{ endsAt: '2030-01-01' }, 'endsAt'],
  ])('is not made of %j', async (change, parameter) => {
    const response = await ask('POST /api/shares', { ...asToken, body: { ...(await archive()), ...change } });
    expect(response).toMatchObject({ status: 400, body: { error: 'invalid-parameter', parameter } });
  });

  test('is not made of a recording that is not archived', async () => {
    const missing = { pbx: 'hq', recording: '20170901181804-1504261084.9999-1-2-Internal.wav' };
    const lost = { ...missing, recording: '20170901181804-1504261084.9998-1-2-Internal.wav' };
    await api.putRows([{ ...lost, at: '2017-09-01T10:18:04.000Z', state: 'lost' }]);
    for (const body of [missing, lost]) {
      expect(await ask('POST /api/shares', { ...asToken, body })).toMatchObject({
        status: 404,
        body: { error: 'not-found' },
      });
    }
  });

  test('needs somebody who is authorized', async () => {
    for (const route of ['POST /api/shares', 'GET /api/shares', 'DELETE /api/shares/1']) {
      expect((await ask(route, { body: await archive() })).status).toBe(401);
    }
  });
});

describe('a share that cannot be opened', () => {
  /** Everything that a client can see. */
  const seen = ({ status, headers, cookies, body }: Response) =>
    JSON.stringify({ status, headers, cookies, body });
  const unavailable = async () => seen(await open({ token: 'A'.repeat(43) }));
  /** The last refusal in the access log of the recording. */
  async function lastRefusal({ pbx, recording }: { pbx: string; recording: string }) {
    const { body } = await ask('GET /api/access', { ...asToken, query: { pbx, recording } });
    const [{ kind, reason }] = body.accesses;
    return kind === 'share-refused' ? reason : kind;
  }

  test.each<
    [string, (share: Share & { token: string }) => Promise<Response>, string, Record<string, unknown>?]
  >([
    [
      'has ended',
      async ({ token, ...created }) => {
        await end(created);
        return open({ token });
      },
      'ended',
    ],
    [
      'was revoked',
      async ({ token, id }) => {
        await revoke(id);
        return open({ token });
      },
      'revoked',
    ],
    [
      'was used up',
      async ({ token }) => {
        expect((await open({ token })).status).toBe(200);
        return open({ token });
      },
      'used-up',
      { maxPlays: 1 },
    ],
    [
      'has another passcode',
      ({ token }) => open({ token, passcode: 'wrong' }),
      'wrong-passcode',
      { passcode: PASSCODE },
    ],
    ['has a passcode', ({ token }) => open({ token }), 'no-passcode', { passcode: PASSCODE }],
    [
      'has a passcode, and the empty one was given',
      ({ token }) => open({ token, passcode: '' }),
      'no-passcode',
      { passcode: PASSCODE },
    ],
    [
      'has seen too many wrong passcodes',
      async ({ token }) => {
        for (let n = 0; n < MAX_WRONG_PASSCODES; n++) await open({ token, passcode: `wrong ${n}` });
        return open({ token, passcode: PASSCODE });
      },
      'locked-out',
      { passcode: PASSCODE },
    ],
    [
      'was of a recording that is gone',
      async ({ token, pbx, recording }) => {
        const Key = recordingKey(pbx, recording);
        await new S3Client({ forcePathStyle: true }).send(
          new DeleteObjectCommand({ Bucket: String(process.env.BUCKET_NAME), Key }),
        );
        return open({ token });
      },
      'not-archived',
    ],
    [
      'was made before shares were forbidden',
      async ({ token }) =>
        open({ token }, await api.load('token', { shares: { allowed: false, maxDays: 30, defaultDays: 7 } })),
      'shares-not-allowed',
    ],
    [
      'was made with a link token, and now there are other ways to be authorized',
      async ({ token }) => open({ token }, await api.load('jwt')),
      'maker-lost-right',
    ],
  ])(
    'because it %s looks like one that has never existed, and the access log knows why',
    async (_, attempt, reason, options = {}) => {
      const created = await share(options);
      expect(seen(await attempt(created))).toBe(await unavailable());
      expect(await lastRefusal(created)).toBe(reason);
    },
  );

  test('because somebody made the token up is the same for every text', async () => {
    const expected = await unavailable();
    for (const token of ['', '#', '../', 'ü', '\0', 'A'.repeat(100)]) {
      expect(seen(await open({ token }))).toBe(expected);
      expect(seen(await open({ token, passcode: PASSCODE }))).toBe(expected);
    }
  });

  test('because the link token was replaced looks the same', async () => {
    const { token, ...created } = await share();
    const secrets = new SecretsManagerClient();
    const put = (SecretString: string) =>
      secrets.send(new PutSecretValueCommand({ SecretId: 'links/token', SecretString }));
    await put('another-link-token-0123456789');
    try {
      expect(seen(await open({ token }, await api.load()))).toBe(await unavailable());
    } finally {
      await put(TOKEN);
    }
    expect(await lastRefusal(created)).toBe('maker-lost-right');
    expect((await open({ token })).status).toBe(200);
  });

  test('gets no row and names no recording in the log if its token is unknown', async () => {
    const before = await readTable();
    await open({ token: 'B'.repeat(43) });
    expect(await readTable()).toBe(before);
    expect(lines).toEqual([{ level: 'warn', event: 'share-refused', reason: 'unknown' }]);
  });
});

describe('a passcode', () => {
  test('opens the share, and does not have to be the first one that is tried', async () => {
    const { token } = await share({ passcode: PASSCODE });
    for (let n = 1; n < MAX_WRONG_PASSCODES; n++) await open({ token, passcode: `wrong ${n}` });
    for (let n = 0; n < 3; n++) expect((await open({ token, passcode: PASSCODE })).status).toBe(200);
    await open({ token, passcode: 'wrong' });
    expect((await open({ token, passcode: PASSCODE })).status).toBe(404);
  });

  test.each([PASSCODE, ` ${PASSCODE}\r\n`])(
    'may be copied with the space or the line break around it: %j',
    async (made) => {
      const { token } = await share({ passcode: made });
      for (const passcode of [PASSCODE, `${PASSCODE} `, `\t${PASSCODE}\n`])
        expect((await open({ token, passcode })).status).toBe(200);
      expect((await open({ token, passcode: PASSCODE.replace(' ', '') })).status).toBe(404);
    },
  );

  test('that is not needed does no harm', async () => {
    const { token } = await share();
    expect((await open({ token, passcode: PASSCODE })).status).toBe(200);
  });

  test('is not tried more often at once than one after the other, and its maker sees that the share is locked', async () => {
    const { token, id } = await share({ passcode: PASSCODE });
    await Promise.all(Array.from({ length: 20 }, (_, n) => open({ token, passcode: `wrong ${n}` })));
    expect((await open({ token, passcode: PASSCODE })).status).toBe(404);
    const { shares } = await list({ mine: '1' });
    expect(shares.find((listed) => listed.id === id)).toMatchObject({ lockedOut: true, hasPasscode: true });
  });
});

test('as many openings succeed at once as the share allows, and no more', async () => {
  const { token, pbx, recording } = await share({ maxPlays: 3 });
  const responses = await Promise.all(Array.from({ length: 10 }, () => open({ token })));
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(responses.filter(({ status }) => status === 404)).toHaveLength(7);
  // Each recipient is told what was left after their own opening.
  const left = responses.flatMap(({ status, body }) => (status === 200 ? [body.playsLeft] : []));
  expect(left.sort()).toEqual([0, 1, 2]);
  const { shares } = await list({ pbx, recording });
  expect(shares).toMatchObject([{ plays: 3, maxPlays: 3 }]);
});

describe('an opening', () => {
  const accesses = async ({ pbx, recording }: Share) =>
    (await ask('GET /api/access', { ...asToken, query: { pbx, recording } })).body.accesses;

  test('goes on with another link, without a passcode and without counting as a play', async () => {
    const { token, ...created } = await share({ passcode: PASSCODE, maxPlays: 1, download: true });
    const { body: opened } = await open({ token, passcode: PASSCODE });
    const before = Date.now();
    const { status, body } = await open({ token, continuation: opened.continuation });
    expect(status).toBe(200);
    const { url, expiresAt } = v.parse(v.strictObject(openedShareSchema.entries), body);
    expect(body).toEqual({ ...opened, url, expiresAt });
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(AUDIO);
    expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(before + 900_000);
    expect((await list({ pbx: created.pbx, recording: created.recording })).shares).toMatchObject([
      { plays: 1 },
    ]);
    expect((await open({ token, passcode: PASSCODE })).status).toBe(404);
    const [, renewed] = await accesses(created);
    const { pbx, recording, createdBy: person, id } = created;
    const row = {
      kind: 'share-continued',
      pbx,
      recording,
      person,
      by: 'share',
      address: '203.0.113.7',
      share: id,
    };
    expect(renewed).toEqual({ ...row, at: expect.any(String) });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'share-continued', pbx, recording }));
  });

  test('leaves nothing in the table or in a log line with which somebody else could go on', async () => {
    const { token } = await share();
    const { continuation } = (await open({ token })).body;
    await open({ token, continuation });
    for (const text of [await readTable(), JSON.stringify(lines)]) expect(text).not.toContain(continuation);
  });

  test.each<[string, string, (share: Share & { token: string }) => Promise<unknown>]>([
    ['is revoked', 'revoked', ({ id }) => revoke(id)],
    ['ends', 'ended', end],
    [
      'is locked',
      'locked-out',
      async ({ token }) => {
        for (let n = 0; n < MAX_WRONG_PASSCODES; n++) await open({ token, passcode: `wrong ${n}` });
      },
    ],
  ])('is over when the share %s', async (_, reason, change) => {
    const created = await share({ passcode: PASSCODE });
    const { token } = created;
    const { continuation } = (await open({ token, passcode: PASSCODE })).body;
    await change(created);
    expect(await open({ token, continuation })).toMatchObject({ status: 404 });
    expect((await accesses(created))[0]).toMatchObject({ kind: 'share-refused', reason });
  });

  test('of one share goes on with no other, and none goes on with what somebody made up', async () => {
    const [one, another] = [await share(), await share()];
    const { continuation } = (await open({ token: one.token })).body;
    const unknown = await open({ token: 'A'.repeat(43), continuation });
    for (const tried of [continuation, one.token, '', 'A'.repeat(171)]) {
      expect(await open({ token: another.token, continuation: tried })).toEqual(unknown);
      expect((await accesses(another))[0]).toMatchObject({ kind: 'share-refused', reason: 'opening-over' });
    }
    expect((await list({ mine: '1' })).shares.find(({ id }) => id === another.id)).toMatchObject({
      plays: 0,
    });
  });

  test.each([
    ['as long as the recording lasts, and an hour for pauses', { seconds: 12 }, 3600 + 12],
    ['four hours if nobody knows how long the recording lasts', {}, 4 * 3600],
  ])('goes on for %s', async (_, length, expected) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const opened = Date.now();
    const send = await api.load();
    const target = await archive('hq', length);
    const { token } = await share({ ...target, maxPlays: 1 }, { ask: send });
    const { continuation } = (await open({ token }, send)).body;
    const statusAfter = async (seconds: number) => {
      vi.setSystemTime(opened + seconds * 1000);
      return (await open({ token, continuation }, send)).status;
    };
    expect(await statusAfter(expected - 1)).toBe(200);
    expect(await statusAfter(expected + 1)).toBe(404);
  });
});

describe('shares are listed', () => {
  test('by recording, newest first and page by page, without what opens them', async () => {
    const target = await archive();
    const made: Share[] = [];
    for (let n = 0; n < 3; n++) {
      const {
        token: _token,
        url: _url,
        ...created
      } = await share({ ...target, note: `No. ${n}`, passcode: PASSCODE });
      made.unshift(created);
    }
    const first = await list({ ...target, limit: '2' });
    expect(first.shares).toEqual(made.slice(0, 2));
    const second = await list({ ...target, limit: '2', cursor: String(first.cursor) });
    expect(second.shares).toEqual(made.slice(2));
    const { body } = await ask('GET /api/shares', { ...asToken, query: target });
    expect(JSON.stringify(body)).not.toMatch(/salt|hash|seal/);
  });

  test.each([
    { mine: '2' },
    { pbx: 'hq' },
    { recording: 'a.wav' },
    { mine: '1', pbx: 'hq', recording: 'a.wav' },
    { mine: '1', person: 'Ada' },
    { person: 'Ada', pbx: 'hq', recording: 'a.wav' },
    { person: '' },
    { limit: '0' },
    { cursor: 'x' },
    { all: '1' },
  ])('not by %j', async (query) => {
    const response = await ask('GET /api/shares', { ...asToken, query: query as Record<string, string> });
    expect(response).toMatchObject({ status: 400, body: { error: 'invalid-parameter' } });
  });
});

test.each(['x', '0'.repeat(63), 'F'.repeat(64), '0'.repeat(64), '%00', 'x'.repeat(5000)])(
  'no share has the id %s',
  async (id) => {
    expect(await revoke(id)).toMatchObject({ status: 404, body: { error: 'not-found' } });
  },
);

test('a note is kept as it is, apart from what is no text', async () => {
  const target = await archive();
  await share({ ...target, note: '<b>Für "Zoë"</b> 📞 \ud800' });
  const { shares } = await list(target);
  expect(shares).toMatchObject([{ note: '<b>Für "Zoë"</b> 📞 \ufffd' }]);
});

describe('with roles', async () => {
  const withRoles = await api.load('jwt', { roles: ROLES });
  const by = (...names: string[]) => ({ ask: withRoles, as: groups(...names) });

  test.each([
    ['sales', 'hq', {}, 201],
    ['sales', 'warehouse', {}, 404],
    ['sales', 'hq', { download: true }, 403],
    ['support', 'hq', { download: true }, 201],
    ['workshop', 'hq', {}, 404],
    ['listener', 'hq', {}, 403],
    ['auditor', 'hq', {}, 403],
    ['nobody', 'hq', {}, 404],
  ])('%s sharing a call of 1001 with 1003 at %s, %j: %i', async (role, pbx, options, status) => {
    const target = await archive(pbx);
    const response = await withRoles('POST /api/shares', {
      ...groups(role),
      body: { ...target, ...options },
    });
    expect(response.status).toBe(status);
    const { body } = await withRoles('GET /api/access', { ...groups('manager'), query: target });
    const expected = status === 201 ? { kind: 'share-created' } : { kind: 'refused', reason: 'forbidden' };
    expect(body.accesses).toMatchObject([{ ...expected, person: role, by: 'jwt', address: '203.0.113.7' }]);
  });

  test('a share is seen and revoked by its maker and with the right audit, and by nobody else', async () => {
    const target = await archive();
    const { id } = await share(target, by('sales'));
    for (const other of ['support', 'listener', 'nobody']) {
      expect((await list(target, by(other))).shares).toEqual([]);
      expect(await revoke(id, by(other))).toMatchObject({ status: 404, body: { error: 'not-found' } });
    }
    expect((await list(target, by('sales'))).shares).toMatchObject([{ id, createdBy: 'sales' }]);
    expect((await list({ mine: '1' }, by('sales'))).shares).toContainEqual(expect.objectContaining({ id }));
    expect((await list({}, by('auditor'))).shares).toEqual([]);
    expect((await list(target, by('auditor'))).shares).toMatchObject([{ id }]);

    const revoked = await revoke(id, by('auditor'));
    expect(revoked).toMatchObject({ status: 200, body: { id, revokedAt: expect.any(String) } });
    expect((await revoke(id, by('sales'))).body).toEqual(revoked.body);
    const { body } = await withRoles('GET /api/access', { ...groups('manager'), query: target });
    expect(body.accesses).toMatchObject([
      { kind: 'share-revoked', person: 'auditor', share: id },
      ...['nobody', 'listener', 'support'].map((person) => ({
        kind: 'refused',
        reason: 'forbidden',
        person,
        share: id,
      })),
      { kind: 'share-created', person: 'sales', share: id },
    ]);
  });

  test('those of somebody else are listed and revoked with the right audit, as far as it reaches', async () => {
    const atHq = await share(await archive(), by('seller'));
    const elsewhere = await share(await archive('warehouse'), by('seller'));
    const listFor = async (...names: string[]) =>
      (await list({ person: 'seller' }, by(...names))).shares.map(({ id }) => id);
    expect(await listFor('manager')).toEqual([elsewhere.id, atHq.id]);
    expect(await listFor('auditor')).toEqual([atHq.id]);
    expect(await listFor('team-auditor')).toEqual([]);
    expect(await listFor('seller')).toEqual([elsewhere.id, atHq.id]);
    for (const role of ['listener', 'nobody']) {
      const response = await withRoles('GET /api/shares', { ...groups(role), query: { person: 'seller' } });
      expect(response).toMatchObject({ status: 403, body: { error: 'forbidden' } });
    }
    expect((await revoke(atHq.id, by('auditor'))).status).toBe(200);
    expect((await revoke(elsewhere.id, by('auditor'))).status).toBe(404);
    const [, ended] = (await list({ person: 'seller' }, by('manager'))).shares;
    expect(ended).toMatchObject({ id: atHq.id, createdBy: 'seller', revokedAt: expect.any(String) });
  });

  test('those of a person are listed page by page', async () => {
    const made: string[] = [];
    for (let n = 0; n < 3; n++) made.unshift((await share({}, by('support'))).id);
    const first = await list({ person: 'support', limit: '2' }, by('manager'));
    expect(first.shares.map(({ id }) => id)).toEqual(made.slice(0, 2));
    const second = await list({ person: 'support', limit: '1', cursor: String(first.cursor) }, by('manager'));
    expect(second.shares.map(({ id }) => id)).toEqual(made.slice(2));
  });

  test.each([
    ['the role is there', ROLES.map, 200],
    ['the role is gone', { manager: ROLES.map.manager }, 404],
    ['the role covers another PBX', { support: { ...ROLES.map.support, pbxs: ['warehouse'] } }, 404],
    ['the role covers other extensions', { support: { ...ROLES.map.support, extensions: ['2000'] } }, 404],
    ['the role may not share', { support: { ...ROLES.map.support, rights: ['listen', 'download'] } }, 404],
    ['the role may not download', { support: { ...ROLES.map.support, rights: ['listen', 'share'] } }, 404],
  ])('a share works for as long as its maker might make it: %s', async (_, map, status) => {
    const { token } = await share({ download: true }, by('support'));
    const today = await api.load('jwt', { roles: { claim: 'groups', map } });
    expect((await open({ token }, today)).status).toBe(status);
  });

  test('a share ends when its maker comes back without the role, and works again with it', async () => {
    const hour = 3600;
    const cameBack = (sub: string, iat: number, ...names: string[]) =>
      withRoles('GET /api/me', {
        authorizer: { jwt: { claims: { sub, iat: String(iat), groups: `[${names.join(' ')}]` } } },
      });
    const { token } = await share({}, by('sales'));
    const status = async () => (await open({ token }, withRoles)).status;
    await cameBack('somebody-else', 2 * hour);
    expect(await status()).toBe(200);
    await cameBack('sales', 2 * hour, 'listener');
    expect(await status()).toBe(404);
    // A token from before the change is still valid.
    await cameBack('sales', hour, 'sales');
    expect(await status()).toBe(404);
    await cameBack('sales', 3 * hour, 'listener', 'sales');
    expect(await status()).toBe(200);
  });

  test('a share that was made before there were roles ends with them, and one that was made with roles does not end without', async () => {
    const withoutRoles = await api.load('jwt');
    const before = await share({}, { ask: withoutRoles, as: groups('anybody') });
    expect((await open({ token: before.token }, withoutRoles)).status).toBe(200);
    expect((await open({ token: before.token }, withRoles)).status).toBe(404);
    const after = await share({}, by('sales'));
    expect((await open({ token: after.token }, withoutRoles)).status).toBe(200);
  });
});

test('shares that the settings forbid are not made, the response says so, and the access log knows who asked', async () => {
  const forbidding = await api.load('token', { shares: { allowed: false, maxDays: 30, defaultDays: 7 } });
  const target = await archive();
  const response = await forbidding('POST /api/shares', { ...asToken, body: target });
  expect(response).toMatchObject({ status: 403, body: { error: 'shares-not-allowed' } });
  const { body } = await forbidding('GET /api/access', { ...asToken, query: target });
  expect(body.accesses).toMatchObject([
    { kind: 'refused', reason: 'shares-not-allowed', ...target, person: 'token', by: 'token' },
  ]);
});
