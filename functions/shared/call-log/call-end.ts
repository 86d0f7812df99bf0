import { Temporal } from 'temporal-polyfill';
import type { Cdr } from '../reports/cdr.ts';

/** The furthest that two time zones are apart. */
const MAX_ZONE_ERROR_MS = 26 * 3_600_000;

/** When the call ended, in epoch ms, or `undefined` where the CDR does not say. */
export function findCallEnd(cdr: Cdr, timeZone: string): number | undefined {
  const beginning = findBeginning(cdr, timeZone);
  return beginning === undefined ? undefined : beginning + 1000 * durationOf(cdr);
}

/**
 * By all samples seen, the integer part of a call id is the UTC epoch second at which the call began. It is believed
 * unless `timestart` says something that no error in a time zone explains.
 */
function findBeginning({ callid = '', timestart = '' }: Cdr, timeZone: string): number | undefined {
  const [, seconds] = /^(\d{10})\./.exec(callid) ?? [];
  const told = toEpochMs(timestart, timeZone);
  if (seconds === undefined) return told;
  const byId = Number(seconds) * 1000;
  return told === undefined || Math.abs(told - byId) <= MAX_ZONE_ERROR_MS ? byId : told;
}

/** `yyyy-MM-dd HH:mm:ss`, of an hour that daylight saving repeats the later one. */
function toEpochMs(local: string, timeZone: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(local)) return undefined;
  try {
    const time = Temporal.PlainDateTime.from(local.replace(' ', 'T'));
    return time.toZonedDateTime(timeZone, { disambiguation: 'later' }).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** The ringing included. What is no number of seconds, or more than eleven days, counts as none. */
function durationOf({ callduration, callduraction }: Cdr): number {
  const text = callduration ?? callduraction ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}
