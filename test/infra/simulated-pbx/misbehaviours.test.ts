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
  const askRandom = () => harness.client.post('recording/get_random', { recording }, { token });
  const relogin = async () => {
    token = await harness.client.login();
  };
  /** As it goes over the wire. */
  const raw = async () => {
    const random = await harness.client.random(recording, token);
    return downloadRaw(
      harness.pbx,
      `recording=${encodeURIComponent(recording)}&random=${random}&token=${token}`,
    );
  };
  const expectWell = async () => expect((await download()).body.equals(call.bytes)).toBe(true);
  return { ...harness, call, download, askRandom, relogin, raw, expectWell };
}

test('a cut with a length shows as an error, and the next attempt is well', async () => {
  const { download, expectWell } = await startWith({ kind: 'cut', afterBytes: 5000, how: 'fin' });
  const answered = await download();
  expect(answered.error).toMatchObject({ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' });
  expect(answered.body).toHaveLength(5000);
  await expectWell();
});

test('a cut without a length looks like a normal end', async () => {
  const misbehaviour = { kind: 'cut', afterBytes: 5000, how: 'fin', contentLength: false } as const;
  const { download, expectWell } = await startWith(misbehaviour);
  const answered = await download();
  expect(answered.error).toBeUndefined();
  expect(answered.headers).not.toHaveProperty('content-length');
  expect(answered.body).toHaveLength(5000);
  await expectWell();
});

test.each([false, true])('a cut by reset is a reset (plain HTTP: %s)', async (plain) => {
  const cut = { kind: 'cut', afterBytes: 44, how: 'reset' } as const;
  const { raw, call, pbx, waitForEvent, events, expectWell } = await startWith(cut, { plain });
  const { body, ending } = await raw();
  expect(ending).toBe('ECONNRESET');
  expect(body.equals(call.bytes.subarray(0, 44))).toBe(true);
  await waitForEvent('download-finished');
  expect(pbx.stats.concurrentDownloads).toBe(0);
  expect(events).toContainEqual(expect.objectContaining({ type: 'download-finished', complete: false }));
  await expectWell();
});

test('a cut may come before the first byte', async () => {
  const { raw, call } = await startWith({ kind: 'cut', afterBytes: 0, how: 'fin' });
  const { head, body, ending } = await raw();
  expect(head).toContain(`Content-Length: ${call.bytes.length}`);
  expect(body).toHaveLength(0);
  expect(ending).toBe('end');
});

test('misbehaviour lasts as many times as asked', async () => {
  const { download, expectWell } = await startWith({ kind: 'cut', afterBytes: 1, how: 'fin', times: 2 });
  expect((await download()).error).toBeDefined();
  expect((await download()).error).toBeDefined();
  await expectWell();
});

test('misbehaviour may never end', async () => {
  const { download } = await startWith({ kind: 'empty-body', times: Number.POSITIVE_INFINITY });
  for (let i = 0; i < 5; i++) expect((await download()).body).toHaveLength(0);
});

test('a list of misbehaviours goes one after the other', async () => {
  const { download, askRandom, expectWell } = await startWith([
    { kind: 'empty-body' },
    { kind: 'not-ready' },
    { kind: 'random-refused' },
  ]);
  expect((await download()).body).toHaveLength(0);
  expect(await askRandom()).toEqual(failed('20014'));
  expect(jsonOf(await download())).toEqual(failed('20012'));
  await expectWell();
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

test('a dripping download arrives whole in many pieces', async () => {
  const { expectWell, download, call } = await startWith({ kind: 'drip', chunkBytes: 500 });
  expect((await download()).body.equals(call.bytes)).toBe(true);
  await expectWell();
});

test('JSON comes as if it were audio', async () => {
  const { download, expectWell } = await startWith({ kind: 'json-instead-of-audio', errno: '20006' });
  const answered = await download();
  expect(answered.status).toBe(200);
  expect(answered.headers['content-type']).toBe('audio/x-wav');
  expect(jsonOf(answered)).toEqual(failed('20006'));
  await expectWell();
});

test('JSON comes as JSON when asked for', async () => {
  const contentType = 'application/json';
  const { download } = await startWith({ kind: 'json-instead-of-audio', errno: '20006', contentType });
  expect((await download()).headers['content-type']).toBe(contentType);
});

test.each([
  [{ kind: 'html-instead-of-audio' }, '<html><body>Please log in</body></html>'],
  [{ kind: 'text-instead-of-audio' }, 'file not found'],
  [{ kind: 'text-instead-of-audio', text: 'RIFF' }, 'RIFF'],
  [{ kind: 'empty-body' }, ''],
] as const)('%o comes as audio', async (misbehaviour, body) => {
  const { download, expectWell } = await startWith(misbehaviour);
  const answered = await download();
  expect(answered.headers['content-type']).toBe('audio/x-wav');
  expect(answered.headers['content-length']).toBe(String(body.length));
  expect(answered.body.toString()).toBe(body);
  await expectWell();
});

test('an HTTP 500 is HTML', async () => {
  const { download, expectWell } = await startWith({ kind: 'http-500' });
  const answered = await download();
  expect(answered).toMatchObject({ status: 500, headers: { 'content-type': 'text/html' } });
  await expectWell();
});

test('a redirect points elsewhere', async () => {
  const { download, expectWell } = await startWith({ kind: 'http-redirect', location: 'https://127.0.0.2/' });
  expect(await download()).toMatchObject({ status: 302, headers: { location: 'https://127.0.0.2/' } });
  await expectWell();
});

test('a recording not ready yet is missing at get_random, and there the next time', async () => {
  const { askRandom, expectWell } = await startWith({ kind: 'not-ready', times: 2 });
  expect(await askRandom()).toEqual(failed('20014'));
  expect(await askRandom()).toEqual(failed('20014'));
  await expectWell();
});

test('a recording may be missing only at the download', async () => {
  const { download, expectWell } = await startWith({ kind: 'not-ready', at: 'download' });
  expect(jsonOf(await download())).toEqual(failed('20014'));
  await expectWell();
});

test('a deleted recording stays deleted', async () => {
  const { askRandom } = await startWith({ kind: 'deleted' });
  for (let i = 0; i < 5; i++) expect(await askRandom()).toEqual(failed('20014'));
});

test('a refused random is gone, a fresh one works', async () => {
  const { download, expectWell } = await startWith({ kind: 'random-refused' });
  expect(jsonOf(await download())).toEqual(failed('20012'));
  await expectWell();
});

test('the token may die just before get_random', async () => {
  const { askRandom, relogin, expectWell } = await startWith({ kind: 'token-dropped', at: 'get_random' });
  expect(await askRandom()).toEqual(failed('20004'));
  expect(await askRandom()).toEqual(failed('20004'));
  await relogin();
  await expectWell();
});

test('the token may die just before the download', async () => {
  const { download, relogin, expectWell } = await startWith({ kind: 'token-dropped' });
  expect(jsonOf(await download())).toEqual(failed('20004'));
  await relogin();
  await expectWell();
});

test('too great a length ends the connection early', async () => {
  const { raw, call, download } = await startWith({ kind: 'wrong-length', delta: 10, times: 2 });
  expect((await download()).error).toMatchObject({ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' });
  const { head, body } = await raw();
  expect(head).toContain(`Content-Length: ${call.bytes.length + 10}`);
  expect(body.equals(call.bytes)).toBe(true);
});

test('too small a length is followed by more bytes', async () => {
  const { raw, call, expectWell } = await startWith({ kind: 'wrong-length', delta: -10 });
  const { head, body } = await raw();
  expect(head).toContain(`Content-Length: ${call.bytes.length - 10}`);
  expect(body.equals(call.bytes)).toBe(true);
  await expectWell();
});

test.each(['get_random', 'download'] as const)('the PBX may hang up before it answers %s', async (at) => {
  const { download, expectWell } = await startWith({ kind: 'hang-up-before-reply', at });
  await expect(download()).rejects.toMatchObject({
    code: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/),
  });
  await expectWell();
});

test('misbehaviours can be planned for a recording that exists', async () => {
  const { pbx, call, download, expectWell } = await startWith([]);
  await expectWell();
  pbx.misbehave(call.recording, { kind: 'http-500' });
  expect((await download()).status).toBe(500);
});

test('downloads at the same time are counted', async () => {
  const { pbx, download, waitForEvent, events } = await startWith({ kind: 'stall', times: 2 });
  const stalled = [download(), download()];
  await waitForEvent('download-started');
  while (events.filter(({ type }) => type === 'download-started').length < 2) await new Promise(setImmediate);
  expect(pbx.stats).toMatchObject({ concurrentDownloads: 2, maxConcurrentDownloads: 2 });
  await pbx.close();
  await Promise.allSettled(stalled);
  expect(pbx.stats.concurrentDownloads).toBe(0);
});
