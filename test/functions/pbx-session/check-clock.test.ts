import * as v from 'valibot';
import { expect, test } from 'vitest';
import { lookAtDevice } from '../../../functions/pbx-session/look-at-device.ts';
import { pbxSchema } from '../../../functions/shared/config/pbx-registry.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { createPbxClient } from '../../../functions/shared/pbx/family-clients.ts';
import { metricsFor } from '../../../functions/shared/telemetry/metrics.ts';
import { startPbxHarness } from '../../infra/simulated-pbx/harness.ts';
import { captureLog } from '../capture-log.ts';
import { startSession } from '../shared/session/session-harness.ts';

const lines = captureLog();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A PBX in Kathmandu whose clock is ahead of ours by `aheadMs`. */
async function start(aheadMs: number) {
  const { pbx, clock } = await startPbxHarness({ timeZone: 'Asia/Kathmandu' });
  const settings = v.parse(pbxSchema, {
    baseUrl: pbx.url,
    reportUrl: 'http://127.0.0.1:9',
    credentialsSecret: 'pbx/test',
    sessionSecret: 'session/test',
    queueName: 'test',
    timeZone: 'Asia/Kathmandu',
    tls: { fingerprint256: pbx.fingerprint256 },
  });
  const client = createPbxClient(settings);
  const { session } = await startSession(client, { clock });
  const look = () => lookAtDevice('test', { client, session, settings }, () => clock.now - aheadMs);
  const check = async () => (await look()).skewSeconds;
  return { pbx, clock, client, session, look, check };
}

const warnings = () => lines.filter(({ event }) => event === 'pbx-clock-wrong');

test('a PBX that is back at the year 2000 after a power cut is noticed, and works as before', async () => {
  const now = Date.now();
  const { session, pbx, clock, check } = await start(Date.UTC(2000, 0, 1) - now);
  clock.now = Date.UTC(2000, 0, 1);
  expect(await session.keepAlive()).toBe('logged-in');
  await check();
  const [warning, ...others] = warnings();
  expect(others).toEqual([]);
  const skewSeconds = Math.round((Date.UTC(2000, 0, 1) - now) / 1000);
  expect(warning).toMatchObject({ level: 'warn', pbx: 'test', skewSeconds });
  expect(metricsFor(warning ?? { level: 'info', event: 'archived' })).toEqual([
    { dimensions: [{}, { pbx: 'test' }], values: [{ name: 'ClockSkew', value: -skewSeconds }] },
  ]);
  expect(pbx.stats.logins).toBe(1);
});

test.each([-HOUR_MS, -6 * MINUTE_MS, 6 * MINUTE_MS, HOUR_MS])(
  'a clock that is ahead by %d ms is wrong',
  async (aheadMs) => {
    const { check } = await start(aheadMs);
    expect(await check()).toBe(aheadMs / 1000);
    expect(warnings()).toMatchObject([{ skewSeconds: aheadMs / 1000 }]);
  },
);

test.each([-5 * MINUTE_MS, 0, 5 * MINUTE_MS])('a clock that is ahead by %d ms is right', async (aheadMs) => {
  const { check } = await start(aheadMs);
  expect(await check()).toBe(aheadMs / 1000);
  expect(warnings()).toEqual([]);
});

test.each([
  ['a PBX without this request', new ArchiveError('pbx-10003', 'Not supported.')],
  ['a connection that breaks', new ArchiveError('pbx-connection', 'Broken.')],
  ['a PBX that does not show its time', { sn: '369362089179' }],
])('nothing is claimed about %s', async (_name, response) => {
  const { client, check } = await start(HOUR_MS);
  client.deviceInfo = async () => {
    if (response instanceof Error) throw response;
    return response;
  };
  expect(await check()).toBeUndefined();
  expect(warnings()).toEqual([]);
});

test('a clock that is right, but in another time zone than the configured one, is told from a wrong one', async () => {
  const { client, clock, check, look } = await start(0);
  const said = (timestamp: number) => ({
    // Berlin, instead of Kathmandu.
    systemtime: new Date(clock.now + HOUR_MS).toISOString().slice(0, 19).replace('T', ' '),
    timestamp: Math.floor(timestamp / 1000),
  });
  client.deviceInfo = async () => said(clock.now);
  expect(await look()).toEqual({ skewSeconds: await check(), isZoneWrong: true });
  expect(warnings()[0]).toMatchObject({
    timeZone: 'Asia/Kathmandu',
    isZoneWrong: true,
    message: expect.stringMatching(/clock of the PBX is right.*timeZone/),
  });
  client.deviceInfo = async () => said(clock.now - 5 * HOUR_MS);
  expect(await look()).toEqual({ skewSeconds: expect.any(Number) });
  expect(warnings().at(-1)).toMatchObject({ message: expect.stringMatching(/clock of the PBX is wrong/) });
  expect(warnings().at(-1)).not.toHaveProperty('isZoneWrong');
});

test('a clock whose display is not understood is read from its Unix seconds, if the PBX shows them', async () => {
  const { client, clock, check } = await start(0);
  const at = (ms: number) => ({ systemtime: '3rd moon', timestamp: Math.floor((clock.now + ms) / 1000) });
  client.deviceInfo = async () => at(0);
  expect(Math.abs((await check()) ?? HOUR_MS)).toBeLessThanOrEqual(1);
  client.deviceInfo = async () => at(HOUR_MS);
  expect(await check()).toBeGreaterThanOrEqual(3599);
  expect(warnings()).toHaveLength(1);
});
