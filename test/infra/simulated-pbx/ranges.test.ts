import { describe, expect, test } from 'vitest';
import type { Misbehaviour, SimulatedPbxOptions } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { jsonOf, startPbxHarness } from './harness.ts';

/** A PBX with one recording; `ask` requests a range of it, `whole` all of it. */
async function startWithCall(options: SimulatedPbxOptions = {}, misbehaviour: Misbehaviour[] = []) {
  const { pbx, client } = await startPbxHarness(options);
  const call = pbx.makeCall({ from: '1001', to: '1002', talkSeconds: 1, misbehaviour });
  const token = await client.login();
  async function ask(range: string) {
    const query = { recording: call.recording, random: await client.random(call.recording, token), token };
    return client.send('GET', 'recording/download', query, undefined, { range });
  }
  return { call, ask, size: call.bytes.length, whole: () => client.download(call.recording, token) };
}

test('every download announces that ranges are accepted', async () => {
  for (const ranges of ['honoured', 'ignored', 'wrong'] as const) {
    const { whole, call } = await startWithCall({ ranges });
    const response = await whole();
    expect(response).toMatchObject({ status: 200, headers: { 'accept-ranges': 'bytes' } });
    expect(response.headers).not.toHaveProperty('content-range');
    expect(response.body.equals(call.bytes)).toBe(true);
  }
});

describe('a PBX that honours ranges', () => {
  test('sends the rest of the file', async () => {
    const { ask, call, size } = await startWithCall();
    for (const start of [0, 1, 5000, size - 1]) {
      const response = await ask(`bytes=${start}-`);
      expect(response.status).toBe(206);
      expect(response.headers).toMatchObject({
        'content-range': `bytes ${start}-${size - 1}/${size}`,
        'content-length': String(size - start),
        'content-type': 'audio/x-wav',
      });
      expect(response.body.equals(call.bytes.subarray(start))).toBe(true);
    }
  });

  test('rejects a range after the end of the file', async () => {
    const { ask, size } = await startWithCall();
    const response = await ask(`bytes=${size}-`);
    expect(response).toMatchObject({ status: 416, headers: { 'content-range': `bytes */${size}` } });
    expect(response.body).toHaveLength(0);
  });

  test('gives the range even without a Content-Length', async () => {
    const { ask, call, size } = await startWithCall({ contentLength: false });
    const response = await ask('bytes=100-');
    expect(response.headers).toMatchObject({ 'content-range': `bytes 100-${size - 1}/${size}` });
    expect(response.headers).not.toHaveProperty('content-length');
    expect(response.body.equals(call.bytes.subarray(100))).toBe(true);
  });
});

test('a PBX that ignores ranges sends the whole file', async () => {
  const { ask, call } = await startWithCall({ ranges: 'ignored' });
  const response = await ask('bytes=100-');
  expect(response.status).toBe(200);
  expect(response.headers).not.toHaveProperty('content-range');
  expect(response.body.equals(call.bytes)).toBe(true);
});

test('a PBX with wrong ranges sends another range, and says so', async () => {
  const { ask, call, size } = await startWithCall({ ranges: 'wrong' });
  const response = await ask('bytes=100-');
  expect(response).toMatchObject({
    status: 206,
    headers: { 'content-range': `bytes 101-${size - 1}/${size}` },
  });
  expect(response.body.equals(call.bytes.subarray(101))).toBe(true);
});

describe('a misbehaving response to a range request', () => {
  test('is cut after the given number of bytes', async () => {
    const cut = { kind: 'cut', afterBytes: 300, how: 'fin' } as const;
    const { ask, call, size } = await startWithCall({}, [cut]);
    const response = await ask('bytes=1000-');
    expect(response).toMatchObject({ status: 206, headers: { 'content-length': String(size - 1000) } });
    expect(response.error).toMatchObject({ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' });
    expect(response.body.equals(call.bytes.subarray(1000, 1300))).toBe(true);
  });

  test('arrives whole in small pieces', async () => {
    const { ask, call } = await startWithCall({}, [{ kind: 'drip', chunkBytes: 500 }]);
    expect((await ask('bytes=1000-')).body.equals(call.bytes.subarray(1000))).toBe(true);
  });

  test('has a wrong Content-Length', async () => {
    const { ask, size } = await startWithCall({}, [{ kind: 'wrong-length', delta: 10 }]);
    const response = await ask('bytes=1000-');
    expect(response.headers).toMatchObject({ 'content-length': String(size - 1000 + 10) });
    expect(response.error).toBeDefined();
  });

  test('is an error with status 200 instead', async () => {
    const { ask } = await startWithCall({}, [{ kind: 'json-instead-of-audio', errno: '20006' }]);
    const response = await ask('bytes=1000-');
    expect(response.status).toBe(200);
    expect(response.headers).not.toHaveProperty('content-range');
    expect(jsonOf(response)).toEqual({ status: 'Failed', errno: '20006' });
  });
});
