import { MAX_CLOCK_SKEW_SECONDS } from '../shared/config/limits.ts';
import { log } from '../shared/telemetry/log.ts';
import { findClockSkew, findTimestampSkew } from './clock-skew.ts';

/**
 * Warns if the PBX's clock is wrong: reconciliation asks for the call log by date, and would find nothing. Returns by how
 * many seconds the clock is ahead (negative: behind).
 */
export function checkClock(
  pbx: string,
  { systemtime, timestamp }: Record<string, unknown>,
  timeZone: string,
  now: number,
): number | undefined {
  // What it shows comes first: that also finds out that timeZone is wrong.
  const skewMs = findClockSkew(systemtime, timeZone, now) ?? findTimestampSkew(timestamp, now);
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
