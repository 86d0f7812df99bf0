import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../../infra/simulated-pbx/certificate.ts';
import { identity } from '../../../infra/simulated-pbx/harness.ts';
import { clientOf, startScriptedPbx, success } from './scripted-pbx.ts';

const MIB = 1024 ** 2;
const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';

/** Opens a recording, of at most 2 MiB, at a PBX with TLS that responds with these headers and never with a body. */
async function open(status: number, headers: Record<string, string>, from = 0) {
  const responses: ServerResponse[] = [];
  const server = await startScriptedPbx((response, seen) => {
    if (seen.path.endsWith('/get_random')) return success({ random: 'random' })(response, seen);
    responses.push(response);
    return response.writeHead(status, headers).flushHeaders();
  }, identity);
  const tls = { fingerprint256: fingerprintOf(identity) };
  const client = clientOf(server.url, { tls, maxRecordingMiB: 2 });
  return { opening: client.openRecording('token', RECORDING, undefined, from), responses };
}

describe('a recording above the limit', () => {
  test.each<[string, number, Record<string, string>, number]>([
    ['its Content-Length', 200, { 'Content-Length': String(2 * MIB + 1) }, 0],
    ['the Content-Length of more than any disk holds', 200, { 'Content-Length': '999999999999999' }, 0],
    [
      'the Content-Length of a complete file in the place of a range',
      200,
      { 'Content-Length': '9999999' },
      MIB,
    ],
    ['its Content-Range', 206, { 'Content-Range': `bytes ${MIB}-${2 * MIB}/${2 * MIB + 1}` }, MIB],
  ])('is refused by %s, before a byte of it has arrived', async (_, status, headers, from) => {
    const { opening, responses } = await open(status, headers, from);
    await expect(opening).rejects.toMatchObject({ code: 'recording-too-large', kind: 'permanent' });
    const [response] = responses;
    if (response && !response.closed) await once(response, 'close');
    expect(response?.closed).toBe(true);
  });

  test('is refused with its size, the limit and the setting', async () => {
    const { opening } = await open(200, { 'Content-Length': '3000000' });
    await expect(opening).rejects.toThrow(/3000000 bytes.*2097152 \(maxRecordingMiB in cdk.json\)/);
  });
});

test('a recording of exactly the limit is accepted', async () => {
  const headers = { 'Content-Range': `bytes ${MIB}-${2 * MIB - 1}/${2 * MIB}` };
  const { opening } = await open(206, headers, MIB);
  const { body, ...source } = await opening;
  expect(source).toEqual({ start: MIB, totalBytes: 2 * MIB, maxBytes: 2 * MIB });
  body.destroy();
});
