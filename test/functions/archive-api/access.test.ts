import { parse } from 'csv-parse/sync';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { toCsv } from '../../../functions/archive-api/access-csv.ts';
import { createAccessLog } from '../../../functions/shared/access-log/access-log.ts';
import { type Access, accessLogSchema } from '../../../functions/shared/api/contract.ts';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { anyText, fc, hostileText } from '../../property.ts';
import { captureLog } from '../capture-log.ts';
import { type Ask, bearer, useApi } from './api-harness.ts';

captureLog();
const api = await useApi({ hq: {}, warehouse: {} });
const ask = await api.load();
const asToken = { headers: bearer };

let recordings = 0;
async function archive(pbx = 'hq'): Promise<{ pbx: string; recording: string }> {
  recordings += 1;
  const callId = `1504261084.${recordings}`;
  const recording = `20170901181804-${callId}-1001-1003-Internal.wav`;
  const call = { callId, from: '1001', to: '1003' };
  await api.putObject(pbx, recording, Buffer.from('RIFF'), call);
  await api.putRows([{ pbx, recording, at: '2017-09-01T10:18:04.000Z', state: 'archived', ...call }]);
  return { pbx, recording };
}

const showLink = (
  { pbx, recording }: { pbx: string; recording: string },
  query = {},
  as = asToken,
  send = ask,
) => send(`GET /api/recordings/${pbx}`, { ...as, query: { recording, ...query } });

async function read(query: Record<string, string>, send: Ask = ask, as: Parameters<Ask>[1] = asToken) {
  const { status, body } = await send('GET /api/access', { ...as, query });
  expect(status).toBe(200);
  return v.parse(accessLogSchema, body);
}

const signIn = async (name: string) => {
  const { cookies } = await ask('POST /api/session', {
    body: { token: bearer.authorization.slice(7), name },
  });
  return { cookies: [cookies[0]?.split(';')[0] ?? ''], headers: { origin: 'https://archive.example' } };
};

describe('the access log', () => {
  test('has a row for each link, with who got it, how, from where and when', async () => {
    const target = await archive();
    const before = Date.now();
    await showLink(target);
    await showLink(target, { download: '1' });
    const { accesses } = await read(target);
    expect(accesses).toMatchObject([
      { kind: 'download-link-created', ...target, person: 'token', by: 'token', address: '203.0.113.7' },
      { kind: 'link-created', ...target, person: 'token', by: 'token', address: '203.0.113.7' },
    ]);
    for (const { at } of accesses) expect(Date.parse(at)).toBeGreaterThanOrEqual(before);
  });

  test('has no row for a recording that was found, but not handed out', async () => {
    const target = { pbx: 'hq', recording: '20170901181804-1504261084.9999-1-2-Internal.wav' };
    await api.putRows([{ ...target, at: '2017-09-01T10:18:04.000Z', state: 'waiting' }]);
    expect((await showLink(target)).body).not.toHaveProperty('link');
    expect((await showLink({ ...target, recording: 'missing.wav' })).status).toBe(404);
    expect(await read(target)).toEqual({ accesses: [] });
    expect(await read({ ...target, recording: 'missing.wav' })).toEqual({ accesses: [] });
  });

  test('has what the player reports, and calls it that', async () => {
    const target = await archive();
    const ada = await signIn('Ada');
    const response = await ask('POST /api/access', { ...ada, body: { ...target, seconds: 12.5 } });
    expect(response).toMatchObject({ status: 204, body: undefined });
    const { accesses } = await read(target);
    expect(accesses).toMatchObject([{ kind: 'played', person: 'Ada', by: 'session', seconds: 12.5 }]);
  });

  test.each([
    [{ seconds: -1 }, 400],
    [{ seconds: 'all' }, 400],
    [{ seconds: 604_801 }, 400],
    [{ person: 'Bob' }, 400],
    [{ recording: 'missing.wav' }, 404],
    [{ pbx: 'warehouse' }, 404],
  ])('takes no report with %j: %i', async (change, status) => {
    const response = await ask('POST /api/access', {
      ...asToken,
      body: { ...(await archive()), seconds: 1, ...change },
    });
    expect(response.status).toBe(status);
  });

  test('is read page by page, of a recording or of a person', async () => {
    const person = await signIn('Grace');
    const targets = [await archive(), await archive('warehouse'), await archive()];
    for (const target of targets)
      await ask('POST /api/access', { ...person, body: { ...target, seconds: 1 } });
    const first = await read({ person: 'Grace', limit: '2' });
    expect(first.accesses.map(({ recording }) => recording)).toEqual([
      targets[2]?.recording,
      targets[1]?.recording,
    ]);
    const second = await read({ person: 'Grace', limit: '2', cursor: String(first.cursor) });
    expect(second.accesses.map(({ recording }) => recording)).toEqual([targets[0]?.recording]);
    expect((await read({ person: 'grace' })).accesses).toEqual([]);
  });

  test.each([
    {},
    { pbx: 'hq' },
    { recording: 'a.wav' },
    { person: '' },
    { person: 'Ada', pbx: 'hq', recording: 'a.wav' },
    { person: 'Ada', format: 'xml' },
    { person: 'Ada', limit: '201' },
    { person: 'Ada', cursor: 'x' },
  ])('is not read by %j', async (query) => {
    const response = await ask('GET /api/access', { ...asToken, query: query as Record<string, string> });
    expect(response).toMatchObject({ status: 400, body: { error: 'invalid-parameter' } });
  });

  test('needs somebody who is authorized', async () => {
    const target = await archive();
    expect((await ask('GET /api/access', { query: target })).status).toBe(401);
    expect((await ask('POST /api/access', { body: { ...target, seconds: 1 } })).status).toBe(401);
  });
});

describe('with roles, the access log', async () => {
  const map = {
    auditor: { pbxs: ['hq'], rights: ['listen', 'audit'] },
    'team-auditor': { pbxs: ['hq'], extensions: ['1003'], rights: ['listen', 'audit'] },
    listener: { pbxs: ['*'], rights: ['listen', 'download', 'share'] },
    manager: { pbxs: ['*'], rights: ['listen', 'audit'] },
  };
  const withRoles = await api.load('jwt', { roles: { claim: 'groups', map } });
  const as = (role: string) => ({ authorizer: { jwt: { claims: { sub: role, groups: role } } } });

  test.each([
    ['manager', 200],
    ['auditor', 200],
    ['team-auditor', 403],
    ['listener', 403],
    ['nobody', 403],
  ])('of a recording is read by %s: %i', async (role, status) => {
    const response = await withRoles('GET /api/access', { ...as(role), query: await archive() });
    expect(response.status).toBe(status);
  });

  test('of a person has only the rows of PBXs that the reader may audit', async () => {
    const [atHq, elsewhere] = [await archive(), await archive('warehouse')];
    for (const { pbx, recording } of [atHq, elsewhere])
      await withRoles(`GET /api/recordings/${pbx}`, { ...as('listener'), query: { recording } });
    const pbxsFor = async (role: string) =>
      (await read({ person: 'listener' }, withRoles, as(role))).accesses.map(({ pbx }) => pbx);
    expect(await pbxsFor('manager')).toEqual(['warehouse', 'hq']);
    expect(await pbxsFor('auditor')).toEqual(['hq']);
    const refused = await withRoles('GET /api/access', { ...as('listener'), query: { person: 'listener' } });
    expect(refused.status).toBe(403);
  });

  test.each([
    ['of a PBX that they may not hear', 'warehouse', {}, 404],
    ['of a call that is not theirs', 'hq', {}, 404],
    ['to save it', 'hq', { download: '1' }, 403],
  ])(
    'has a row for somebody who asks for a recording without the right: %s',
    async (_, pbx, query, status) => {
      const target = await archive(pbx);
      const limited = await api.load('jwt', {
        roles: {
          claim: 'groups',
          map: {
            manager: map.manager,
            somebody: { pbxs: ['hq'], extensions: status === 403 ? ['1003'] : ['2000'], rights: ['listen'] },
          },
        },
      });
      const response = await limited(`GET /api/recordings/${pbx}`, {
        ...as('somebody'),
        query: { recording: target.recording, ...query },
      });
      expect(response.status).toBe(status);
      expect((await read(target, limited, as('manager'))).accesses).toMatchObject([
        { kind: 'refused', reason: 'forbidden', person: 'somebody', by: 'jwt' },
      ]);
    },
  );
});

describe('as CSV, the access log', () => {
  const access: Access = {
    at: '2026-11-26T12:00:00.000Z',
    kind: 'link-created',
    pbx: 'hq',
    recording: 'a.wav',
    person: 'Ada',
    by: 'session',
  };

  test('is a file with a line of names, and one for each row', async () => {
    const target = await archive();
    await showLink(target);
    const { status, headers, body } = await ask('GET /api/access', {
      ...asToken,
      query: { ...target, format: 'csv' },
    });
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename=access.csv',
      },
    });
    const rows = parse(body, { columns: true });
    expect(rows).toMatchObject([
      { kind: 'link-created', ...target, person: 'token', by: 'token', address: '203.0.113.7', seconds: '' },
    ]);
  });

  test('has all rows, on however many pages the JSON has them', async () => {
    const target = await archive();
    const accessLog = createAccessLog(createDynamoDbClient(), {
      table: 'access',
      days: 400,
      now: Date.now,
      publish: async () => {},
    });
    // Some megabytes, which DynamoDB returns in several pages.
    const address = 'x'.repeat(1000);
    for (let start = 0; start < 1500; start += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          accessLog.add({
            kind: 'played',
            ...target,
            person: 'Ada',
            by: 'session',
            address,
            seconds: start + n,
          }),
        ),
      );
    }
    const { body } = await ask('GET /api/access', { ...asToken, query: { ...target, format: 'csv' } });
    const seconds = parse(body, { columns: true }).map((row) => Number((row as { seconds: string }).seconds));
    expect(seconds.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
  });

  test('keeps every name, whatever is in it', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, hostileText), (text) => {
        const person = text.toWellFormed();
        const [row] = parse(toCsv([{ ...access, person }]), {
          columns: true,
          record_delimiter: '\r\n',
        }) as { person: string }[];
        expect([person, `'${person}`]).toContain(row?.person);
      }),
    );
  });

  // https://owasp.org/www-community/attacks/CSV_Injection
  test.each(['=1+1', '+49 30 1234', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '＝1'])(
    'has no cell that a spreadsheet takes for a formula: %j',
    (text) => {
      const csv = toCsv([{ ...access, person: text, recording: text }]);
      const [row] = parse(csv, { columns: true, record_delimiter: '\r\n' }) as Access[];
      expect(row).toMatchObject({ person: `'${text}`, recording: `'${text}` });
    },
  );

  test('separates and quotes as RFC 4180 says', () => {
    const csv = toCsv([{ ...access, person: 'Lovelace, "Ada"', seconds: 12 }]);
    expect(csv).toBe(
      'at,kind,pbx,recording,person,by,address,share,seconds,reason\r\n' +
        '2026-11-26T12:00:00.000Z,link-created,hq,a.wav,"Lovelace, ""Ada""",session,,,12,\r\n',
    );
  });
});
