import { expect, test } from 'vitest';
import { createClient, jsonOf, startPbxHarness } from './harness.ts';

const failed = (errno: string) => ({ status: 'Failed', errno });

async function startWithCall() {
  const harness = await startPbxHarness();
  const call = harness.pbx.makeCall({ from: '+49 30*1#', to: '1003', type: 'Inbound', talkSeconds: 1 });
  return { ...harness, call, token: await harness.client.login() };
}

test('a recording is downloaded with a random string, byte for byte', async () => {
  const { client, call, token, pbx, events, waitForEvent } = await startWithCall();
  const response = await client.download(call.recording, token);
  expect(response.status).toBe(200);
  expect(response.headers).toMatchObject({
    'content-type': 'audio/x-wav',
    'content-length': String(call.bytes.length),
  });
  expect(response.body.equals(call.bytes)).toBe(true);
  await waitForEvent('download-finished');
  expect(events).toContainEqual({ type: 'download-finished', recording: call.recording, complete: true });
  expect(pbx.stats).toMatchObject({
    randoms: 1,
    downloads: 1,
    concurrentDownloads: 0,
    maxConcurrentDownloads: 1,
  });
});

test('without a length, the end of the connection ends the body', async () => {
  const { pbx, client } = await startPbxHarness({ contentLength: false });
  const call = pbx.makeCall({ from: '1001', to: '1002' });
  const response = await client.download(call.recording, await client.login());
  expect(response.headers).not.toHaveProperty('content-length');
  expect(response.headers).not.toHaveProperty('transfer-encoding');
  expect(response.body.equals(call.bytes)).toBe(true);
});

test('the response to get_random repeats the name and has 32 hex digits', async () => {
  const { client, call, token } = await startWithCall();
  const response = await client.post('recording/get_random', { recording: call.recording }, { token });
  expect(response).toEqual({
    status: 'Success',
    recording: call.recording,
    random: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test('a random string works once', async () => {
  const { client, call, token, pbx } = await startWithCall();
  const query = { recording: call.recording, random: await client.random(call.recording, token), token };
  expect((await client.get('recording/download', query)).body).toHaveLength(call.bytes.length);
  expect(jsonOf(await client.get('recording/download', query))).toEqual(failed('20012'));
  expect(pbx.stats.reusedRandoms).toBe(1);
});

test('a random string is valid for 30 seconds', async () => {
  const { client, call, token, pbx, clock } = await startWithCall();
  const download = async (ageMs: number) => {
    const query = { recording: call.recording, random: await client.random(call.recording, token), token };
    clock.now += ageMs;
    return client.get('recording/download', query);
  };
  expect((await download(30_000)).body).toHaveLength(call.bytes.length);
  expect(jsonOf(await download(30_001))).toEqual(failed('20012'));
  expect(pbx.stats.expiredRandoms).toBe(1);
});

test('a random string is bound to its recording', async () => {
  const { client, call, token, pbx } = await startWithCall();
  const other = pbx.makeCall({ from: '1', to: '2', talkSeconds: 1 });
  const random = await client.random(other.recording, token);
  const response = await client.get('recording/download', { recording: call.recording, random, token });
  expect(jsonOf(response)).toEqual(failed('20012'));
});

test('a random string is bound to the address that requested it', async () => {
  const { client, call, token, pbx } = await startWithCall();
  const neighbour = createClient(pbx, 'v1.1.0', '127.0.0.2');
  const random = await client.random(call.recording, token);
  const query = { recording: call.recording, random, token };
  expect(jsonOf(await neighbour.get('recording/download', query))).toEqual(failed('20012'));
});

test.each(['127.0.0.1', '127.0.0.2'])('with allowedip 127.0.0.2, %s may download', async (address) => {
  const { client, call, token, pbx } = await startWithCall();
  const fields = { recording: call.recording, allowedip: '127.0.0.2' };
  const { random } = await client.post('recording/get_random', fields, { token });
  const query = { recording: call.recording, random: String(random), token };
  const response = await createClient(pbx, 'v1.1.0', address).get('recording/download', query);
  expect(response.body).toHaveLength(call.bytes.length);
});

test.each(['nonsense', '', '10.0.0.0/8', '10.0.0.1,10.0.0.2'])(
  'allowedip "%s" is refused',
  async (allowedip) => {
    const { client, call, token } = await startWithCall();
    const fields = { recording: call.recording, allowedip };
    expect(await client.post('recording/get_random', fields, { token })).toEqual(failed('20015'));
  },
);

test('an unknown recording has no random string', async () => {
  const { client, token } = await startWithCall();
  expect(await client.post('recording/get_random', { recording: 'x.wav' }, { token })).toEqual(
    failed('20012'),
  );
});

test('the download requires a valid token', async () => {
  const { client, call, token } = await startWithCall();
  const random = await client.random(call.recording, token);
  const response = await client.get('recording/download', { recording: call.recording, random, token: '' });
  expect(jsonOf(response)).toEqual(failed('20005'));
});

test('a name with an unescaped plus in the query is not found', async () => {
  const { client, call, token, pbx } = await startWithCall();
  const random = await client.random(call.recording, token);
  const query = new URLSearchParams({ recording: call.recording, random, token });
  const response = await client.send('GET', `recording/download?${query}`, {});
  expect(call.recording).toContain('+49 30*1#');
  expect(jsonOf(response)).toEqual(failed('20012'));
  expect(pbx.stats.downloads).toBe(0);
});

test('names and reports have the local time of the PBX, call ids have epoch time', async () => {
  const { pbx } = await startPbxHarness({ timeZone: 'Asia/Tokyo' });
  const startedAt = Date.UTC(2017, 8, 14, 0, 27, 25);
  const call = pbx.makeCall({ from: '102', to: '1000', type: 'Inbound', talkSeconds: 3, startedAt });
  expect(call.recording).toBe('20170914092725-1505348845.1-102-1000-Inbound.wav');
  expect(call.report).toEqual({
    action: 'NewCdr',
    callid: '1505348845.1',
    timestart: '2017-09-14 09:27:25',
    callfrom: '102',
    callto: '1000',
    srctrunkname: 'SIP-Trunk',
    callduraction: '5',
    talkduraction: '3',
    status: 'ANSWERED',
    type: 'Inbound',
    recording: call.recording,
    didnumber: '',
    agentringtime: '0',
    sn: '369362089179',
  });
});

test('report fields can be replaced or left out', async () => {
  const { pbx } = await startPbxHarness({ apiVersion: 'v2.0.0' });
  const fields = { callto: 1003, dsttrcunkname: 'Odd', sn: undefined };
  const { report } = pbx.makeCall({ from: '1', to: '2', talkSeconds: 1, fields });
  expect(report).toMatchObject({ event: 'NewCdr', callto: 1003, dsttrcunkname: 'Odd' });
  expect(report).not.toHaveProperty('sn');
  expect(report).not.toHaveProperty('action');
});

test('a call that was not recorded has an empty recording', async () => {
  const { pbx } = await startPbxHarness();
  const call = pbx.makeCall({ from: '1', to: '2', recorded: false });
  expect(call).toMatchObject({ recording: '', report: { recording: '' } });
  expect(call.bytes).toHaveLength(0);
});

test('any name and any bytes can be recorded', async () => {
  const { pbx, client } = await startPbxHarness();
  const recording = Buffer.from('not a wave file');
  const call = pbx.makeCall({ from: '1', to: '2', recordingName: '../odd/ÄÖ %41.yswav', recording });
  expect((await client.download(call.recording, await client.login())).body).toEqual(recording);
});
