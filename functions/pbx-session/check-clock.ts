import { MAX_CLOCK_SKEW_SECONDS } from '../shared/config/limits.ts';
import type { OpenPbx } from '../shared/session/pbxs.ts';
import { log } from '../shared/telemetry/log.ts';
import { findClockSkew } from './clock-skew.ts';

const TIMEOUT_MS = 10_000;

/**
 * Warns if the PBX's clock is wrong: reconciliation asks for the call log by date, and would find nothing. Never
 * rejects: a PBX that does not show its time, or not now, keeps its session. Returns by how many seconds the clock is
 * ahead (negative: behind).
 */
export async function checkClock(
  pbx: string,
  { client, session, settings }: OpenPbx,
  now: () => number,
): Promise<number | undefined> {
  const device = await session
    .current()
    .then(({ token }) => client.deviceInfo(token, AbortSignal.timeout(TIMEOUT_MS)))
    .catch(() => undefined);
  const skewMs = device && findClockSkew(device.systemtime, settings.timeZone, now());
  if (skewMs === undefined) return undefined;
  const skewSeconds = Math.round(skewMs / 1000);
  if (Math.abs(skewMs) <= 1000 * MAX_CLOCK_SKEW_SECONDS) return skewSeconds;
  log('warn', 'pbx-clock-wrong', {
    pbx,
    skewSeconds,
    message:
      'The clock of the PBX is wrong, so reconciliation may not find missed recordings. Set the time server of the ' +
      'PBX, and compare its time zone with timeZone in cdk.json.',
  });
  return skewSeconds;
}
