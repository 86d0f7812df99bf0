import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { startPbxHarness } from '../../../../infra/simulated-pbx/harness.ts';
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
const WINDOW = { starttime: '2018-11-07 00:00:00', endtime: '2019-02-18 23:59:59' };

async function start(settings: object = {}, download: Responder = respondWith('callid\n')) {
  const server = await startScriptedPbx((response, seen) =>
    (seen.path.endsWith('/get_random') ? success({ random: RANDOM }) : download)(response, seen),
  );
  return { server, client: clientOf(server.url, settings) };
}

const bodyOf = (seen: ReceivedRequest | undefined): unknown => JSON.parse(seen?.body ?? '');

/** The fields of a query, strictly percent-decoded: a `+` stays a `+`. */
const fieldsOf = (seen: ReceivedRequest | undefined) =>
  Object.fromEntries((seen?.query ?? '').split('&').map((pair) => pair.split('=').map(decodeURIComponent)));

describe('a CDR file', () => {
  test('is requested by its window, for all extensions, then downloaded with the random string', async () => {
    const { server, client } = await start();
    expect(await text(await client.openCdrs(TOKEN, WINDOW))).toBe('callid\n');
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1.1.0/cdr/get_random',
      'GET /api/v1.1.0/cdr/download',
    ]);
    expect(fieldsOf(server.seen[0])).toEqual({ token: TOKEN });
    expect(bodyOf(server.seen[0])).toStrictEqual({ extid: 'all', ...WINDOW });
    expect(fieldsOf(server.seen[1])).toEqual({ extid: 'all', ...WINDOW, random: RANDOM, token: TOKEN });
    // A space must not be sent as a plus, which not every server decodes.
    expect(server.seen[1]?.query).not.toContain('+');
  });

  test('is requested with the name that API v2 has for the extensions', async () => {
    const { server, client } = await start({ apiVersion: 'v2.0.0' });
    await text(await client.openCdrs(TOKEN, WINDOW));
    expect(server.seen[1]?.path).toBe('/api/v2.0.0/cdr/download');
    expect(bodyOf(server.seen[0])).toStrictEqual({ number: 'all', ...WINDOW });
    expect(fieldsOf(server.seen[1])).toEqual({ number: 'all', ...WINDOW, random: RANDOM, token: TOKEN });
  });

  test('is requested with the allowed IP address if one is configured', async () => {
    const { server, client } = await start({ allowedIp: '203.0.113.7' });
    await text(await client.openCdrs(TOKEN, WINDOW));
    expect(bodyOf(server.seen[0])).toStrictEqual({ extid: 'all', ...WINDOW, allowedip: '203.0.113.7' });
    expect(fieldsOf(server.seen[1])).not.toHaveProperty('allowedip');
  });

  test('is not read from the target of a redirect', async () => {
    const location = 'http://127.0.0.1:9/';
    const { server, client } = await start({}, (response) => response.writeHead(302, { location }).end());
    await expect(client.openCdrs(TOKEN, WINDOW)).rejects.toMatchObject({ code: 'pbx-http-status' });
    expect(server.seen).toHaveLength(2);
  });

  test.each(['v1.1.0', 'v2.0.0'] as const)('is read from a PBX with API %s', async (apiVersion) => {
    const { pbx, client: other } = await startPbxHarness({ apiVersion });
    const call = pbx.makeCall({ from: '1001', to: '1003', startedAt: Date.UTC(2019, 0, 1) });
    const client = clientOf(pbx.url, { apiVersion, tls: { fingerprint256: pbx.fingerprint256 } });
    expect(await text(await client.openCdrs(await other.login(), WINDOW))).toContain(call.recording);
  });
});
