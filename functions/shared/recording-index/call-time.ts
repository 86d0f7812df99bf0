import { Temporal } from 'temporal-polyfill';
import type { Call } from '../jobs/job.ts';

/** Call id and local time can differ by the largest difference between two time zones. */
const MAX_ZONE_ERROR_MS = 26 * 3_600_000;

/** The PBX-local time with which a name begins, as a report would state it. */
function timeInName(recording: string): string | undefined {
  const [, year, month, day, ...time] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-/.exec(recording) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day} ${time.join(':')}`;
}

/** The epoch second with which a call id begins, in ms. */
function timeOfCallId(callId: string | undefined): number | undefined {
  const [, seconds] = /^(\d{10})\.\d/.exec(callId ?? '') ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Reads `yyyy-MM-dd HH:mm:ss`. In an hour that daylight saving repeats, the later time is taken. */
function timeOfLocal(local: string | undefined, timeZone: string): number | undefined {
  if (local === undefined || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(local)) return undefined;
  try {
    const time = Temporal.PlainDateTime.from(local.replace(' ', 'T'));
    return time.toZonedDateTime(timeZone, { disambiguation: 'later' }).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** The call id is trusted unless it differs from the local time by more than a wrong time zone can explain. */
function choose(byId: number | undefined, byLocal: number | undefined): number | undefined {
  if (byId === undefined || byLocal === undefined) return byId ?? byLocal;
  return Math.abs(byLocal - byId) <= MAX_ZONE_ERROR_MS ? byId : byLocal;
}

/**
 * When the call began (epoch ms) as far as the name alone says: by its call id. Depends on nothing that can change, so
 * the row can be found again by the name.
 */
export function callTimeInName(recording: string): number | undefined {
  const [, callId] = /^\d{14}-([\d.]+)-/.exec(recording) ?? [];
  const [byId, byLocal] = [timeOfCallId(callId), timeOfLocal(timeInName(recording), 'UTC')];
  return byId !== undefined && byLocal !== undefined && choose(byId, byLocal) === byId ? byId : undefined;
}

/** When the call began (epoch ms): by its id, else by the PBX's time zone, else when the object was written. */
export function findCallTime(
  recording: string,
  { callId, start = timeInName(recording) }: Call,
  { timeZone, writtenAt }: { timeZone: string; writtenAt: number },
): number {
  return callTimeInName(recording) ?? choose(timeOfCallId(callId), timeOfLocal(start, timeZone)) ?? writtenAt;
}
