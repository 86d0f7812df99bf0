import { MAX_CLOCK_SKEW_SECONDS } from '../shared/config/limits.ts';
import { log } from '../shared/telemetry/log.ts';
import { findClockSkew, findTimestampSkew } from './clock-skew.ts';

export interface Clock {
  /** By how much it is ahead of ours (negative: behind). Absent if the PBX does not show its time. */
  skewSeconds?: number;
  /** The clock is right, but what it shows is not the time of the configured time zone. */
  isZoneWrong?: true;
}

const isWrong = (skewMs: number) => Math.abs(skewMs) > 1000 * MAX_CLOCK_SKEW_SECONDS;

/** Warns if the PBX's clock or time zone is wrong: reconciliation asks for calls by date, and would find none. */
export function checkClock(
  pbx: string,
  { systemtime, timestamp }: Record<string, unknown>,
  timeZone: string,
  now: number,
): Clock {
  const unixSkewMs = findTimestampSkew(timestamp, now);
  const skewMs = findClockSkew(systemtime, timeZone, now) ?? unixSkewMs;
  if (skewMs === undefined) return {};
  const skewSeconds = Math.round(skewMs / 1000);
  if (!isWrong(skewMs)) return { skewSeconds };
  const isZoneWrong = unixSkewMs !== undefined && !isWrong(unixSkewMs);
  log('warn', 'pbx-clock-wrong', {
    pbx,
    skewSeconds,
    timeZone,
    ...(isZoneWrong && { isZoneWrong }),
    message: isZoneWrong
      ? 'The clock of the PBX is right, but in another time zone than timeZone in cdk.json, so reconciliation may not ' +
        'find missed recordings. Correct timeZone, or the time zone of the PBX.'
      : 'The clock of the PBX is wrong, so reconciliation may not find missed recordings. Set the time server of the ' +
        'PBX, and compare its time zone with timeZone in cdk.json.',
  });
  return { skewSeconds, ...(isZoneWrong && { isZoneWrong }) };
}
