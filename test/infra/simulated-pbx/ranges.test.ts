import { describe, expect, test } from 'vitest';
import type { Misbehaviour, SimulatedPbxOptions } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { jsonOf, startPbxHarness } from './harness.ts';

/** A PBX with one recording; `from` asks for the rest of it. */
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

test('every download announces that ranges are taken', async () => {
  for (const ranges of ['honoured', 'ignored', 'wrong'] as const) {
    const { whole, call } = await startWithCall({ ranges });
    const answered = await whole();
    expect(answered).toMatchObject({ status: 200, headers: { 'accept-ranges': 'bytes' } });
    expect(answered.headers).not.toHaveProperty('content-range');
    expect(answered.body.equals(call.bytes)).toBe(true);
  }
});

describe('a PBX that honours ranges', () => {
  test('sends the file from there on', async () => {
    const { ask, call, size } = await startWithCall();
    for (const start of [0, 1, 5000, size - 1]) {
      const answered = await ask(`bytes=${start}-`);
      expect(answered.status).toBe(206);
      expect(answered.headers).toMatchObject({
        'content-range': `bytes ${start}-${size - 1}/${size}`,
        'content-length': String(size - start),
        'content-type': 'audio/x-wav',
      });
      expect(answered.body.equals(call.bytes.subarray(start))).toBe(true);
    }
  });

  test('refuses what is behind the end of the file', async () => {
    const { ask, size } = await startWithCall();
    const answered = await ask(`bytes=${size}-`);
    expect(answered).toMatchObject({ status: 416, headers: { 'content-range': `bytes */${size}` } });
    expect(answered.body).toHaveLength(0);
  });

  test('says the range without a length as well', async () => {
    const { ask, call, size } = await startWithCall({ contentLength: false });
    const answered = await ask('bytes=100-');
    expect(answered.headers).toMatchObject({ 'content-range': `bytes 100-${size - 1}/${size}` });
    expect(answered.headers).not.toHaveProperty('content-length');
    expect(answered.body.equals(call.bytes.subarray(100))).toBe(true);
  });
});

test('a PBX that ignores ranges sends all of the file', async () => {
  const { ask, call } = await startWithCall({ ranges: 'ignored' });
  const answered = await ask('bytes=100-');
  expect(answered.status).toBe(200);
  expect(answered.headers).not.toHaveProperty('content-range');
  expect(answered.body.equals(call.bytes)).toBe(true);
});

test('a PBX that mistakes ranges sends another one, and says so', async () => {
  const { ask, call, size } = await startWithCall({ ranges: 'wrong' });
  const answered = await ask('bytes=100-');
  expect(answered).toMatchObject({
    status: 206,
    headers: { 'content-range': `bytes 101-${size - 1}/${size}` },
  });
  expect(answered.body.equals(call.bytes.subarray(101))).toBe(true);
});

describe('what is misbehaved with a range', () => {
  test('is cut after so many bytes of the reply', async () => {
    const cut = { kind: 'cut', afterBytes: 300, how: 'fin' } as const;
    const { ask, call, size } = await startWithCall({}, [cut]);
    const answered = await ask('bytes=1000-');
    expect(answered).toMatchObject({ status: 206, headers: { 'content-length': String(size - 1000) } });
    expect(answered.error).toMatchObject({ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' });
    expect(answered.body.equals(call.bytes.subarray(1000, 1300))).toBe(true);
  });

  test('drips, and is whole', async () => {
    const { ask, call } = await startWithCall({}, [{ kind: 'drip', chunkBytes: 500 }]);
    expect((await ask('bytes=1000-')).body.equals(call.bytes.subarray(1000))).toBe(true);
  });

  test('has a length that is not its own', async () => {
    const { ask, size } = await startWithCall({}, [{ kind: 'wrong-length', delta: 10 }]);
    const answered = await ask('bytes=1000-');
    expect(answered.headers).toMatchObject({ 'content-length': String(size - 1000 + 10) });
    expect(answered.error).toBeDefined();
  });

  test('is an error in its place, with status 200', async () => {
    const { ask } = await startWithCall({}, [{ kind: 'json-instead-of-audio', errno: '20006' }]);
    const answered = await ask('bytes=1000-');
    expect(answered.status).toBe(200);
    expect(answered.headers).not.toHaveProperty('content-range');
    expect(jsonOf(answered)).toEqual({ status: 'Failed', errno: '20006' });
  });
});
