import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import type { Misbehaviour, SimulatedPbxOptions } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { downloadRaw, jsonOf, startPbxHarness } from './harness.ts';

const failed = (errno: string) => ({ status: 'Failed', errno });

async function startWith(misbehaviour: Misbehaviour | Misbehaviour[], options: SimulatedPbxOptions = {}) {
  const harness = await startPbxHarness(options);
  const call = harness.pbx.makeCall({ from: '1001', to: '1002', talkSeconds: 1, misbehaviour });
  const { recording } = call;
  let token = await harness.client.login();
  const download = () => harness.client.download(recording, token);
  const requestRandom = () => harness.client.post('recording/get_random', { recording }, { token });
  const relogin = async () => {
    token = await harness.client.login();
  };
  /** The raw bytes of a download. */
  const raw = async () => {
    const random = await harness.client.random(recording, token);
    return downloadRaw(
      harness.pbx,
      `recording=${encodeURIComponent(recording)}&random=${random}&token=${token}`,
    );
  };
  const expectSuccess = async () => expect((await download()).body.equals(call.bytes)).toBe(true);
  return { ...harness, call, download, requestRandom, relogin, raw, expectSuccess };
}

test('a cut download with a length is an error, and the next attempt succeeds', async () => {
  const { download, expectSuccess } = await startWith({ kind: 'cut', afterBytes: 5000, how: 'fin' });
  const response = await download();
  expect(response.error).toMatchObject({ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' });
  expect(response.body).toHaveLength(5000);
  await expectSuccess();
});

test('a cut download without a length looks complete', async () => {
  const misbehaviour = { kind: 'cut', afterBytes: 5000, how: 'fin', contentLength: false } as const;
  const { download, expectSuccess } = await startWith(misbehaviour);
  const response = await download();
  expect(response.error).toBeUndefined();
  expect(response.headers).not.toHaveProperty('content-length');
  expect(response.body).toHaveLength(5000);
  await expectSuccess();
});

test.each([false, true])('a download can be cut by a reset (plain HTTP: %s)', async (plain) => {
  const cut = { kind: 'cut', afterBytes: 44, how: 'reset' } as const;
  const { raw, call, pbx, waitForEvent, events, expectSuccess } = await startWith(cut, { plain });
  const { body, ending } = await raw();
  expect(ending).toBe('ECONNRESET');
  expect(body.equals(call.bytes.subarray(0, 44))).toBe(true);
  await waitForEvent('download-finished');
  expect(pbx.stats.concurrentDownloads).toBe(0);
  expect(events).toContainEqual(expect.objectContaining({ type: 'download-finished', complete: false }));
  await expectSuccess();
});

test('a download can be cut before the first byte', async () => {
  const { raw, call } = await startWith({ kind: 'cut', afterBytes: 0, how: 'fin' });
  const { head, body, ending } = await raw();
  expect(head).toContain(`Content-Length: ${call.bytes.length}`);
  expect(body).toHaveLength(0);
  expect(ending).toBe('end');
});

test('a misbehaviour can be repeated', async () => {
  const { download, expectSuccess } = await startWith({ kind: 'cut', afterBytes: 1, how: 'fin', times: 2 });
  for (let n = 0; n < 2; n++) {
    const { body, error } = await download();
    expect(error).toMatchObject({ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' });
    expect(body).toHaveLength(1);
  }
  await expectSuccess();
});

test('a misbehaviour can last forever', async () => {
  const { download } = await startWith({ kind: 'empty-body', times: Number.POSITIVE_INFINITY });
  for (let i = 0; i < 5; i++) expect((await download()).body).toHaveLength(0);
});

test('several misbehaviours happen one after the other', async () => {
  const { download, requestRandom, expectSuccess } = await startWith([
    { kind: 'empty-body' },
    { kind: 'not-ready' },
    { kind: 'random-refused' },
  ]);
  expect((await download()).body).toHaveLength(0);
  expect(await requestRandom()).toEqual(failed('20014'));
  expect(jsonOf(await download())).toEqual(failed('20012'));
  await expectSuccess();
});

test('a stalled download sends nothing more until the client gives up', async () => {
  const { pbx, client, call, waitForEvent } = await startWith({ kind: 'stall', afterBytes: 300 });
  const token = await client.login();
  const random = await client.random(call.recording, token);
  const controller = new AbortController();
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  onTestFinished(() => dispatcher.destroy());
  const query = { recording: call.recording, random, token };
  const url = `${pbx.url}/api/v1.1.0/recording/download`;
  const { body } = await request(url, { dispatcher, query, signal: controller.signal });
  let received = 0;
  const reading = (async () => {
    for await (const chunk of body) {
      received += chunk.length;
      if (received === 300) controller.abort();
    }
  })();
  await expect(reading).rejects.toThrow();
  expect(received).toBe(300);
  await waitForEvent('download-finished');
});

test('closing the PBX ends a stalled download', async () => {
  const { pbx, download, waitForEvent } = await startWith({ kind: 'stall' });
  const stalled = download();
  await waitForEvent('download-started');
  await pbx.close();
  await expect(stalled.then(({ error }) => Promise.reject(error))).rejects.toThrow();
});

test('a download in small pieces arrives whole', async () => {
  const { expectSuccess, download, call } = await startWith({ kind: 'drip', chunkBytes: 500 });
  expect((await download()).body.equals(call.bytes)).toBe(true);
  await expectSuccess();
});

test('JSON is sent with the content type of audio', async () => {
  const { download, expectSuccess } = await startWith({ kind: 'json-instead-of-audio', errno: '20006' });
  const response = await download();
  expect(response.status).toBe(200);
  expect(response.headers['content-type']).toBe('audio/x-wav');
  expect(jsonOf(response)).toEqual(failed('20006'));
  await expectSuccess();
});

test('JSON can be sent with its own content type', async () => {
  const contentType = 'application/json';
  const { download } = await startWith({ kind: 'json-instead-of-audio', errno: '20006', contentType });
  expect((await download()).headers['content-type']).toBe(contentType);
});

test.each([
  [{ kind: 'html-instead-of-audio' }, '<html><body>Please log in</body></html>'],
  [{ kind: 'text-instead-of-audio' }, 'file not found'],
  [{ kind: 'text-instead-of-audio', text: 'RIFF' }, 'RIFF'],
  [{ kind: 'empty-body' }, ''],
] as const)('%o is sent with the content type of audio', async (misbehaviour, body) => {
  const { download, expectSuccess } = await startWith(misbehaviour);
  const response = await download();
  expect(response.headers['content-type']).toBe('audio/x-wav');
  expect(response.headers['content-length']).toBe(String(body.length));
  expect(response.body.toString()).toBe(body);
  await expectSuccess();
});

test('an HTTP 500 response is HTML', async () => {
  const { download, expectSuccess } = await startWith({ kind: 'http-500' });
  const response = await download();
  expect(response).toMatchObject({ status: 500, headers: { 'content-type': 'text/html' } });
  await expectSuccess();
});

test('a redirect points elsewhere', async () => {
  const { download, expectSuccess } = await startWith({
    kind: 'http-redirect',
    location: 'https://127.0.0.2/',
  });
  expect(await download()).toMatchObject({ status: 302, headers: { location: 'https://127.0.0.2/' } });
  await expectSuccess();
});

test('a recording that is not ready is missing at get_random, and available later', async () => {
  const { requestRandom, expectSuccess } = await startWith({ kind: 'not-ready', times: 2 });
  expect(await requestRandom()).toEqual(failed('20014'));
  expect(await requestRandom()).toEqual(failed('20014'));
  await expectSuccess();
});

test('a recording can be missing only at the download', async () => {
  const { download, expectSuccess } = await startWith({ kind: 'not-ready', at: 'download' });
  expect(jsonOf(await download())).toEqual(failed('20014'));
  await expectSuccess();
});

test('a deleted recording stays deleted', async () => {
  const { requestRandom } = await startWith({ kind: 'deleted' });
  for (let i = 0; i < 5; i++) expect(await requestRandom()).toEqual(failed('20014'));
});

test('a refused random string cannot be used again, a new one works', async () => {
  const { download, expectSuccess } = await startWith({ kind: 'random-refused' });
  expect(jsonOf(await download())).toEqual(failed('20012'));
  await expectSuccess();
});

test('the token can expire just before get_random', async () => {
  const { requestRandom, relogin, expectSuccess } = await startWith({
    kind: 'token-dropped',
    at: 'get_random',
  });
  expect(await requestRandom()).toEqual(failed('20004'));
  expect(await requestRandom()).toEqual(failed('20004'));
  await relogin();
  await expectSuccess();
});

test('the token can expire just before the download', async () => {
  const { download, relogin, expectSuccess } = await startWith({ kind: 'token-dropped' });
  expect(jsonOf(await download())).toEqual(failed('20004'));
  await relogin();
  await expectSuccess();
});

test('a Content-Length that is too large ends the connection early', async () => {
  const { raw, call, download } = await startWith({ kind: 'wrong-length', delta: 10, times: 2 });
  expect((await download()).error).toMatchObject({ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' });
  const { head, body } = await raw();
  expect(head).toContain(`Content-Length: ${call.bytes.length + 10}`);
  expect(body.equals(call.bytes)).toBe(true);
});

test('a Content-Length that is too small is followed by more bytes', async () => {
  const { raw, call, expectSuccess } = await startWith({ kind: 'wrong-length', delta: -10 });
  const { head, body } = await raw();
  expect(head).toContain(`Content-Length: ${call.bytes.length - 10}`);
  expect(body.equals(call.bytes)).toBe(true);
  await expectSuccess();
});

test.each(['get_random', 'download'] as const)('the PBX can hang up before it responds to %s', async (at) => {
  const { download, expectSuccess } = await startWith({ kind: 'hang-up-before-reply', at });
  await expect(download()).rejects.toMatchObject({
    code: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/),
  });
  await expectSuccess();
});

test('misbehaviours can be added to an existing recording', async () => {
  const { pbx, call, download, expectSuccess } = await startWith([]);
  await expectSuccess();
  pbx.misbehave(call.recording, { kind: 'http-500' });
  expect((await download()).status).toBe(500);
});

test('concurrent downloads are counted', async () => {
  const { pbx, download, waitForEvent, events } = await startWith({ kind: 'stall', times: 2 });
  const stalled = [download(), download()];
  await waitForEvent('download-started');
  while (events.filter(({ type }) => type === 'download-started').length < 2) await new Promise(setImmediate);
  expect(pbx.stats).toMatchObject({ concurrentDownloads: 2, maxConcurrentDownloads: 2 });
  await pbx.close();
  await Promise.allSettled(stalled);
  expect(pbx.stats.concurrentDownloads).toBe(0);
});
