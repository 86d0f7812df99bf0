import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sign } from '../../../infra/simulated-pbx/p-series/webhook.ts';
import { startReceiver } from './harness.ts';
import { startPSeriesHarness, talkTo } from './p-series-harness.ts';

const MINUTE = 60_000;
const CALL = { from: '5550100', to: '2001', type: 'Inbound', talkSeconds: 1 } as const;

test('get_token takes the raw client secret, and gives out a pair of tokens with their lifetimes', async () => {
  const { pbx } = await startPSeriesHarness();
  expect(await talkTo(pbx.url).getToken()).toEqual({
    errcode: 0,
    errmsg: 'SUCCESS',
    access_token_expire_time: 1800,
    access_token: expect.stringMatching(/^[0-9a-f]{32}$/),
    refresh_token_expire_time: 86_400,
    refresh_token: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test('a request without User-Agent is refused like a wrong parameter', async () => {
  const { pbx } = await startPSeriesHarness();
  const body = { username: 'client-id', password: 'client-secret' };
  const response = await talkTo(pbx.url).json('POST', '/openapi/v1.0/get_token', {}, body, {});
  expect(response).toMatchObject({ errcode: 40002 });
});

test('a token lives for 30 minutes from its issue, used or not', async () => {
  const { pbx, clock } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const access_token = String((await client.getToken()).access_token);
  clock.now += 29 * MINUTE;
  expect(await client.get('system/information', { access_token })).toMatchObject({ errcode: 0 });
  clock.now += MINUTE;
  expect(await client.get('system/information', { access_token })).toMatchObject({ errcode: 10004 });
  expect(await client.get('system/information', {})).toMatchObject({ errcode: 10004 });
});

test('a ninth token is not given out until one has expired; a refresh needs no further one', async () => {
  const { pbx, clock } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const first = await client.getToken();
  for (let count = 1; count < 8; count++) expect(await client.getToken()).toMatchObject({ errcode: 0 });
  expect(await client.getToken()).toMatchObject({ errcode: 60002 });
  const body = { refresh_token: first.refresh_token };
  expect(await client.json('POST', '/openapi/v1.0/refresh_token', {}, body)).toMatchObject({ errcode: 0 });
  expect(pbx.stats.maxValidTokens).toBe(8);
  clock.now += 30 * MINUTE;
  expect(await client.getToken()).toMatchObject({ errcode: 0 });
});

test('the refresh token outlives an access token that has ended', async () => {
  const { pbx } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const { access_token, refresh_token } = await client.getToken();
  pbx.expireTokens();
  expect(await client.get('system/information', { access_token: String(access_token) })).toMatchObject({
    errcode: 10004,
  });
  expect(await client.json('POST', '/openapi/v1.0/refresh_token', {}, { refresh_token })).toMatchObject({
    errcode: 0,
  });
});

test('five refusals in a row block the address until somebody removes it', async () => {
  const { pbx, clock } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  for (let count = 0; count < 5; count++)
    expect(await client.getToken('wrong')).toMatchObject({ errcode: -1 });
  clock.now += 24 * 60 * MINUTE;
  expect(await client.getToken()).toMatchObject({ errcode: 70004 });
  expect(await talkTo(pbx.url, '127.0.0.2').getToken()).toMatchObject({ errcode: 0 });
  pbx.unblock();
  expect(await client.getToken()).toMatchObject({ errcode: 0 });
});

test('an address that is not on the allow list is refused', async () => {
  const { pbx } = await startPSeriesHarness({ allowedAddresses: ['192.0.2.1'] });
  expect(await talkTo(pbx.url).getToken()).toMatchObject({ errcode: 70087 });
});

test('a download has two steps, both of which need a live token', async () => {
  const { pbx } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const { recording, bytes } = pbx.makeCall(CALL);
  const access_token = String((await client.getToken()).access_token);
  const offer = await client.get('recording/download', { file: recording, access_token });
  expect(offer).toMatchObject({ errcode: 0, file: recording });
  const path = String(offer.download_resource_url);
  expect(path).toMatch(/^\/api\/download\/Recording-37\.20\.0\.21-download-\d{14}-\w+\.wav$/);
  expect(await client.json('GET', path)).toMatchObject({ errcode: 10004 });
  expect((await client.send('GET', path, { access_token })).equals(bytes)).toBe(true);
});

test('a file is sent only for the token that asked for it', async () => {
  const { pbx } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const { recording, bytes } = pbx.makeCall(CALL);
  const access_token = String((await client.getToken()).access_token);
  const another = String((await client.getToken()).access_token);
  const offer = await client.get('recording/download', { file: recording, access_token });
  const path = String(offer.download_resource_url);
  expect(await client.json('GET', path, { access_token: another })).toMatchObject({ errcode: 10004 });
  expect((await client.send('GET', path, { access_token })).equals(bytes)).toBe(true);
});

test('the list is filtered by the start of calls, in Unix seconds, and comes in pages', async () => {
  const { pbx, clock } = await startPSeriesHarness({ timeZone: 'Asia/Tokyo' });
  const client = talkTo(pbx.url);
  const startedAt = clock.now - 60 * MINUTE;
  const calls = [0, 1, 2].map((minute) => pbx.makeCall({ ...CALL, startedAt: startedAt + minute * MINUTE }));
  const access_token = String((await client.getToken()).access_token);
  const second = startedAt / 1000;
  const window = { start_time: String(second), end_time: String(second + 60), access_token };
  const found = await client.get('recording/search', window);
  expect(found).toMatchObject({ total_number: 2, data: [{ id: 1 }, { id: 2 }] });
  expect(found.data).toMatchObject([
    { file: calls[0]?.recording, size: calls[0]?.bytes.length, time: '09/10/2025 06:55:00 PM' },
    { file: calls[1]?.recording },
  ]);
  const page = { page: '2', page_size: '2', order_by: 'desc', access_token };
  expect(await client.get('recording/list', page)).toMatchObject({ data: [{ id: 1 }] });
});

test('old firmware finds nothing by Unix seconds, without a failure', async () => {
  const { pbx } = await startPSeriesHarness({ searchTimes: 'display', rows: 'old' });
  const client = talkTo(pbx.url);
  pbx.makeCall(CALL);
  const access_token = String((await client.getToken()).access_token);
  const window = { start_time: '0', end_time: '9999999999', access_token };
  expect(await client.get('recording/search', window)).toEqual({ errcode: 0, errmsg: 'SUCCESS' });
});

test('tokens that others have taken leave none, and an expired one gets its slot back only when one is free', async () => {
  const { pbx, clock } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const { access_token, refresh_token } = await client.getToken();
  const refresh = () => client.json('POST', '/openapi/v1.0/refresh_token', {}, { refresh_token });
  pbx.takeTokens();
  expect(await client.getToken()).toMatchObject({ errcode: 60002 });
  pbx.expireTokens();
  expect(await client.get('system/information', { access_token: String(access_token) })).toMatchObject({
    errcode: 10004,
  });
  pbx.takeTokens();
  expect(await refresh()).toMatchObject({ errcode: 60002 });
  clock.now += 30 * MINUTE;
  expect(await refresh()).toMatchObject({ errcode: 0 });
});

test('a file that grows has another size in the list; without its storage the PBX lists what it cannot send', async () => {
  const { pbx } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const { recording, bytes } = pbx.makeCall(CALL);
  const access_token = String((await client.getToken()).access_token);
  pbx.writeRecording(recording, Buffer.concat([bytes, bytes]));
  pbx.takeStorageAway();
  expect(await client.get('recording/list', { access_token })).toMatchObject({
    data: [{ file: recording, size: 2 * bytes.length }],
  });
  const download = () => client.get('recording/download', { file: recording, access_token });
  expect(await download()).toMatchObject({ errcode: 60001 });
  pbx.returnStorage();
  expect(await download()).toMatchObject({ errcode: 0 });
});

test('either step of a download may fail as planned, and an interface as often as planned', async () => {
  const { pbx, events } = await startPSeriesHarness();
  const client = talkTo(pbx.url);
  const { recording } = pbx.makeCall({ ...CALL, misbehaviour: { kind: 'not-ready', at: 'get_random' } });
  const access_token = String((await client.getToken()).access_token);
  const download = () => client.get('recording/download', { file: recording, access_token });
  expect(await download()).toMatchObject({ errcode: 60001 });
  const { download_resource_url } = await download();
  pbx.misbehave(recording, { kind: 'json-instead-of-audio', errno: '40002' });
  expect(await client.json('GET', String(download_resource_url), { access_token })).toEqual({
    errcode: 40002,
    errmsg: 'FAILURE',
  });
  expect(events).toContainEqual({ type: 'misbehaved', recording, kind: 'json-instead-of-audio' });
  pbx.refuse('recording/download', -2, 1);
  expect(await download()).toMatchObject({ errcode: -2 });
  expect(await download()).toMatchObject({ errcode: 0 });
});

test('one MP3 is sent at a time', async () => {
  const { pbx } = await startPSeriesHarness({ delivers: 'mp3' });
  const client = talkTo(pbx.url);
  const [first, second] = [pbx.makeCall(CALL), pbx.makeCall(CALL)];
  const access_token = String((await client.getToken()).access_token);
  const offer = (file: string) => client.get('recording/download', { file, access_token });
  const { download_resource_url } = await offer(first.recording);
  pbx.misbehave(first.recording, { kind: 'stall' });
  const stalled = client.send('GET', String(download_resource_url), { access_token }).catch(() => 'cut off');
  await expect.poll(() => pbx.stats.downloads).toBe(1);
  expect(await offer(second.recording)).toMatchObject({ errcode: 70651 });
  pbx.reboot();
  expect(await stalled).toBe('cut off');
});

test('an event is signed over its bytes, as the test vector says', async () => {
  const example = await readFile('test/functions/shared/pbx/p-series/30012-example.txt');
  expect(sign(example, '0123456789abcdefghijklmnopqrstuv')).toBe(
    'knf781U2/iFHZrTX4IPdOwdTpDWzHhKUflyY2U3yz5Q=',
  );
});

test('event 30012 has its message as text or as an object', async () => {
  for (const messages of ['text', 'object'] as const) {
    const { received, host } = await startReceiver();
    const { pbx } = await startPSeriesHarness({ messages });
    const secret = pbx.setWebhook(`http://${host}/reports`);
    const { report, recording } = pbx.makeCall(CALL);
    expect(await pbx.postReport(report)).toEqual({ delivered: true, answers: [200] });
    const [event] = received;
    const { msg, ...envelope } = JSON.parse(event?.body ?? '');
    expect(envelope).toEqual({ type: 30012, sn: '3600000000TST' });
    expect(typeof msg).toBe(messages === 'text' ? 'string' : 'object');
    expect(messages === 'text' ? JSON.parse(msg) : msg).toMatchObject({ recording, talk_duration: 1 });
    expect(event?.headers['x-signature']).toBe(sign(event?.body ?? '', secret));
  }
});

test('an event is repeated until it is accepted, or the PBX is closed', async () => {
  const statuses = [503, 'no-answer', 200] as const;
  let posts = 0;
  const post = async () => statuses[posts++] ?? 'no-answer';
  const { pbx } = await startPSeriesHarness({ post, maxReports: Number.POSITIVE_INFINITY });
  pbx.setWebhook('http://127.0.0.1:9/');
  expect(await pbx.postReport({})).toEqual({ delivered: true, answers: [...statuses] });

  const slow = await startPSeriesHarness({
    post: async () => 'no-answer',
    maxReports: Number.POSITIVE_INFINITY,
    repeatDelay: 3_600_000,
  });
  slow.pbx.setWebhook('http://127.0.0.1:9/');
  const reported = slow.pbx.postReport({});
  await slow.pbx.close();
  expect(await reported).toMatchObject({ delivered: false });
});

test('a PBX that is started again in its directory still has its recordings, but not those that it has deleted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'simulated-p-series-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { pbx: first } = await startPSeriesHarness({ directory });
  const [kept, deleted] = [first.makeCall(CALL), first.makeCall(CALL)];
  first.deleteRecording(deleted.recording);
  await first.close();

  const { pbx: second } = await startPSeriesHarness({ directory });
  const next = second.makeCall(CALL);
  const client = talkTo(second.url);
  const access_token = String((await client.getToken()).access_token);
  const { data } = await client.get('recording/list', { access_token });
  expect(data).toMatchObject([{ file: kept.recording }, { file: next.recording }]);
  const { download_resource_url } = await client.get('recording/download', {
    file: kept.recording,
    access_token,
  });
  expect(await client.send('GET', String(download_resource_url), { access_token })).toEqual(kept.bytes);
});
