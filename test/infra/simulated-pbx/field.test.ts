import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startPbxHarness } from './harness.ts';

const CALL = { from: '1001', to: '1002' } as const;
const DAY = { extid: 'all', starttime: '2024-05-17 00:00:00', endtime: '2024-05-17 23:59:59' };

describe('compressed files', () => {
  test.each([
    ['gzip', 'gzip', gunzipSync],
    ['gzip-unannounced', undefined, gunzipSync],
    ['deflate', 'deflate', inflateSync],
    ['br', 'br', brotliDecompressSync],
  ] as const)(
    'with %s have Content-Encoding %s, and the length of what is sent',
    async (compression, told, decompress) => {
      const { pbx, client } = await startPbxHarness({ compression });
      const call = pbx.makeCall(CALL);
      const { headers, body } = await client.download(call.recording, await client.login());
      expect(headers['content-encoding']).toBe(told);
      expect(headers['content-length']).toBe(String(body.length));
      expect(decompress(body).equals(call.bytes)).toBe(true);
    },
  );

  test('include the errors that are sent instead of recordings', async () => {
    const { pbx, client } = await startPbxHarness({ compression: 'gzip' });
    const misbehaviour = { kind: 'json-instead-of-audio', errno: '20006', padding: '\0' } as const;
    const call = pbx.makeCall({ ...CALL, misbehaviour });
    const { body } = await client.download(call.recording, await client.login());
    expect(gunzipSync(body).toString()).toBe('{"status":"Failed","errno":"20006"}\0');
  });
});

test.each(['20012', '20014'] as const)(
  'while its storage is away, every recording is refused with %s',
  async (errno) => {
    const { pbx, client } = await startPbxHarness();
    const call = pbx.makeCall(CALL);
    const token = await client.login();
    const random = await client.random(call.recording, token);
    const refusal = { status: 'Failed', errno };
    const ask = () => client.post('recording/get_random', { recording: call.recording }, { token });
    pbx.takeStorageAway(errno);
    expect(await ask()).toEqual(refusal);
    const { body } = await client.get('recording/download', { recording: call.recording, random, token });
    expect(JSON.parse(body.toString())).toEqual(refusal);
    pbx.returnStorage();
    expect(await ask()).toMatchObject({ status: 'Success' });
  },
);

test('JSON responses may have NULs behind them', async () => {
  const { client } = await startPbxHarness({ padding: '\0\0' });
  const token = { token: 'unknown' };
  const { body } = await client.send('POST', 'heartbeat', token, '{}', {
    'content-type': 'application/json',
  });
  expect(body.toString()).toBe('{"status":"Failed","errno":"20004"}\0\0');
});

test('a call log may be that of another writer, and a recording may have another extension', async () => {
  const writeCdrs = (csv: string) => csv.replaceAll('\n', '\r\n');
  const { pbx, client } = await startPbxHarness({ writeCdrs });
  const { recording } = pbx.makeCall({ ...CALL, extension: 'gsm' });
  const token = await client.login();
  const { random } = await client.post('cdr/get_random', DAY, { token });
  const { body } = await client.get('cdr/download', { ...DAY, random: String(random), token });
  const [, row] = body.toString().split('\r\n');
  expect(row).toContain(recording);
  expect(recording).toMatch(/-Internal\.gsm$/);
});
