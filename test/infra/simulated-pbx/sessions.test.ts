import { expect, test } from 'vitest';
import { createClient, jsonOf, md5, startPbxHarness } from './harness.ts';

const MINUTE = 60_000;
const failed = (errno: string) => ({ status: 'Failed', errno });

test('a login with the MD5 of the password returns a token that other calls accept', async () => {
  const { client, pbx } = await startPbxHarness();
  const token = await client.login();
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  const response = await client.post('deviceinfo/query', {}, { token });
  expect(response).toMatchObject({
    status: 'Success',
    deviceinfo: { sn: '369362089179', systemtime: '2024-05-17 09:30:00 UTC+0' },
  });
  expect(pbx.stats).toMatchObject({ logins: 1, refusedLogins: 0 });
});

test('device info has the local time of the PBX with its offset', async () => {
  const { client } = await startPbxHarness({ timeZone: 'America/New_York' });
  const response = await client.post('deviceinfo/query', {}, { token: await client.login() });
  expect(response.deviceinfo).toMatchObject({ systemtime: '2024-05-17 05:30:00 UTC-4' });
});

test.each([
  ['plain', 'pbx-password'],
  ['upper-case MD5', md5('pbx-password').toUpperCase()],
])('a login with the password as %s is refused', async (_, password) => {
  const { client } = await startPbxHarness();
  expect(await client.post('login', { username: 'api', password })).toEqual(failed('20003'));
});

test('five refused logins lock out the address for ten minutes, even with the right password', async () => {
  const { client, clock, pbx } = await startPbxHarness();
  for (let i = 0; i < 5; i++) expect(await client.tryLogin('wrong')).toEqual(failed('20003'));
  expect(await client.tryLogin('wrong')).toEqual(failed('20002'));
  expect(await client.tryLogin()).toEqual(failed('20002'));
  clock.now += 10 * MINUTE - 1;
  expect(await client.tryLogin()).toEqual(failed('20002'));
  clock.now += 1;
  expect(await client.tryLogin()).toMatchObject({ status: 'Success' });
  expect(pbx.stats).toMatchObject({ logins: 1, refusedLogins: 8 });
});

test('a lockout applies to one address only', async () => {
  const { client, pbx } = await startPbxHarness();
  for (let i = 0; i < 5; i++) await client.tryLogin('wrong');
  const neighbour = createClient(pbx, 'v1.1.0', '127.0.0.2');
  expect(await neighbour.tryLogin()).toMatchObject({ status: 'Success' });
});

test('a successful login resets the count of refused ones', async () => {
  const { client } = await startPbxHarness();
  for (let i = 0; i < 4; i++) await client.tryLogin('wrong');
  await client.login();
  for (let i = 0; i < 4; i++) await client.tryLogin('wrong');
  expect(await client.tryLogin()).toMatchObject({ status: 'Success' });
});

test('a changed password takes effect at the next login', async () => {
  const { client, pbx } = await startPbxHarness();
  const token = await client.login();
  pbx.setPassword('new');
  expect(await client.tryLogin('pbx-password')).toEqual(failed('20003'));
  expect(await client.tryLogin('new')).toMatchObject({ status: 'Success' });
  expect(await client.post('heartbeat', {}, { token })).toEqual({ status: 'Success' });
});

test('a token expires after 30 idle minutes, and each call extends it by 30', async () => {
  const { client, clock } = await startPbxHarness();
  const token = await client.login();
  clock.now += 29 * MINUTE;
  expect(await client.post('heartbeat', {}, { token })).toEqual({ status: 'Success' });
  clock.now += 29 * MINUTE;
  expect(await client.post('deviceinfo/query', {}, { token })).toMatchObject({ status: 'Success' });
  clock.now += 30 * MINUTE;
  expect(await client.post('heartbeat', {}, { token })).toEqual(failed('20006'));
});

test('unknown and empty tokens have their own error numbers', async () => {
  const { client } = await startPbxHarness();
  expect(await client.post('heartbeat', {}, { token: 'nonsense' })).toEqual(failed('20004'));
  expect(await client.post('heartbeat', {})).toEqual(failed('20005'));
  expect(await client.post('heartbeat', {}, { token: '' })).toEqual(failed('20005'));
});

test('a logout ends the token', async () => {
  const { client } = await startPbxHarness();
  const token = await client.login();
  expect(await client.post('logout', {}, { token })).toEqual({ status: 'Success' });
  expect(await client.post('heartbeat', {}, { token })).toEqual(failed('20004'));
});

test('dropped tokens are unknown', async () => {
  const { client, pbx } = await startPbxHarness();
  const token = await client.login();
  pbx.dropTokens();
  expect(await client.post('heartbeat', {}, { token })).toEqual(failed('20004'));
});

test.each([
  [false, { status: 'Success' }],
  [true, failed('20004')],
])(
  'with endsOldTokenOnLogin %s, the response to the first token is as expected',
  async (endsOldTokenOnLogin, expected) => {
    const { client } = await startPbxHarness({ endsOldTokenOnLogin });
    const first = await client.login();
    await client.login();
    expect(await client.post('heartbeat', {}, { token: first })).toEqual(expected);
  },
);

test('with refresh tokens, only a refresh extends the session, not a heartbeat', async () => {
  const { client, clock, pbx } = await startPbxHarness({ refreshTokens: true });
  const first = await client.tryLogin();
  const token = String(first.token);
  clock.now += 29 * MINUTE;
  expect(await client.post('heartbeat', {}, { token })).toEqual({ status: 'Success' });
  clock.now += MINUTE;
  expect(await client.post('heartbeat', {}, { token })).toEqual(failed('20006'));
  const second = await client.post('token/refresh', { refreshtoken: first.refreshtoken });
  expect(second).toMatchObject({ status: 'Success', token: expect.any(String) });
  expect(second.refreshtoken).not.toBe(first.refreshtoken);
  expect(await client.post('heartbeat', {}, { token: String(second.token) })).toEqual({ status: 'Success' });
  expect(await client.post('token/refresh', { refreshtoken: first.refreshtoken })).toEqual(failed('20004'));
  expect(await client.post('token/refresh', {})).toEqual(failed('20005'));
  expect(pbx.stats.refreshes).toBe(1);
});

test('without refresh tokens, the refresh request does not exist', async () => {
  const { client } = await startPbxHarness();
  expect(await client.tryLogin()).not.toHaveProperty('refreshtoken');
  expect(await client.post('token/refresh', { refreshtoken: 'x' })).toEqual(failed('10003'));
});

test('requests must be POSTs of JSON to a known path', async () => {
  const { client, pbx } = await startPbxHarness();
  const token = await client.login();
  const json = { 'content-type': 'application/json' };
  const attempt = async (...args: Parameters<typeof client.send>) => jsonOf(await client.send(...args));
  expect(await attempt('GET', 'heartbeat', { token })).toEqual(failed('20001'));
  expect(await attempt('POST', 'recording/download', { token }, '{}', json)).toEqual(failed('20001'));
  expect(await attempt('POST', 'heartbeat', { token }, 'url=x', json)).toEqual(failed('20000'));
  expect(await attempt('POST', 'heartbeat', { token }, '[]', json)).toEqual(failed('20000'));
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(await attempt('POST', 'heartbeat', { token }, '{}', form)).toEqual(failed('20000'));
  expect(await attempt('POST', 'heartbeat', { token })).toEqual({ status: 'Success' });
  expect(await client.post('extension/list', {}, { token })).toEqual(failed('10003'));
  expect(await client.post('constructor', {}, { token })).toEqual(failed('10003'));
  expect(await createClient(pbx, 'v2.0.0').post('login', {})).toEqual(failed('10003'));
});

test('every response is HTTP 200 from Boa and closes the connection', async () => {
  const { client, pbx } = await startPbxHarness();
  const { status, headers } = await client.send('POST', 'nonsense', {});
  expect(status).toBe(200);
  expect(headers).toMatchObject({ server: 'Boa/0.94.14rc21', connection: 'close' });
  expect(pbx.stats.requests).toEqual(['POST /api/v1.1.0/nonsense']);
});

test('pages outside the API are HTML', async () => {
  const { client } = await startPbxHarness();
  const response = await client.send('GET', '../../index.html', {});
  expect(response.status).toBe(404);
  expect(response.headers['content-type']).toBe('text/html');
});
