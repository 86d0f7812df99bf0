import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { startPSeriesHarness } from '../../../../infra/simulated-pbx/p-series-harness.ts';
import { captureLog } from '../../../capture-log.ts';
import { type Responder, respondWith, startScriptedPbx } from '../scripted-pbx.ts';
import { pSeriesClientOf } from './p-series-client.ts';

const CALL = { from: '5550100', to: '2001', type: 'Inbound', talkSeconds: 1 } as const;
const CREDENTIALS = { username: 'client-id', password: 'client-secret' };
const SUBSCRIPTION = { url: 'http://unused', form: 'url', port: 80 } as const;
const TOKEN = 'aaaabbbbccccddddaaaabbbbccccdddd';
const NAME = '20251009105326-1760000000.42-+49 30 5550100-*43#-Inbound.wav';

const lines = captureLog();
const fields = (values: object) => JSON.stringify({ errcode: 0, errmsg: 'SUCCESS', ...values });

async function start(...options: Parameters<typeof startPSeriesHarness>) {
  const harness = await startPSeriesHarness(...options);
  const client = pSeriesClientOf(harness.pbx);
  const { token, refreshToken = '' } = await client.login(CREDENTIALS, SUBSCRIPTION);
  return { ...harness, client, token, refreshToken };
}

describe('a login', () => {
  test('sends client ID and secret as they are, with a User-Agent', async () => {
    const server = await startScriptedPbx(
      respondWith(fields({ access_token: TOKEN, refresh_token: 'refresh', access_token_expire_time: 1800 })),
    );
    expect(await pSeriesClientOf(server).login(CREDENTIALS, SUBSCRIPTION)).toEqual({
      token: TOKEN,
      refreshToken: 'refresh',
    });
    const [request] = server.seen;
    expect(request).toMatchObject({ method: 'POST', path: '/openapi/v1.0/get_token', query: '' });
    expect(JSON.parse(request?.body ?? '')).toEqual(CREDENTIALS);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringContaining('pbx-recording-archive'),
    });
  });

  test.each([{}, { refresh_token: null }, { refresh_token: '' }])(
    'may bring no refresh token: %o',
    async (missing) => {
      const server = await startScriptedPbx(respondWith(fields({ access_token: TOKEN, ...missing })));
      const client = pSeriesClientOf(server);
      expect(await client.login(CREDENTIALS, SUBSCRIPTION)).toEqual({ token: TOKEN });
      expect(await client.refresh('refresh')).toEqual({ token: TOKEN });
    },
  );

  test('with a wrong secret is refused', async () => {
    const { client } = await start();
    const wrong = { ...CREDENTIALS, password: 'wrong' };
    await expect(client.login(wrong, SUBSCRIPTION)).rejects.toMatchObject({
      code: 'pbx-minus-1',
      kind: 'login-held',
    });
  });
});

test('a refresh gives a new pair, and the old refresh token is then refused', async () => {
  const { client, token, refreshToken } = await start();
  const renewed = await client.refresh(refreshToken);
  expect(renewed).toEqual({ token: expect.any(String), refreshToken: expect.any(String) });
  expect(renewed.token).not.toBe(token);
  await expect(client.refresh(refreshToken)).rejects.toMatchObject({ kind: 'session-expired' });
});

const SIGNAL = new AbortController().signal;
const WINDOW = { starttime: '2025-10-09 00:00:00', endtime: '2025-10-09 23:59:59' };
const LIST = { timeZone: 'UTC', now: Date.UTC(2025, 9, 10), signal: SIGNAL, timeoutMs: 100 };

test.each<[string, (client: ReturnType<typeof pSeriesClientOf>) => Promise<unknown>]>([
  ['login', (client) => client.login(CREDENTIALS, SUBSCRIPTION)],
  ['refresh', (client) => client.refresh('refresh')],
  ['heartbeat', (client) => client.heartbeat(TOKEN, SUBSCRIPTION)],
  ['openRecording', (client) => client.openRecording(TOKEN, NAME)],
  ['listRecordings', (client) => client.listRecordings(TOKEN, WINDOW, LIST)],
  ['deviceInfo', (client) => client.deviceInfo(TOKEN)],
])('%s ends when a response drips for longer than its timeout', async (_, call) => {
  const server = await startScriptedPbx((response) => {
    // The beginning tells a response from a recording.
    response.write('{"errcode":');
    const drip = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(drip));
  });
  const timeouts = { callTimeoutMs: 100, preparationTimeoutMs: 100 };
  await expect(call(pSeriesClientOf(server, {}, timeouts))).rejects.toMatchObject({
    code: 'pbx-connection',
    kind: 'transient',
    message: expect.stringContaining('(TimeoutError)'),
  });
});

test('device information has the names that the rest of the product knows', async () => {
  const { client, token } = await start();
  expect(await client.deviceInfo(token)).toEqual({
    devicename: 'Simulated P-Series',
    sn: '3600000000TST',
    firmwarever: '37.20.0.21',
    edition: 'Appliance Edition',
    renewsCertificate: false,
    systemtime: '09/10/2025 10:55:00 AM',
    timestamp: Date.UTC(2025, 9, 9, 10, 55) / 1000,
  });
});

describe('a download', () => {
  test('takes two requests', async () => {
    const { pbx, client, token } = await start();
    const { recording, bytes } = pbx.makeCall({ ...CALL, recordingName: NAME });
    const source = await client.openRecording(token, recording);
    expect(source).toMatchObject({ start: 0, totalBytes: bytes.length, deliveredName: NAME });
    expect((await buffer(source.body)).equals(bytes)).toBe(true);
    const [first = '', second = ''] = pbx.stats.requests.slice(-2);
    expect([first, second]).toEqual([
      'GET /openapi/v1.0/recording/download',
      expect.stringMatching(/^GET \/api\/download\//),
    ]);
  });

  test('sends the same token with both requests', async () => {
    const server = await startScriptedPbx((response, { path }) =>
      path.startsWith('/api/')
        ? response.end('RIFF')
        : response.end(fields({ file: NAME, download_resource_url: '/api/download/a.wav' })),
    );
    (await pSeriesClientOf(server).openRecording(TOKEN, NAME)).body.destroy();
    const tokens = server.seen.map(({ path, query }) => [
      path,
      new URLSearchParams(query).get('access_token'),
    ]);
    expect(tokens).toEqual([
      ['/openapi/v1.0/recording/download', TOKEN],
      ['/api/download/a.wav', TOKEN],
    ]);
  });

  test('continues from a byte, if the PBX can', async () => {
    const { pbx, client, token } = await start();
    const { recording, bytes } = pbx.makeCall(CALL);
    const source = await client.openRecording(token, recording, undefined, 1000);
    expect(source).toMatchObject({ start: 1000, totalBytes: bytes.length });
    expect((await buffer(source.body)).equals(bytes.subarray(1000))).toBe(true);
    const { client: other, token: otherToken, pbx: without } = await start({ ranges: 'ignored' });
    without.makeCall({ ...CALL, recordingName: NAME });
    const whole = await other.openRecording(otherToken, NAME, undefined, 1000);
    expect(whole.start).toBe(0);
    whole.body.destroy();
  });

  test('of a name with any characters asks for this name', async () => {
    const server = await startScriptedPbx(respondWith('{"errcode":60001}'));
    await expect(pSeriesClientOf(server).openRecording(TOKEN, NAME)).rejects.toMatchObject({
      kind: 'missing',
    });
    const [request] = server.seen;
    expect(new URLSearchParams(request?.query.replaceAll('+', '%2B')).get('file')).toBe(NAME);
  });

  test('takes audio that comes at once', async () => {
    const { pbx, client, token } = await start({ sendsAudioAtOnce: true });
    const { recording, bytes } = pbx.makeCall(CALL);
    const source = await client.openRecording(token, recording, undefined, 1000);
    expect(source).toMatchObject({ start: 0, totalBytes: bytes.length });
    expect((await buffer(source.body)).equals(bytes)).toBe(true);
    expect(pbx.stats.requests.at(-1)).toBe('GET /openapi/v1.0/recording/download');
  });

  test.each(['\ufeff', '\r\n\t ', '\0\0'])(
    'is not taken for audio because of what comes before the first response: %j',
    async (padding) => {
      const server = await startScriptedPbx((response, { path }) =>
        path.startsWith('/api/')
          ? response.end('RIFF')
          : response.end(padding + fields({ file: NAME, download_resource_url: '/api/download/a.wav' })),
      );
      const { body } = await pSeriesClientOf(server).openRecording(TOKEN, NAME);
      expect((await buffer(body)).toString()).toBe('RIFF');
    },
  );

  test.each([
    ['a quotation mark that is not escaped', '"file":"1-"Bob".wav",', ''],
    ['a number with zeros before it', '"id":007,', ''],
    ['a comma too many', '', ','],
    ['a NUL after it, and the rest of a buffer', '', '}\0"errcode":10004,"download_resource_url":"/api/old"'],
  ])('may offer the file in JSON with %s', async (_, before, after) => {
    const server = await startScriptedPbx((response, { path }) =>
      path.startsWith('/api/')
        ? response.end(path)
        : response.end(`{"errcode":0,${before}"download_resource_url":"/api/download/a.wav"${after}}`),
    );
    const { body } = await pSeriesClientOf(server).openRecording(TOKEN, NAME);
    expect((await buffer(body)).toString()).toBe('/api/download/a.wav');
  });

  test('says under which name the PBX delivers the file', async () => {
    const { pbx, client, token } = await start({ delivers: 'mp3' });
    const { recording } = pbx.makeCall(CALL);
    const source = await client.openRecording(token, recording);
    expect(source.deliveredName).toBe(recording.replace('.wav', '.mp3'));
    source.body.destroy();
  });

  test.each([
    'https://evil.example/api/download/a.wav',
    '//evil.example/api/a.wav',
    '/api/../openapi/v1.0/del_token',
    '/api/a.wav?redirect=evil.example',
  ])('goes nowhere but below /api/ of the PBX: %s', async (url) => {
    const { pbx, client, token } = await start();
    const { recording } = pbx.makeCall(CALL);
    pbx.answerDownloadsWith(url);
    await expect(client.openRecording(token, recording)).rejects.toMatchObject({
      code: 'pbx-bad-response',
      kind: 'transient',
    });
    expect(pbx.stats.requests.at(-1)).toBe('GET /openapi/v1.0/recording/download');
  });

  test('follows no redirect', async () => {
    const elsewhere = await startScriptedPbx(respondWith('RIFF'));
    const { pbx, client, token } = await start();
    const { recording } = pbx.makeCall({
      ...CALL,
      misbehaviour: { kind: 'http-redirect', location: `${elsewhere.url}/api/download/a.wav` },
    });
    await expect(client.openRecording(token, recording)).rejects.toMatchObject({ code: 'pbx-http-status' });
    expect(elsewhere.connections).toEqual([]);
  });

  test('while another one is being prepared is a matter of waiting', async () => {
    const { pbx, client, token } = await start({ delivers: 'mp3' });
    const { recording } = pbx.makeCall(CALL);
    pbx.occupyDownloads(true);
    await expect(client.openRecording(token, recording)).rejects.toMatchObject({
      code: 'pbx-70651',
      kind: 'busy',
    });
  });

  test('of a file that is not ready yet finds nothing', async () => {
    const { pbx, client, token } = await start();
    const { recording } = pbx.makeCall(CALL);
    pbx.delayRecording(recording, 1);
    await expect(client.openRecording(token, recording)).rejects.toMatchObject({
      code: 'pbx-60001',
      kind: 'missing',
    });
    (await client.openRecording(token, recording)).body.destroy();
  });

  test('of a file that the PBX’s own archive has moved away says so', async () => {
    const { pbx, client, token } = await start();
    const { recording } = pbx.makeCall(CALL);
    pbx.archiveAway(recording);
    await expect(client.openRecording(token, recording)).rejects.toMatchObject({
      code: 'recording-moved-away',
      kind: 'moved-away',
    });
  });

  test('of such a file says so although it is days old, and the PBX finds nothing by time', async () => {
    const { pbx, clock, client, token } = await start({ searchTimes: 'display' });
    const recording = Buffer.from('RIFF');
    const startedAt = clock.now - 6 * 24 * 3_600_000;
    const moved = pbx.makeCall({ ...CALL, startedAt });
    pbx.archiveAway(moved.recording);
    const minute = (number: number) => startedAt + number * 60_000;
    for (let call = 1; call <= 2000; call++) pbx.makeCall({ ...CALL, startedAt: minute(call), recording });
    await expect(client.openRecording(token, moved.recording)).rejects.toMatchObject({
      code: 'recording-moved-away',
    });
    const lists = pbx.stats.requests.filter((request) => request.endsWith('recording/list'));
    expect(lists.length).toBeLessThan(15);
  });

  test('of such a file says so although nothing in its name tells when it was recorded', async () => {
    const { pbx, client, token } = await start();
    const { recording } = pbx.makeCall({ ...CALL, recordingName: 'Übergabe.wav' });
    pbx.archiveAway(recording);
    pbx.makeCall(CALL);
    await expect(client.openRecording(token, recording)).rejects.toMatchObject({
      code: 'recording-moved-away',
    });
  });

  test('knows a failure in place of the audio', async () => {
    const { pbx, client, token } = await start();
    const { recording } = pbx.makeCall({
      ...CALL,
      misbehaviour: { kind: 'text-instead-of-audio', text: '{"errcode":10004,"errmsg":"TOKEN EXPIRED"}' },
    });
    const { body, readFailure } = await client.openRecording(token, recording);
    const text = (await buffer(body)).toString();
    expect(() => readFailure?.(text)).toThrow(expect.objectContaining({ code: 'pbx-10004' }));
  });

  test('of a recording above the limit is refused before its body', async () => {
    const { pbx, token } = await start();
    const { recording } = pbx.makeCall({ ...CALL, recording: Buffer.alloc(1024 ** 2 + 1) });
    const limited = pSeriesClientOf(pbx, { maxRecordingMiB: 1 });
    await expect(limited.openRecording(token, recording)).rejects.toMatchObject({
      code: 'recording-too-large',
    });
  });
});

test('a list that is malformed JSON is not taken for an empty one', async () => {
  const window = { starttime: '2026-01-02 00:00:00', endtime: '2026-01-02 23:59:59' };
  const server = await startScriptedPbx(
    respondWith('{"errcode":0,"total_number":1,"data":[{"id":1,"file":"1-"Bob".wav"}]}'),
  );
  const listing = pSeriesClientOf(server).listRecordings(TOKEN, window, {
    timeZone: 'UTC',
    now: Date.UTC(2026, 0, 3),
    signal: AbortSignal.timeout(60_000),
    timeoutMs: 60_000,
  });
  await expect(listing).rejects.toMatchObject({ code: 'pbx-bad-response' });
});

test.each(['"10004 "', '010004', '"10004",'])('an error code may be written %s', async (errcode) => {
  const server = await startScriptedPbx(respondWith(`{"errcode":${errcode},"errmsg":"a "quoted" text"}`));
  await expect(pSeriesClientOf(server).deviceInfo(TOKEN)).rejects.toMatchObject({
    code: 'pbx-10004',
    kind: 'session-expired',
  });
});

describe('an HTTP status of a proxy', () => {
  const status =
    (code: number): Responder =>
    (response) =>
      response.writeHead(code).end();

  test.each([429, 500, 502, 503, 504])('%i passes', async (code) => {
    const server = await startScriptedPbx(status(code));
    await expect(pSeriesClientOf(server).deviceInfo(TOKEN)).rejects.toMatchObject({
      code: 'pbx-http-status',
      kind: 'transient',
    });
  });

  test.each([401, 403])('%i may be a matter of the token', async (code) => {
    const server = await startScriptedPbx(status(code));
    await expect(pSeriesClientOf(server).deviceInfo(TOKEN)).rejects.toMatchObject({
      code: 'pbx-http-status',
      kind: 'session-expired',
      isDoubtful: true,
    });
  });
});

test('no error and no log line has a token or a secret', async () => {
  const responders: Responder[] = [
    (response) => response.socket?.destroy(),
    respondWith('not JSON'),
    respondWith(`{"errcode":-1,"invalid_param_list":[{"value":"${TOKEN}"}]}`),
    (response) => response.writeHead(302, { Location: `/?access_token=${TOKEN}` }).end(),
  ];
  for (const respond of responders) {
    const client = pSeriesClientOf(await startScriptedPbx(respond));
    const failures = await Promise.all(
      [
        client.deviceInfo(TOKEN),
        client.openRecording(TOKEN, NAME),
        client.login({ username: 'id', password: TOKEN }, SUBSCRIPTION),
        client.refresh(TOKEN),
      ].map((call) => call.then(String, (error: Error) => `${error.stack} ${JSON.stringify(error)}`)),
    );
    expect(`${failures} ${JSON.stringify(lines)}`).not.toContain(TOKEN);
  }
});
