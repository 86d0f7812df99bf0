import { Temporal } from 'temporal-polyfill';
import type { Cdr } from './cdr.ts';

/** The largest difference between two time zones. */
const MAX_ZONE_ERROR_MS = 26 * 3_600_000;

/** When the call ended (epoch ms), or `undefined` if the CDR does not say. */
export function findCallEnd(cdr: Cdr, timeZone: string): number | undefined {
  const start = findCallStart(cdr, timeZone);
  return start === undefined ? undefined : start + 1000 * durationSeconds(cdr);
}

/**
 * In all samples seen, the integer part of a call id is the UTC epoch second at which the call started. It is trusted
 * unless it differs from `timestart` by more than a wrong time zone can explain.
 */
function findCallStart({ callid = '', timestart = '' }: Cdr, timeZone: string): number | undefined {
  const [, seconds] = /^(\d{10})\./.exec(callid) ?? [];
  const byTimestart = toEpochMs(timestart, timeZone);
  if (seconds === undefined) return byTimestart;
  const byId = Number(seconds) * 1000;
  const isPlausible = byTimestart === undefined || Math.abs(byTimestart - byId) <= MAX_ZONE_ERROR_MS;
  return isPlausible ? byId : byTimestart;
}

/** Reads `yyyy-MM-dd HH:mm:ss`. In an hour that daylight saving repeats, the later time is taken. */
function toEpochMs(local: string, timeZone: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(local)) return undefined;
  try {
    const time = Temporal.PlainDateTime.from(local.replace(' ', 'T'));
    return time.toZonedDateTime(timeZone, { disambiguation: 'later' }).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** Includes the ringing. Anything but a number of at most six digits (eleven days) counts as 0. */
function durationSeconds({ callduration, callduraction }: Cdr): number {
  const text = callduration ?? callduraction ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}
