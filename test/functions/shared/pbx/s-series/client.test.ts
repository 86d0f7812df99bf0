import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { pbxSchema } from '../../../../../functions/shared/config/pbx-registry.ts';
import { ArchiveError, PbxRefusal } from '../../../../../functions/shared/errors.ts';
import { connectionError } from '../../../../../functions/shared/pbx/errors.ts';
import { createPbxClient } from '../../../../../functions/shared/pbx/family-clients.ts';
import type { Subscription } from '../../../../../functions/shared/pbx/pbx-client.ts';
import type { SSeriesClient } from '../../../../../functions/shared/pbx/s-series/client.ts';
import { fingerprintOf, generateCertificate } from '../../../../../infra/simulated-pbx/certificate.ts';
import { identity, startPbxHarness } from '../../../../infra/simulated-pbx/harness.ts';
import { captureLog } from '../../../capture-log.ts';
import {
  clientOf,
  type ReceivedRequest,
  type Responder,
  respondWith,
  startScriptedPbx,
  success,
} from '../scripted-pbx.ts';

const TOKEN = '4cb0c5a3b1d84f6e97e2b6d0f1a82c35';
const RANDOM = '120732c546381fb020f17fba676b0ea0';
const REFRESH_TOKEN = '7d1a90e5c2f34b68a1b7f2e9d3c05a46';
const PASSWORD = 'pässword of the API';
const PASSWORD_MD5 = '49c9fcfe53c9d08bb9cdb2b656f0a26a';
const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const CREDENTIALS = { username: 'api', password: PASSWORD };
const UNUSED = {
  reportUrl: 'unused',
  credentialsSecret: 'unused',
  sessionSecret: 'unused',
  queueName: 'unused',
};
const SUBSCRIPTION: Subscription = {
  url: 'http://reports.example:8260/reports/test/path-secret',
  form: 'url',
  port: 8260,
};
const DAY = { starttime: '2017-09-01 00:00:00', endtime: '2017-09-01 23:59:59' };
const MAX_RESPONSE_BYTES = 64 * 1024;

const lines = captureLog();

async function start(respond: Responder, settings: object = {}, idleTimeoutMs?: number) {
  const server = await startScriptedPbx(respond);
  return { server, client: clientOf(server.url, settings, idleTimeoutMs ? { idleTimeoutMs } : {}) };
}

const audio: Responder = (response) => response.end('RIFF');

/** Responds with these random strings in order, and to each download with `download`. */
function downloads(randoms: string[], download = audio): Responder {
  return (response, seen) =>
    seen.path.endsWith('/get_random')
      ? success({ random: randoms.shift() })(response, seen)
      : download(response, seen);
}

const bodyOf = (seen: ReceivedRequest | undefined): unknown => JSON.parse(seen?.body ?? '');

/** The fields of a query, strictly percent-decoded: a `+` stays a `+`. */
const fieldsOf = (seen: ReceivedRequest | undefined) =>
  Object.fromEntries((seen?.query ?? '').split('&').map((pair) => pair.split('=').map(decodeURIComponent)));

/** Every call of the client, by name. */
const CALLS: [string, (client: SSeriesClient, signal?: AbortSignal) => Promise<unknown>][] = [
  ['login', (client, signal) => client.login(CREDENTIALS, SUBSCRIPTION, signal)],
  ['heartbeat', (client, signal) => client.heartbeat(TOKEN, SUBSCRIPTION, signal)],
  ['refresh', (client, signal) => client.refresh(REFRESH_TOKEN, signal)],
  ['openRecording', (client, signal) => client.openRecording(TOKEN, RECORDING, signal)],
  ['openCdrs', (client, signal) => client.openCdrs(TOKEN, DAY, signal)],
  ['deviceInfo', (client, signal) => client.deviceInfo(TOKEN, signal)],
];

async function errorOf(work: Promise<unknown>): Promise<ArchiveError> {
  const outcome = await work.then(
    () => 'succeeded',
    (error: unknown) => error,
  );
  if (outcome instanceof ArchiveError) return outcome;
  throw new Error('Not failed with an ArchiveError.', { cause: outcome });
}

describe('a login', () => {
  test('sends the user name, the MD5 of the password, the version and the address of the webhook', async () => {
    const { server, client } = await start(success({ token: TOKEN }));
    await client.login({ username: 'api', password: 'pbx-password' }, SUBSCRIPTION);
    expect(server.seen).toMatchObject([{ method: 'POST', path: '/api/v1.1.0/login', query: '' }]);
    expect(server.seen[0]?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(bodyOf(server.seen[0])).toStrictEqual({
      username: 'api',
      password: 'cd26ccf0db19187de769b57aebc3efb0',
      version: '1.0.2',
      url: 'http://reports.example:8260/reports/test/path-secret',
      urltag: '1',
      port: '8260',
    });
  });

  test('never sends the password itself, but the MD5 of its UTF-8', async () => {
    const { server, client } = await start(success({ token: TOKEN }));
    await client.login(CREDENTIALS, SUBSCRIPTION);
    expect(bodyOf(server.seen[0])).toMatchObject({ password: PASSWORD_MD5 });
    expect(JSON.stringify(server.seen)).not.toContain(PASSWORD);
  });

  test.each([
    ['http://reports.example:8260/reports/x', 'reports.example:8260/reports/x'],
    ['https://reports.example/reports/x', 'reports.example/reports/x'],
  ])('drops the scheme of %s in the bare form', async (url, sent) => {
    const { server, client } = await start(success({ token: TOKEN }));
    await client.login(CREDENTIALS, { url, form: 'bare', port: 443 });
    expect(bodyOf(server.seen[0])).toMatchObject({ url: sent, urltag: '1', port: '443' });
  });

  test('returns the token, and the refresh token if there is one', async () => {
    const fields: object[] = [{ token: TOKEN }, { token: TOKEN, refreshtoken: REFRESH_TOKEN }];
    const { client } = await start((response, seen) => success(fields.shift())(response, seen));
    expect(await client.login(CREDENTIALS, SUBSCRIPTION)).toStrictEqual({ token: TOKEN });
    expect(await client.login(CREDENTIALS, SUBSCRIPTION)).toStrictEqual({
      token: TOKEN,
      refreshToken: REFRESH_TOKEN,
    });
  });

  test('takes a token that the PBX writes as a number', async () => {
    const { client } = await start(respondWith('{"status":"Success","token":12073254638132017}'));
    expect(await client.login(CREDENTIALS, SUBSCRIPTION)).toStrictEqual({ token: '12073254638132017' });
  });

  test('works with a password that contains letters outside ASCII', async () => {
    const { pbx } = await startPbxHarness({ password: PASSWORD });
    const client = clientOf(pbx.url, { tls: { fingerprint256: pbx.fingerprint256 } });
    const { token } = await client.login(CREDENTIALS, SUBSCRIPTION);
    expect(await client.deviceInfo(token)).toMatchObject({ sn: '369362089179' });
  });
});

test('in API version 2.0.0, login and heartbeat ask for the events of this version', async () => {
  const { server } = await start(success({ token: TOKEN }));
  const client = clientOf(server.url, { apiVersion: 'v2.0.0' });
  await client.login(CREDENTIALS, SUBSCRIPTION);
  await client.heartbeat(TOKEN, SUBSCRIPTION);
  expect(server.seen.map(bodyOf)).toMatchObject([{ version: '2.0.0' }, { version: '2.0.0', urltag: '1' }]);
});

describe('a relative of the S-Series', () => {
  const account = { username: 'api', password: 'pbx-password' };

  test('OpenVox has the API of version 1.1.0 under another path', async () => {
    const { pbx } = await startPbxHarness({ apiVersion: 'v0.0.1' });
    const settings = { family: 'openvox', tls: { fingerprint256: pbx.fingerprint256 } };
    const client = createPbxClient(v.parse(pbxSchema, { ...UNUSED, ...settings, baseUrl: pbx.url }));
    const { token } = await client.login(account, SUBSCRIPTION);
    const recordingName = 'exten-101-106-20200505-042135-1588641695.1772.wav';
    const { recording, bytes } = pbx.makeCall({ from: '101', to: '106', recordingName });
    const { body } = await client.openRecording(token, recording);
    expect((await buffer(body)).equals(bytes)).toBe(true);
    expect(pbx.stats.requests.every((request) => request.includes(' /api/v0.0.1/'))).toBe(true);
  });

  test('OpenVox is asked for JSON where its guide has a parameter for that', async () => {
    const { url, seen } = await startScriptedPbx(success({ token: 't', random: 'r', deviceinfo: {} }));
    const settings = { family: 'openvox', tls: {} };
    const client = createPbxClient(v.parse(pbxSchema, { ...UNUSED, ...settings, baseUrl: url }));
    await client.login(account, SUBSCRIPTION);
    await client.deviceInfo('t');
    await client.heartbeat('t', SUBSCRIPTION);
    await client.openRecording('t', 'recording.wav').catch(() => {});
    expect(seen.map(({ path, query }) => [path.replace('/api/v0.0.1/', ''), query])).toEqual([
      ['login', 'type=json'],
      ['deviceinfo/query', 'token=t&type=json'],
      ['heartbeat', 'token=t'],
      ['recording/get_random', 'token=t'],
      ['recording/download', 'recording=recording.wav&random=r&token=t'],
    ]);
  });

  test.each(['v1.1.0', 'v2.0.0'] as const)(
    'Cloud PBX refreshes its tokens in version %s',
    async (apiVersion) => {
      const { pbx } = await startPbxHarness({ apiVersion, refreshTokens: true });
      const settings = { family: 'cloud-pbx', apiVersion, tls: { fingerprint256: pbx.fingerprint256 } };
      const client = createPbxClient(v.parse(pbxSchema, { ...UNUSED, ...settings, baseUrl: pbx.url }));
      const { token, refreshToken = '' } = await client.login(account, SUBSCRIPTION);
      const renewed = await client.refresh(refreshToken);
      expect(renewed.token).not.toBe(token);
      expect(await client.deviceInfo(renewed.token)).toMatchObject({ sn: '369362089179' });
    },
  );
});

describe('the path', () => {
  test.each(['v1.1.0', 'v2.0.0'])('contains the API version %s', async (apiVersion) => {
    const { server, client } = await start(
      (response, seen) =>
        seen.path.endsWith('/download')
          ? audio(response, seen)
          : success({ token: TOKEN, random: RANDOM, deviceinfo: {} })(response, seen),
      { apiVersion },
    );
    for (const [, call] of CALLS) await call(client);
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /api/${apiVersion}/login`,
      `POST /api/${apiVersion}/heartbeat`,
      `POST /api/${apiVersion}/token/refresh`,
      `POST /api/${apiVersion}/recording/get_random`,
      `GET /api/${apiVersion}/recording/download`,
      `POST /api/${apiVersion}/cdr/get_random`,
      `GET /api/${apiVersion}/cdr/download`,
      `POST /api/${apiVersion}/deviceinfo/query`,
    ]);
  });
});

describe('a heartbeat', () => {
  test('repeats the address of the webhook with both names of the flag, and has the token in the query', async () => {
    const { server, client } = await start(success());
    await client.heartbeat(TOKEN, SUBSCRIPTION);
    expect(fieldsOf(server.seen[0])).toEqual({ token: TOKEN });
    expect(bodyOf(server.seen[0])).toStrictEqual({
      url: 'http://reports.example:8260/reports/test/path-secret',
      urltag: '1',
      urlflag: '1',
      port: '8260',
      ipaddr: 'reports.example',
    });
  });

  test('drops the scheme in the bare form, but still names the host', async () => {
    const { server, client } = await start(success());
    await client.heartbeat(TOKEN, { ...SUBSCRIPTION, form: 'bare' });
    expect(bodyOf(server.seen[0])).toMatchObject({
      url: 'reports.example:8260/reports/test/path-secret',
      ipaddr: 'reports.example',
    });
  });

  test('fails when the PBX no longer knows the token', async () => {
    const { client } = await start(respondWith('{"status":"Failed","errno":"20004"}'));
    await expect(client.heartbeat(TOKEN, SUBSCRIPTION)).rejects.toMatchObject({ code: 'pbx-20004' });
  });
});

describe('a refresh', () => {
  test('sends the refresh token only, and returns the new pair', async () => {
    const { server, client } = await start(success({ token: TOKEN, refreshtoken: 'the next' }));
    expect(await client.refresh(REFRESH_TOKEN)).toStrictEqual({ token: TOKEN, refreshToken: 'the next' });
    expect(server.seen[0]?.query).toBe('');
    expect(bodyOf(server.seen[0])).toStrictEqual({ refreshtoken: REFRESH_TOKEN });
  });

  test('keeps the old refresh token when the response has no new one', async () => {
    const { client } = await start(success({ token: TOKEN }));
    expect(await client.refresh(REFRESH_TOKEN)).toStrictEqual({ token: TOKEN, refreshToken: REFRESH_TOKEN });
  });
});

describe('a recording', () => {
  test('is requested by name, then downloaded with the random string and the token', async () => {
    const { server, client } = await start(downloads([RANDOM]));
    const { body } = await client.openRecording(TOKEN, RECORDING);
    expect((await buffer(body)).toString()).toBe('RIFF');
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'GET']);
    expect(fieldsOf(server.seen[0])).toEqual({ token: TOKEN });
    expect(bodyOf(server.seen[0])).toStrictEqual({ recording: RECORDING });
    expect(fieldsOf(server.seen[1])).toEqual({ recording: RECORDING, random: RANDOM, token: TOKEN });
    expect(server.seen[1]?.body).toBe('');
  });

  test('is requested with the allowed IP address if one is configured', async () => {
    const { server, client } = await start(downloads([RANDOM]), { allowedIp: '203.0.113.7' });
    await client.openRecording(TOKEN, RECORDING);
    expect(bodyOf(server.seen[0])).toStrictEqual({ recording: RECORDING, allowedip: '203.0.113.7' });
  });

  test.each(['+491701234567', '*97', '#31#1234', 'a&token=b', 'two words', 'Jäger', '50%20', 'x=y?z/..;1'])(
    'with %j in its name reaches the PBX under that name',
    async (part) => {
      const name = `20170901181806-1504261084.7-1001-${part}-Outbound.wav`;
      const { server, client } = await start(downloads([RANDOM]));
      await client.openRecording(TOKEN, name);
      expect(bodyOf(server.seen[0])).toStrictEqual({ recording: name });
      expect(fieldsOf(server.seen[1])).toEqual({ recording: name, random: RANDOM, token: TOKEN });
      expect(server.seen[1]?.path).toBe('/api/v1.1.0/recording/download');
      // A space must not be sent as a plus, which not every server decodes.
      expect(server.seen[1]?.query).not.toContain('+');
    },
  );

  test('is opened with a new random string each time', async () => {
    const { server, client } = await start(downloads(['first', 'second']));
    for (let attempt = 0; attempt < 2; attempt++) {
      await buffer((await client.openRecording(TOKEN, RECORDING)).body);
    }
    expect(server.seen).toHaveLength(4);
    expect(fieldsOf(server.seen[1])).toMatchObject({ random: 'first' });
    expect(fieldsOf(server.seen[3])).toMatchObject({ random: 'second' });
  });

  test('is not downloaded when the PBX gives no random string', async () => {
    const { server, client } = await start(respondWith('{"status":"Failed","errno":"20014"}'));
    await expect(client.openRecording(TOKEN, RECORDING)).rejects.toMatchObject({ code: 'pbx-20014' });
    expect(server.seen).toHaveLength(1);
  });

  test.each([
    ['20012', 'missing'],
    ['20014', 'missing'],
    ['20006', 'session-expired'],
  ])('for which the PBX refuses a random string with %s is %s', async (errno, kind) => {
    const { client } = await start(respondWith(`{"status":"Failed","errno":"${errno}"}`));
    const error = await errorOf(client.openRecording(TOKEN, RECORDING));
    expect(error).toMatchObject({ code: `pbx-${errno}`, kind });
    expect(error).toBeInstanceOf(PbxRefusal);
  });

  test('is logged without token and random string', async () => {
    const server = await startScriptedPbx(downloads([RANDOM]));
    const client = clientOf(server.url, {}, { pbxId: 'office' });
    await client.openRecording(TOKEN, RECORDING);
    expect(lines).toEqual([
      { level: 'debug', event: 'random-received', pbx: 'office', recording: RECORDING },
    ]);
  });

  test.each<[string, number | undefined, string]>([
    ['has the length that the PBX gives', 4, 'Content-Length: 4\r\n'],
    ['has no known length when the PBX gives none', undefined, ''],
    ['has no known length when it is sent in chunks', undefined, 'Transfer-Encoding: chunked\r\n'],
  ])('%s', async (_, expected, header) => {
    const payload = header.startsWith('Transfer') ? '4\r\nRIFF\r\n0\r\n\r\n' : 'RIFF';
    const raw: Responder = ({ socket }) => socket?.end(`HTTP/1.1 200 OK\r\n${header}\r\n${payload}`);
    const { client } = await start(downloads([RANDOM], raw));
    const { totalBytes, start: first, body } = await client.openRecording(TOKEN, RECORDING);
    expect((await buffer(body)).toString()).toBe('RIFF');
    expect([totalBytes, first]).toEqual([expected, 0]);
  });
});

describe('the device information', () => {
  test('is requested with the token and returned unchanged', async () => {
    const deviceinfo = { sn: '369362089179', firmwarever: '30.6.0.20', ports: 4 };
    const { server, client } = await start(success({ deviceinfo }));
    expect(await client.deviceInfo(TOKEN)).toEqual(deviceinfo);
    expect(fieldsOf(server.seen[0])).toEqual({ token: TOKEN });
    expect(bodyOf(server.seen[0])).toStrictEqual({});
  });
});

describe.each(CALLS)('%s fails', (_, call) => {
  test.each(['"20006"', '20006'])('with the errno %s of a response with HTTP status 200', async (errno) => {
    const { client } = await start(respondWith(`{"status":"Failed","errno":${errno}}`));
    await expect(call(client)).rejects.toMatchObject({ code: 'pbx-20006', kind: 'session-expired' });
  });

  test.each(['Failed', 'Successful', 'Pending', ''])(
    'with the status %j without an errno',
    async (status) => {
      const { client } = await start(success({ status, token: TOKEN, random: RANDOM, deviceinfo: {} }));
      await expect(call(client)).rejects.toMatchObject({ code: 'pbx-none', kind: 'transient' });
    },
  );

  test.each(['', '<html></html>', '{}', '{"errno":"0"}', '[]', 'null', '{"status":"Success"'])(
    'when the response is %j',
    async (text) => {
      const { client } = await start(respondWith(text));
      await expect(call(client)).rejects.toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
    },
  );

  test.each([500, 404, 401, 204, 206])('with HTTP status %i', async (status) => {
    const good = JSON.stringify({ status: 'Success', token: TOKEN, random: RANDOM, deviceinfo: {} });
    const { client } = await start((response) => response.writeHead(status).end(status === 204 ? '' : good));
    const error = await errorOf(call(client));
    expect(error).toMatchObject({ code: 'pbx-http-status', kind: 'transient' });
    expect(error.message).toContain(String(status));
  });

  test.each([301, 302, 307, 308])('with a redirect (%i), which is not followed', async (status) => {
    const target = await startScriptedPbx(success({ token: TOKEN, random: RANDOM, deviceinfo: {} }));
    const { server, client } = await start((response, { path }) =>
      response.writeHead(status, { location: `${target.url}${path}` }).end(),
    );
    await expect(call(client)).rejects.toMatchObject({ code: 'pbx-http-status', kind: 'transient' });
    expect(server.seen).toHaveLength(1);
    expect(target.connections).toHaveLength(0);
  });

  test('with the reason of a signal that is already aborted, before it connects', async () => {
    const { server, client } = await start(success());
    const reason = new ArchiveError('deadline', 'Out of time.');
    await expect(call(client, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.seen).toEqual([]);
  });

  test.each<[string, Responder]>([
    ['waits for a response', () => {}],
    ['reads the response', (response) => response.write('{"status":')],
  ])('with the reason of a signal that is aborted while it %s', async (_, respond) => {
    const reason = new ArchiveError('deadline', 'Out of time.');
    const controller = new AbortController();
    const { client } = await start((response, seen) => {
      respond(response, seen);
      controller.abort(reason);
    });
    await expect(call(client, controller.signal)).rejects.toBe(reason);
  });
});

/** The calls that need a field of the response: all but the heartbeat. */
const CALLS_WITH_RESULT = CALLS.filter(([name]) => name !== 'heartbeat');

describe.each(CALLS_WITH_RESULT)('%s fails when the response', (_, call) => {
  const fields = ['token', 'random', 'deviceinfo'];
  test.each<[string, object]>([
    ['lacks', {}],
    ['has an empty value for', Object.fromEntries(fields.map((field) => [field, '']))],
    ['has no text for', Object.fromEntries(fields.map((field) => [field, false]))],
  ])('%s the required field', async (_, held) => {
    const { client } = await start(success(held));
    await expect(call(client)).rejects.toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
  });
});

test.each(CALLS)('%s ends when a response drips for longer than its timeout', async (_, call) => {
  const connections: Socket[] = [];
  const server = await startScriptedPbx((response) => {
    if (response.socket) connections.push(response.socket);
    const drip = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(drip));
  });
  const error = await errorOf(call(clientOf(server.url, {}, { callTimeoutMs: 100 })));
  expect(error).toMatchObject({ code: 'pbx-connection', kind: 'transient' });
  expect(error.message).toContain('(TimeoutError)');
  const [connection] = connections;
  // A reset is an error event, which the server handles.
  if (connection && !connection.closed) await new Promise((resolve) => connection.once('close', resolve));
  expect(connection?.closed).toBe(true);
});

test('a JSON response has 45 seconds, unless the caller has less', async () => {
  const spy = vi.spyOn(AbortSignal, 'timeout');
  onTestFinished(() => spy.mockRestore());
  const { client } = await start(success({ deviceinfo: {} }));
  await client.deviceInfo(TOKEN);
  expect(spy.mock.calls).toEqual([[45_000]]);
});

describe('a download', () => {
  const withDownload = (download: Responder) => start(downloads([RANDOM], download), {}, 300);

  test.each([500, 404, 203])('fails with HTTP status %i', async (status) => {
    const { client } = await withDownload((response) => response.writeHead(status).end('RIFF'));
    await expect(client.openRecording(TOKEN, RECORDING)).rejects.toMatchObject({ code: 'pbx-http-status' });
  });

  test.each([404, 410])('finds no recording with HTTP status %i', async (status) => {
    const { client } = await withDownload((response) =>
      response.writeHead(status).end('<html>Not Found</html>'),
    );
    await expect(client.openRecording(TOKEN, RECORDING)).rejects.toMatchObject({
      code: 'pbx-http-status',
      kind: 'missing',
    });
  });

  test.each([
    [404, '20014', 'missing'],
    [410, '20006', 'session-expired'],
    [401, '20004', 'session-expired'],
    [500, '30001', 'transient'],
  ])('with HTTP status %i fails with the errno of its body: %s', async (status, errno, kind) => {
    const { client } = await withDownload((response) =>
      response.writeHead(status).end(JSON.stringify({ status: 'Failed', errno })),
    );
    await expect(client.openRecording(TOKEN, RECORDING)).rejects.toMatchObject({
      code: `pbx-${errno}`,
      kind,
    });
  });

  test('finds no recording with HTTP status 404 whose body never ends', async () => {
    const server = await startScriptedPbx(
      downloads([RANDOM], (response) => response.writeHead(404).write('{"status":"Failed",')),
    );
    const client = clientOf(server.url, {}, { callTimeoutMs: 300 });
    await expect(client.openRecording(TOKEN, RECORDING)).rejects.toMatchObject({
      code: 'pbx-http-status',
      kind: 'missing',
    });
  });

  test('finds an empty recording with HTTP status 204', async () => {
    const { client } = await withDownload((response) => response.writeHead(204).end());
    await expect(client.openRecording(TOKEN, RECORDING)).rejects.toMatchObject({
      code: 'recording-empty',
      kind: 'empty',
    });
  });

  test('fails with a redirect, which is not followed', async () => {
    const target = await startScriptedPbx(audio);
    const { client } = await withDownload((response) =>
      response.writeHead(302, { location: `${target.url}/?token=${TOKEN}` }).end(),
    );
    // The address that it redirects to has the token.
    await expect(client.openRecording(TOKEN, RECORDING)).rejects.toMatchObject({
      code: 'pbx-http-status',
      message: expect.stringMatching(
        /status 302\. It redirects [^:]* set baseUrl to that address: https [^:]*$/,
      ),
    });
    expect(target.connections).toHaveLength(0);
  });

  test('may be longer than any other response', async () => {
    const { client } = await withDownload((response) => response.end(Buffer.alloc(MAX_RESPONSE_BYTES + 1)));
    const { body, totalBytes } = await client.openRecording(TOKEN, RECORDING);
    expect(await buffer(body)).toHaveLength(MAX_RESPONSE_BYTES + 1);
    expect(totalBytes).toBe(MAX_RESPONSE_BYTES + 1);
  });

  test('fails with the reason of a signal that is aborted half way', async () => {
    const { client } = await withDownload((response) => response.write('RIFF'));
    const controller = new AbortController();
    const reason = new ArchiveError('deadline', 'Out of time.');
    const { body } = await client.openRecording(TOKEN, RECORDING, controller.signal);
    const read = buffer(body);
    controller.abort(reason);
    await expect(read).rejects.toBe(reason);
  });

  test('fails with the reason of a signal that is aborted before the response', async () => {
    const controller = new AbortController();
    const reason = new ArchiveError('deadline', 'Out of time.');
    const { client } = await withDownload(() => controller.abort(reason));
    await expect(client.openRecording(TOKEN, RECORDING, controller.signal)).rejects.toBe(reason);
  });
});

describe('a response', () => {
  const padded = (bytes: number) => JSON.stringify({ status: 'Success', token: TOKEN }).padEnd(bytes);

  test('may be 64 KiB long', async () => {
    const { client } = await start(respondWith(padded(MAX_RESPONSE_BYTES)));
    expect(await client.login(CREDENTIALS, SUBSCRIPTION)).toEqual({ token: TOKEN });
  });

  test('that is one byte longer is rejected', async () => {
    const { client } = await start(respondWith(padded(MAX_RESPONSE_BYTES + 1)));
    const error = await errorOf(client.login(CREDENTIALS, SUBSCRIPTION));
    expect(error).toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
    expect(error.message).toContain('too long');
  });

  test.each([
    [200, 'pbx-bad-response'],
    [500, 'pbx-http-status'],
  ])('with HTTP status %i that never ends is cut off', async (status, code) => {
    const responses: ServerResponse[] = [];
    const { client } = await start((response) => {
      responses.push(response.writeHead(status));
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(1024)));
      };
      response.on('drain', pour);
      pour();
    });
    await expect(client.login(CREDENTIALS, SUBSCRIPTION)).rejects.toMatchObject({ code });
    const [response] = responses;
    if (response && !response.closed) await once(response, 'close');
    expect(response?.closed).toBe(true);
  });

  test('that stalls half way fails', async () => {
    const { client } = await start((response) => response.write('{"status":'), {}, 300);
    const error = await errorOf(client.deviceInfo(TOKEN));
    expect(error).toMatchObject({ code: 'pbx-connection', kind: 'transient' });
    expect(error.message).toContain('BODY_TIMEOUT');
  });

  test('with HTTP status 500 is reported as such even when its body stalls', async () => {
    const { client } = await start((response) => response.writeHead(500).write('<html>'), {}, 300);
    await expect(client.deviceInfo(TOKEN)).rejects.toMatchObject({ code: 'pbx-http-status' });
  });
});

describe('a connection error', () => {
  const url = `https://127.0.0.1/api?token=${TOKEN}`;

  test.each<[string, string, Error]>([
    [
      'the code of its cause',
      'ECONNRESET',
      Object.assign(new Error(url, { cause: { code: 'ECONNRESET' } }), { code: 'X' }),
    ],
    ['otherwise its own code', 'EPIPE', Object.assign(new Error(url), { code: 'EPIPE' })],
    ['otherwise its name', 'TypeError', new TypeError(url)],
  ])('is reported with %s, and nothing of its message', (_, detail, error) => {
    const { code, kind, message } = connectionError(error);
    expect({ code, kind, message }).toEqual({
      code: 'pbx-connection',
      kind: 'transient',
      message: `The connection to the PBX failed (${detail}).`,
    });
  });

  test('that is an ArchiveError already is returned unchanged', () => {
    const error = new ArchiveError('deadline', 'Out of time.');
    expect(connectionError(error)).toBe(error);
  });
});

describe('no error contains a secret', () => {
  const SECRETS = [TOKEN, RANDOM, REFRESH_TOKEN, PASSWORD, PASSWORD_MD5, encodeURIComponent(PASSWORD)];

  function expectSecretFree({ code, message, stack }: ArchiveError) {
    for (const text of [code, message, stack?.split('\n    at ')[0]]) {
      for (const secret of SECRETS) expect(text).not.toContain(secret);
      expect(text).not.toMatch(/\?|=|https?:|path-secret/);
    }
  }

  const failures: [string, string, Responder][] = [
    ['the PBX hangs up', 'pbx-connection', (response) => response.socket?.end()],
    [
      'the connection is reset',
      'pbx-connection',
      (response) => {
        if (response.socket && 'resetAndDestroy' in response.socket) response.socket.resetAndDestroy();
      },
    ],
    [
      'the response is cut off',
      'pbx-connection',
      (response) => {
        response.writeHead(200, { 'content-length': '999' }).write(`{"token":"${TOKEN}`, () => {
          response.socket?.destroy();
        });
      },
    ],
    [
      'the response is not HTTP',
      'pbx-connection',
      (response) => response.socket?.end(`token=${TOKEN} ${RANDOM} ${PASSWORD_MD5}\r\n\r\n`),
    ],
    [
      'the response is HTTP status 500 with an echo of the request',
      'pbx-http-status',
      (response, { query, body }) => response.writeHead(500).end(`/login?${query} ${body}`),
    ],
    [
      'the response redirects with the query',
      'pbx-http-status',
      (response, { query }) => response.writeHead(302, { location: `http://127.0.0.1:9/?${query}` }).end(),
    ],
    [
      'the response is an echo of the request instead of JSON',
      'pbx-bad-response',
      (response, { query, body }) => response.end(`<html>${query} ${body}</html>`),
    ],
    [
      'the response lacks the required field, but echoes the request',
      'pbx-bad-response',
      (response, { query, body }) => response.end(JSON.stringify({ status: 'Success', query, body })),
    ],
    [
      'the error number is an echo of the token',
      'pbx-malformed',
      (response) => response.end(JSON.stringify({ status: 'Failed', errno: TOKEN })),
    ],
  ];

  describe.each(failures)('when %s', (failure, code, respond) => {
    const calls = failure.includes('lacks') ? CALLS_WITH_RESULT : CALLS;
    test.each(calls)('in %s', async (_, call) => {
      const { server, client } = await start(respond);
      const error = await errorOf(call(client));
      expect(error).toMatchObject({ code, kind: 'transient' });
      expectSecretFree(error);
      expect(server.seen).toHaveLength(1);
    });
  });

  test.each(failures.filter(([failure]) => /hangs up|reset|not HTTP|status|redirects/.test(failure)))(
    'when %s in the download',
    async (_, code, respond) => {
      const { server, client } = await start(downloads([RANDOM], respond));
      const error = await errorOf(client.openRecording(TOKEN, RECORDING));
      expect(error).toMatchObject({ code, kind: 'transient' });
      expectSecretFree(error);
      expect(server.seen).toHaveLength(2);
    },
  );

  test.each(CALLS)('when the connection is refused in %s', async (_, call) => {
    const { server, client } = await start(success());
    await server.close();
    const error = await errorOf(call(client));
    expect(error).toMatchObject({ code: 'pbx-connection', kind: 'transient' });
    expect(error.message).toBe('The connection to the PBX failed (ECONNREFUSED).');
    expectSecretFree(error);
  });

  test.each(CALLS)('when the certificate is not trusted in %s', async (_, call) => {
    const server = await startScriptedPbx(success(), identity);
    const error = await errorOf(call(clientOf(server.url)));
    expect(error).toMatchObject({ code: 'pbx-connection', kind: 'transient' });
    expect(error.message).toBe('The connection to the PBX failed (DEPTH_ZERO_SELF_SIGNED_CERT).');
    expectSecretFree(error);
    expect(server.seen).toEqual([]);
  });

  test.each(CALLS)('when the certificate is not the pinned one in %s', async (_, call) => {
    const server = await startScriptedPbx(success(), identity);
    const fingerprint256 = fingerprintOf(await generateCertificate(['127.0.0.1']));
    const error = await errorOf(call(clientOf(server.url, { tls: { fingerprint256 } })));
    expect(error).toMatchObject({ code: 'certificate-mismatch', kind: 'transient' });
    expectSecretFree(error);
    expect(server.seen).toEqual([]);
  });
});
