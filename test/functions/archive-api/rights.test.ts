import { describe, expect, test } from 'vitest';
import { captureLog } from '../capture-log.ts';
import type { Row } from '../shared/recording-index/index-table.ts';
import { type Response, useApi } from './api-harness.ts';

captureLog();
const AT = '2026-01-02T10:00:00.000Z';
const api = await useApi({ office: {}, shop: {} });
const calls: Required<Pick<Row, 'pbx' | 'recording' | 'from' | 'to'>>[] = [
  { pbx: 'office', recording: 'chief.wav', from: '1000', to: '+49 30 123456' },
  { pbx: 'office', recording: 'support.wav', from: '+49 30 654321', to: '1001' },
  { pbx: 'office', recording: 'internal.wav', from: '1001', to: '1002' },
  { pbx: 'shop', recording: 'shop.wav', from: '2001', to: '+49 30 123456' },
];
await api.putRows(calls.map((call) => ({ ...call, at: AT })));
await api.putIndexItems(
  calls.map(({ pbx, recording }) => ({
    pbx,
    sk: `name#${recording}`,
    rowSks: new Set([`${AT}#${recording}`]),
  })),
);
for (const { pbx, recording, from, to } of calls) {
  await api.putObject(pbx, recording, Buffer.from('RIFF'), { from, to });
}
const roles = {
  claim: 'groups',
  map: {
    everything: { pbxs: ['*'], rights: ['listen', 'download', 'share', 'audit'] },
    support: { pbxs: ['office'], extensions: ['1001', '1002'], rights: ['listen'] },
    shop: { pbxs: ['shop'], rights: ['listen', 'download'] },
    'team-auditor': { pbxs: ['office'], extensions: ['1001'], rights: ['listen', 'audit'] },
    sharer: { pbxs: ['*'], rights: ['share'] },
  },
};
const ask = await api.load('jwt', { roles, personClaim: 'name' });

/** Requests by somebody with these groups, in the form in which API Gateway passes a list on. */
function as(groups: string | undefined) {
  const claims = { sub: 'u-1', name: 'Ann', ...(groups !== undefined && { groups }) };
  const authorizer = { jwt: { claims, scopes: null } };
  return (route: string, query: Record<string, string> = {}) => ask(route, { query, authorizer });
}
const search = { from: '2026-01-01', to: '2026-01-31' };
const namesIn = ({ body }: Response): string[] =>
  body.recordings.map(({ recording }: Row) => recording).sort();

describe('a search finds only what the person may hear:', () => {
  test.each([
    ['[everything]', ['chief.wav', 'internal.wav', 'shop.wav', 'support.wav']],
    ['[support]', ['internal.wav', 'support.wav']],
    ['[shop]', ['shop.wav']],
    ['[support shop]', ['internal.wav', 'shop.wav', 'support.wav']],
    ['shop', ['shop.wav']],
    ['[other shop]', ['shop.wav']],
  ])('as %s', async (groups, expected) => {
    expect(namesIn(await as(groups)('GET /api/recordings', search))).toEqual(expected);
  });

  test('also by number', async () => {
    const number = '030 123456';
    expect(namesIn(await as('[support]')('GET /api/recordings', { ...search, number }))).toEqual([]);
    expect(namesIn(await as('[everything]')('GET /api/recordings', { ...search, number }))).toEqual([
      'chief.wav',
      'shop.wav',
    ]);
  });

  test('and its cursor is not stopped by what they may not', async () => {
    const askSupport = as('[support]');
    const first = await askSupport('GET /api/recordings', { ...search, limit: '1' });
    const second = await askSupport('GET /api/recordings', {
      ...search,
      limit: '1',
      cursor: first.body.cursor,
    });
    expect([...namesIn(first), ...namesIn(second)].sort()).toEqual(['internal.wav', 'support.wav']);
  });
});

test.each([undefined, '[]', '', '[nobody]', '[sharer]', '[constructor]', '["everything"]', 'Everything'])(
  'a person without a role that may listen gets 403: %j',
  async (groups) => {
    expect(await as(groups)('GET /api/recordings', search)).toMatchObject({
      status: 403,
      body: { error: 'forbidden' },
    });
  },
);

test('a PBX of which a person may hear nothing is like one that does not exist', async () => {
  const responses = await Promise.all(
    ['shop', 'nowhere'].map((pbx) => as('[support]')('GET /api/recordings', { ...search, pbx })),
  );
  expect(responses[0]).toMatchObject({ status: 400, body: { parameter: 'pbx' } });
  expect(responses[0]?.body).toEqual(responses[1]?.body);
});

describe('a link', () => {
  test.each([
    ['[support]', 'office/support.wav', 200],
    ['[support]', 'office/chief.wav', 404],
    ['[support]', 'shop/shop.wav', 404],
    ['[shop]', 'shop/shop.wav', 200],
    ['[shop]', 'office/chief.wav', 404],
    ['[sharer]', 'office/chief.wav', 404],
    ['[everything]', 'office/chief.wav', 200],
  ])('as %s to %s: %i', async (groups, path, status) => {
    expect((await as(groups)(`GET /api/recordings/${path}`)).status).toBe(status);
  });

  test('to a recording that somebody may not hear is refused like one to nothing', async () => {
    const there = await as('[support]')('GET /api/recordings/office/chief.wav');
    const nothing = await as('[support]')('GET /api/recordings/office/nothing.wav');
    expect({ ...there, headers: {} }).toEqual({ ...nothing, headers: {} });
  });

  test('to a recording that the index lacks needs the right to it all the same', async () => {
    const call = { from: '1000', to: '+49 30 123456' };
    await api.putObject(
      'office',
      '20260102110000-1767351600.1-1000-030123456-Outbound.wav',
      Buffer.from('RIFF'),
      call,
    );
    const path = 'GET /api/recordings/office/20260102110000-1767351600.1-1000-030123456-Outbound.wav';
    expect((await as('[everything]')(path)).status).toBe(200);
    const refused = await as('[support]')(path);
    const nothing = await as('[support]')('GET /api/recordings/office/nothing.wav');
    expect({ ...refused, headers: {} }).toEqual({ ...nothing, headers: {} });
  });

  test('to save a recording needs the right to, on this recording', async () => {
    const askBoth = as('[support shop]');
    const download = { download: '1' };
    expect((await askBoth('GET /api/recordings/shop/shop.wav', download)).status).toBe(200);
    expect(await askBoth('GET /api/recordings/office/support.wav', download)).toMatchObject({
      status: 403,
      body: { error: 'forbidden' },
    });
  });
});

test('a person sees their rights and the PBXs of which they may hear something', async () => {
  expect((await as('[support sharer]')('GET /api/me')).body).toEqual({
    person: 'Ann',
    rights: ['listen', 'share'],
    accessLog: false,
    pbxs: [{ id: 'office', timeZone: 'UTC' }],
    shares: { allowed: true, maxDays: 30, defaultDays: 7 },
  });
});

test.each([
  ['[everything]', true],
  ['[team-auditor]', false],
  ['[team-auditor shop]', false],
  ['[team-auditor everything]', true],
])('a person learns whether they may read the access log: as %s, %j', async (groups, accessLog) => {
  const { body } = await as(groups)('GET /api/me');
  expect(body).toMatchObject({ accessLog });
  // It is also a right to the shares of others.
  expect(body.rights).toContain('audit');
});

test('where shares are not allowed, nobody has the right to share', async () => {
  const shares = { allowed: false, maxDays: 30, defaultDays: 7 };
  const askOther = await api.load('jwt', { roles, shares });
  const authorizer = { jwt: { claims: { sub: 'u-1', groups: '[everything]' } } };
  expect((await askOther('GET /api/me', { authorizer })).body).toMatchObject({
    rights: ['listen', 'download', 'audit'],
    shares: { allowed: false },
  });
});

test('without roles, everybody whom the identity provider admits has all rights', async () => {
  const askOther = await api.load('jwt');
  const authorizer = { jwt: { claims: { sub: 'u-1' } } };
  expect((await askOther('GET /api/me', { authorizer })).body.rights).toHaveLength(4);
  expect(namesIn(await askOther('GET /api/recordings', { query: search, authorizer }))).toHaveLength(4);
});

test('with iam, everybody whose signature is right has all rights, under the name of their identity', async () => {
  const askIam = await api.load('iam');
  const authorizer = { iam: { userArn: 'arn:aws:sts::111122223333:assumed-role/Support/ann@example.com' } };
  expect((await askIam('GET /api/me', { authorizer })).body).toMatchObject({ person: 'ann@example.com' });
  expect((await askIam('GET /api/config')).status).toBe(404);
});

test('the page learns where to sign in, if it is configured', async () => {
  expect(await ask('GET /api/config')).toMatchObject({ status: 404, body: { error: 'no-page' } });
  const signIn = { issuer: 'https://login.example', clientId: 'page', scope: 'openid profile' };
  const askPage = await api.load('jwt', { signIn });
  expect((await askPage('GET /api/config')).body).toEqual({ authorization: 'jwt', ...signIn });
});
