import { expect, test } from 'vitest';
import type { Misbehaviour } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { jsonOf, startPbxHarness } from './harness.ts';

const failed = (errno: string) => ({ status: 'Failed', errno });
const HEADER =
  'callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,pincode,recording,didnumber,sn';

async function startWithCalls() {
  const harness = await startPbxHarness({ timeZone: 'Asia/Tokyo' });
  const at = (hour: number) => Date.UTC(2024, 0, 1, hour);
  harness.pbx.makeCall({ from: '1001', to: '1002', talkSeconds: 1, startedAt: at(0) });
  harness.pbx.makeCall({ from: '1001', to: 'a,"b"', talkSeconds: 1, startedAt: at(1), type: 'Outbound' });
  harness.pbx.makeCall({ from: '1003', to: '1004', startedAt: at(2), recorded: false });
  return { ...harness, token: await harness.client.login() };
}

async function downloadCdrs(
  harness: Awaited<ReturnType<typeof startWithCalls>>,
  window: Record<string, string>,
) {
  const { client, token } = harness;
  const { random } = await client.post('cdr/get_random', window, { token });
  return client.get('cdr/download', { ...window, token, random: String(random) });
}

test('the CDR file has the documented header and one row per call', async () => {
  const harness = await startWithCalls();
  const window = { extid: 'all', starttime: '2024-01-01 00:00:00', endtime: '2024-01-01 23:59:59' };
  const response = await downloadCdrs(harness, window);
  const lines = response.body.toString().split('\n');
  expect(lines[0]).toBe(HEADER);
  expect(lines[1]).toBe(
    '1704067200.1,2024-01-01 09:00:00,1001,1002,3,1,,,ANSWERED,Internal,,20240101090000-1704067200.1-1001-1002-Internal.wav,,369362089179',
  );
  expect(lines[2]).toContain(',1001,"a,""b""",3,1,,SIP-Trunk,ANSWERED,Outbound,');
  expect(lines[3]).toContain('Internal,,,,369362089179');
  expect(lines).toHaveLength(5);
  expect(harness.pbx.stats.cdrDownloads).toBe(1);
});

test('the window is in the local time of the PBX and includes both ends', async () => {
  const harness = await startWithCalls();
  const window = { extid: 'all', starttime: '2024-01-01 09:00:00', endtime: '2024-01-01 10:00:00' };
  const response = await downloadCdrs(harness, window);
  expect(response.body.toString().match(/ANSWERED/g)).toHaveLength(2);
});

test('a list of extensions limits the file to their calls', async () => {
  const harness = await startWithCalls();
  const window = { extid: '1002,1004', starttime: '2024-01-01 00:00:00', endtime: '2024-01-02 00:00:00' };
  const rows = (await downloadCdrs(harness, window)).body.toString();
  expect(rows.match(/\d+\.\d(?=,2024)/g)).toEqual(['1704067200.1', '1704074400.3']);
});

test('a random string for CDRs is bound to its query and works once', async () => {
  const { client, token } = await startWithCalls();
  const window = { extid: 'all', starttime: '2024-01-01 00:00:00', endtime: '2024-01-02 00:00:00' };
  const first = await client.post('cdr/get_random', window, { token });
  expect(first).toMatchObject({ status: 'Success', ...window });
  const query = { ...window, token, random: String(first.random) };
  expect((await client.get('cdr/download', query)).body.toString()).toContain(HEADER);
  expect(jsonOf(await client.get('cdr/download', query))).toEqual(failed('20012'));
  const second = await client.post('cdr/get_random', window, { token });
  const wider = { ...query, random: String(second.random), endtime: '2025-01-01 00:00:00' };
  expect(jsonOf(await client.get('cdr/download', wider))).toEqual(failed('20012'));
});

test('an incomplete query is rejected', async () => {
  const { client, token } = await startWithCalls();
  expect(await client.post('cdr/get_random', { extid: 'all' }, { token })).toEqual(failed('20012'));
});

test('API v2 names the extensions "number"', async () => {
  const { pbx, client } = await startPbxHarness({ apiVersion: 'v2.0.0' });
  pbx.makeCall({ from: '1', to: '2', talkSeconds: 1 });
  const token = await client.login();
  const window = { number: 'all', starttime: '2024-01-01 00:00:00', endtime: '2025-01-01 00:00:00' };
  const { random } = await client.post('cdr/get_random', window, { token });
  const response = await client.get('cdr/download', { ...window, token, random: String(random) });
  expect(response.body.toString()).toContain('ANSWERED');
});

test.each<[string, Misbehaviour, string]>([
  ['JSON', { kind: 'json-instead-of-audio', errno: '20006' }, '{"status":"Failed","errno":"20006"}'],
  [
    'a part of the file',
    { kind: 'cut', afterBytes: 30, how: 'fin', contentLength: false },
    HEADER.slice(0, 30),
  ],
  ['a redirect', { kind: 'http-redirect', location: 'https://127.0.0.2/' }, 'Found'],
  ['an error', { kind: 'random-refused' }, '{"status":"Failed","errno":"20012"}'],
])('a CDR download can return %s, and the file the next time', async (_, misbehaviour, body) => {
  const harness = await startWithCalls();
  const window = { extid: 'all', starttime: '2024-01-01 00:00:00', endtime: '2024-01-01 23:59:59' };
  harness.pbx.misbehaveCdrs(misbehaviour);
  expect((await downloadCdrs(harness, window)).body.toString()).toContain(body);
  expect((await downloadCdrs(harness, window)).body.toString()).toMatch(new RegExp(`^${HEADER}\n(.+\n){3}$`));
});

test.each(['20014', '20012'] as const)('a deleted recording is reported with %s', async (errno) => {
  const { pbx, client } = await startPbxHarness();
  const call = pbx.makeCall({ from: '1', to: '2', talkSeconds: 1 });
  pbx.deleteRecording(call.recording, errno);
  const { recording } = call;
  const token = await client.login();
  expect(await client.post('recording/get_random', { recording }, { token })).toEqual(failed(errno));
  const window = { extid: 'all', starttime: '2024-01-01 00:00:00', endtime: '2025-01-01 00:00:00' };
  const { random } = await client.post('cdr/get_random', window, { token });
  const listed = await client.get('cdr/download', { ...window, token, random: String(random) });
  expect(listed.body.toString()).toContain(recording);
});
