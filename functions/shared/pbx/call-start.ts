import { Temporal } from 'temporal-polyfill';

/** The largest difference between two time zones. */
const MAX_ZONE_ERROR_MS = 26 * 3_600_000;

/**
 * When a call started (epoch ms). In all samples seen, the integer part of a call id is the UTC epoch second of that. It
 * is trusted unless it differs from the PBX-local start by more than a wrong time zone can explain.
 */
export function findCallStart(callId: string, localStart: string, timeZone: string): number | undefined {
  const [, seconds] = /^(\d{10})\./.exec(callId) ?? [];
  const byLocalStart = toEpochMs(localStart, timeZone);
  if (seconds === undefined) return byLocalStart;
  const byId = Number(seconds) * 1000;
  const isPlausible = byLocalStart === undefined || Math.abs(byLocalStart - byId) <= MAX_ZONE_ERROR_MS;
  return isPlausible ? byId : byLocalStart;
}

/** Reads `yyyy-MM-dd HH:mm:ss`. In an hour that daylight saving repeats, the later time is taken. */
export function toEpochMs(local: string, timeZone: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(local)) return undefined;
  try {
    const time = Temporal.PlainDateTime.from(local.replace(' ', 'T'));
    return time.toZonedDateTime(timeZone, { disambiguation: 'later' }).epochMilliseconds;
  } catch {
    return undefined;
  }
}
