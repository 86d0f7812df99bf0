import { parse } from 'csv-parse/sync';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { toHeader, toLines } from '../../../functions/archive-api/access-csv.ts';
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
    ['with blanks', ' Zoë  Miller '],
    ['composed in another way', 'Zoe\u0308 Miller'],
    ['with invisible characters', '\u200EZoë\u00A0Miller'],
  ])('of a person is found by the name %s', async (_, entered) => {
    const target = await archive();
    const zoe = await signIn('Zoë Miller');
    await ask('POST /api/access', { ...zoe, body: { ...target, seconds: 1 } });
    expect((await read({ person: entered })).accesses[0]).toMatchObject({ kind: 'played', ...target });
  });

  test.each([
    {},
    { pbx: 'hq' },
    { recording: 'a.wav' },
    { person: '' },
    { person: ' \u200B' },
    { person: 'x'.repeat(201) },
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
  ])('of a recording is read by %s: %i, and has a row if it is refused', async (role, status) => {
    const target = await archive();
    const person = `a reader with the role ${role}`;
    const reader = { authorizer: { jwt: { claims: { sub: person, groups: role } } } };
    const response = await withRoles('GET /api/access', { ...reader, query: target });
    expect(response.status).toBe(status);
    const refusal = { kind: 'refused', reason: 'forbidden', person, by: 'jwt' };
    expect((await read(target, withRoles, as('manager'))).accesses).toMatchObject(
      status === 200 ? [] : [refusal],
    );
  });

  test('of a person has only the rows of PBXs that the reader may audit', async () => {
    const [atHq, elsewhere] = [await archive(), await archive('warehouse')];
    for (const { pbx, recording } of [atHq, elsewhere])
      await withRoles(`GET /api/recordings/${pbx}`, { ...as('listener'), query: { recording } });
    const pbxsFor = async (role: string) =>
      (await read({ person: 'listener' }, withRoles, as(role))).accesses.map(({ pbx }) => pbx);
    expect(await pbxsFor('manager')).toEqual(['warehouse', 'hq']);
    expect(await pbxsFor('auditor')).toEqual(['hq']);
  });

  test.each(['listener', 'team-auditor'])(
    'of a person is not read by somebody with the role %s',
    async (role) => {
      const response = await withRoles('GET /api/access', { ...as(role), query: { person: 'listener' } });
      expect(response).toMatchObject({ status: 403, body: { error: 'forbidden' } });
    },
  );

  test.each([
    ['a search', 'GET /api/recordings', {}],
    ["somebody else's shares", 'GET /api/shares', { person: 'manager' }],
    ["somebody else's entries", 'GET /api/access', { person: 'manager' }],
  ])('has a row without a recording for %s that is refused', async (what, route, query) => {
    const person = `who asked for ${what}`;
    const asker = { authorizer: { jwt: { claims: { sub: person, groups: 'nobody' } } } };
    expect((await withRoles(route, { ...asker, query })).status).toBe(403);
    const refusal = { kind: 'refused', reason: 'forbidden', person, by: 'jwt', address: '203.0.113.7' };
    for (const role of ['manager', 'auditor']) {
      const { accesses } = await read({ person }, withRoles, as(role));
      expect(accesses).toEqual([{ ...refusal, at: expect.any(String) }]);
    }
    const csv = await withRoles('GET /api/access', { ...as('manager'), query: { person, format: 'csv' } });
    expect(csv.body.split('\r\n')[1]).toMatch(
      /^[^,]+,refused,,,who asked for .*,jwt,203\.0\.113\.7,,,forbidden$/,
    );
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
    // Excel takes a file without a byte order mark for Windows-1252.
    expect(body.startsWith('\uFEFFat,kind,pbx,recording,person,by,')).toBe(true);
    const rows = parse(body, { bom: true, columns: true });
    expect(rows).toMatchObject([
      { kind: 'link-created', ...target, person: 'token', by: 'token', address: '203.0.113.7', seconds: '' },
    ]);
  });

  /** Adds rows to the log of a recording, each with a long address. */
  async function addRows(target: { pbx: string; recording: string }, count: number, addressLength: number) {
    const accessLog = createAccessLog(createDynamoDbClient(), {
      table: 'access',
      days: 400,
      now: Date.now,
      publish: async () => {},
    });
    const row = { kind: 'played', ...target, person: 'Ada', by: 'session' } as const;
    const address = 'x'.repeat(addressLength);
    // A few at a time: a row has two seconds to be written.
    for (let start = 0; start < count; start += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, n) => accessLog.add({ ...row, address, seconds: start + n })),
      );
    }
  }
  const secondsIn = (csv: string) =>
    (parse(csv, { bom: true, columns: true }) as { seconds: string }[])
      .map(({ seconds }) => Number(seconds))
      .toSorted((a, b) => a - b);

  test('has all rows, on however many pages the JSON has them', async () => {
    const target = await archive();
    // Some megabytes, which DynamoDB returns in several pages.
    await addRows(target, 1500, 1000);
    const { body, headers } = await ask('GET /api/access', {
      ...asToken,
      query: { ...target, format: 'csv' },
    });
    expect(secondsIn(body)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
    expect(headers).not.toHaveProperty('x-next-cursor');
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  test('comes in parts that Lambda can return, if it is long, and their texts are one file', async () => {
    const target = await archive();
    await addRows(target, 700, 10_000);
    const parts: string[] = [];
    let cursor: unknown;
    do {
      const query = { ...target, format: 'csv', ...(cursor !== undefined && { cursor: String(cursor) }) };
      const { body, headers } = await ask('GET /api/access', { ...asToken, query });
      expect(Buffer.byteLength(JSON.stringify({ body, headers }))).toBeLessThan(6_000_000);
      expect(headers['content-type']).toMatch(parts.length === 0 ? /header=present$/ : /header=absent$/);
      parts.push(body);
      cursor = headers['x-next-cursor'];
    } while (cursor !== undefined);
    expect(parts).toHaveLength(2);
    expect(secondsIn(parts.join(''))).toEqual(Array.from({ length: 700 }, (_, n) => n));
  });

  const parseRow = (row: Access) => {
    const csv = toHeader() + toLines([row]);
    return parse(csv, { bom: true, columns: true, record_delimiter: '\r\n' }) as Access[];
  };

  test('keeps every name, whatever is in it, apart from apostrophes', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, hostileText), (text) => {
        const person = text.toWellFormed();
        const [row] = parseRow({ ...access, person });
        expect(row?.person.replaceAll("'", '')).toBe(person.replaceAll("'", ''));
      }),
    );
  });

  // https://owasp.org/www-community/attacks/CSV_Injection
  test.each(['=1+1', '+49 30 1234', '-2+3', '@SUM(A1)', '\t=1', '＝1'])(
    'has no cell that a spreadsheet takes for a formula: %j',
    (text) => {
      const [row] = parseRow({ ...access, person: text, recording: text });
      expect(row).toMatchObject({ person: `'${text}`, recording: `'${text}` });
    },
  );

  // In most of Europe, Excel separates cells by semicolons, and knows no quotation marks within them.
  test.each([
    ['Ada;=1+1', "Ada;'=1+1"],
    ['Ada\r\n@SUM(A1)', "Ada\r\n'@SUM(A1)"],
    ['a;b - c', 'a;b - c'],
  ])('has no formula in the cells that semicolons make of it: %j', (text, expected) => {
    expect(parseRow({ ...access, person: text })).toMatchObject([{ person: expected }]);
  });

  test('separates and quotes as RFC 4180 says', () => {
    const csv = toHeader() + toLines([{ ...access, person: 'Lovelace, "Ada"', seconds: 12 }]);
    expect(csv).toBe(
      '\uFEFFat,kind,pbx,recording,person,by,address,share,seconds,reason\r\n' +
        '2026-11-26T12:00:00.000Z,link-created,hq,a.wav,"Lovelace, ""Ada""",session,,,12,\r\n',
    );
  });
});
