import { expect, test } from 'vitest';
import { startPbxHarness, startReceiver } from './harness.ts';

const MINUTE = 60_000;
const call = { from: '1001', to: '1003', talkSeconds: 1 };

test('a report is posted to the absolute URL of the login, over its own connection', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver();
  await client.login({ url: `http://${receiver.host}/report/x?y=1`, urltag: '1' });
  const { report } = pbx.makeCall(call);
  expect(await pbx.postReport(report)).toEqual({ delivered: true, answers: [200] });
  const [received] = receiver.received;
  expect(received?.path).toBe('/report/x?y=1');
  expect(received?.headers).toMatchObject({
    'user-agent': 'WebAPI',
    'content-type': 'application/json',
    connection: 'close',
  });
  expect(received?.body).toBe(JSON.stringify(report));
});

test('an absolute URL may lack the scheme', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver();
  await client.login({ url: `${receiver.host}/report`, urltag: '1' });
  await pbx.postReport({ action: 'RING' });
  expect(receiver.received[0]?.path).toBe('/report');
});

test('a relative URL is resolved against the address and port of the caller', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver();
  await client.login({ url: 'report', urltag: '0', port: receiver.port });
  await pbx.postReport({ action: 'RING' });
  expect(receiver.received[0]?.path).toBe('/report');
});

test('without a URL, reports are posted to the port of the caller', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver();
  await client.login({ port: receiver.port });
  await pbx.postReport({ action: 'RING' });
  expect(receiver.received[0]?.path).toBe('/');
});

test('reports are posted over HTTPS without a certificate check', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver([], true);
  await client.login({ url: `https://${receiver.host}/report`, urltag: '1' });
  expect(await pbx.postReport({ action: 'RING' })).toEqual({ delivered: true, answers: [200] });
});

test('without version 1.0.2 in the login, a report has a duplicate key', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver();
  await client.login({ url: receiver.host, urltag: '1', version: undefined });
  await pbx.postReport({ action: 'NewCdr', callid: '1.1', sn: '3' });
  expect(receiver.received[0]?.body).toBe('{"callid":"1.1","action":"NewCdr","callid":"1.1","sn":"3"}');
});

test('a report is repeated until it gets 200', async () => {
  const repeats: number[] = [];
  const repeatDelay = async (repeat: number) => repeats.push(repeat);
  const { pbx, client } = await startPbxHarness({ repeatDelay });
  const receiver = await startReceiver([500, 202, 404]);
  await client.login({ url: receiver.host, urltag: '1' });
  const { report } = pbx.makeCall(call);
  expect(await pbx.postReport(report)).toEqual({ delivered: true, answers: [500, 202, 404, 200] });
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  expect(repeats).toEqual([1, 2, 3]);
  expect(pbx.stats.reports).toBe(4);
});

test('a report is dropped after the maximum number of attempts', async () => {
  const { pbx, client, events } = await startPbxHarness({ maxReports: 2 });
  const receiver = await startReceiver([500, 500, 500]);
  await client.login({ url: receiver.host, urltag: '1' });
  expect(await pbx.postReport({ action: 'RING' })).toEqual({ delivered: false, answers: [500, 500] });
  expect(events.at(-1)).toEqual({ type: 'report-dropped', action: 'RING', reason: 'never-accepted' });
});

test('a report to an unreachable receiver is repeated', async () => {
  const { pbx, client } = await startPbxHarness({ maxReports: 2 });
  await client.login({ url: '127.0.0.1:1', urltag: '1' });
  expect((await pbx.postReport({ action: 'RING' })).answers).toEqual(['no-answer', 'no-answer']);
});

test('reports stop when the token expires', async () => {
  const { pbx, client, clock, events } = await startPbxHarness();
  const receiver = await startReceiver();
  await client.login({ url: receiver.host, urltag: '1' });
  clock.now += 30 * MINUTE;
  expect(await pbx.postReport({ action: 'RING' })).toEqual({ delivered: false, answers: [] });
  expect(events.at(-1)).toEqual({ type: 'report-dropped', action: 'RING', reason: 'nobody-subscribed' });
  expect(receiver.received).toEqual([]);
});

test('a login without a URL subscribes to no reports', async () => {
  const { pbx, client } = await startPbxHarness();
  await client.login();
  expect(await pbx.postReport({ action: 'RING' })).toEqual({ delivered: false, answers: [] });
  expect(await pbx.postRaw('x')).toBe('no-answer');
});

test.each(['urltag', 'urlflag'])('a heartbeat with %s changes the address for reports', async (flag) => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver();
  const token = await client.login({ url: '127.0.0.1:1/old', urltag: '1' });
  await client.post('heartbeat', { url: `${receiver.host}/new`, [flag]: '1' }, { token });
  await client.post('heartbeat', {}, { token });
  await pbx.postReport({ action: 'RING' });
  expect(receiver.received[0]?.path).toBe('/new');
});

test('the newest live subscription gets the reports', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver();
  await client.login({ url: `${receiver.host}/first`, urltag: '1' });
  const second = await client.login({ url: `${receiver.host}/second`, urltag: '1' });
  await pbx.postReport({ action: 'RING' });
  await client.post('logout', {}, { token: second });
  await pbx.postReport({ action: 'RING' });
  expect(receiver.received.map(({ path }) => path)).toEqual(['/second', '/first']);
});

test('a refreshed token keeps the subscription', async () => {
  const { pbx, client } = await startPbxHarness({ refreshTokens: true });
  const receiver = await startReceiver();
  const { refreshtoken } = await client.tryLogin('pbx-password', { url: receiver.host, urltag: '1' });
  await client.post('token/refresh', { refreshtoken });
  expect(await pbx.postReport({ action: 'RING' })).toMatchObject({ delivered: true });
});

test.each([
  ['v1.1.0', 'action'],
  ['v2.0.0', 'event'],
] as const)('a reboot with API %s drops the session and reports BootUp as %s', async (apiVersion, key) => {
  const { pbx, client } = await startPbxHarness({ apiVersion });
  const receiver = await startReceiver();
  const token = await client.login({ url: receiver.host, urltag: '1' });
  const { recording } = pbx.makeCall(call);
  const random = await client.random(recording, token);
  expect(await pbx.reboot()).toMatchObject({ delivered: true });
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({ [key]: 'BootUp', sn: '369362089179' });
  expect(await client.post('heartbeat', {}, { token })).toMatchObject({ errno: '20004' });
  expect(await pbx.postReport({ action: 'RING' })).toMatchObject({ delivered: false });
  const newToken = await client.login();
  const response = await client.get('recording/download', { recording, random, token: newToken });
  expect(response.body.toString()).toContain('20012');
});

test('any text can be posted', async () => {
  const { pbx, client } = await startPbxHarness();
  const receiver = await startReceiver([418]);
  await client.login({ url: receiver.host, urltag: '1' });
  expect(await pbx.postRaw('{broken', { 'Content-Type': 'text/plain' })).toBe(418);
  expect(receiver.received[0]).toMatchObject({ body: '{broken', headers: { 'content-type': 'text/plain' } });
});

test('closing the PBX ends the repeats', async () => {
  const { pbx, client, waitForEvent } = await startPbxHarness({ repeatDelay: 3_600_000 });
  await client.login({ url: '127.0.0.1:1', urltag: '1' });
  const posting = pbx.postReport({ action: 'RING' });
  await waitForEvent('report-answered');
  await pbx.close();
  expect(await posting).toEqual({ delivered: false, answers: ['no-answer'] });
});
