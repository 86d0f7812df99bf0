import type { Call } from '../jobs/job.ts';
import { findCallStart } from '../pbx/s-series/call-end.ts';

/** Call id and local time can differ by the largest difference between two time zones. */
const MAX_ZONE_ERROR_MS = 26 * 3_600_000;

const DATED_NAME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-/;

/** The PBX-local time with which a name begins, as a report would state it. */
function timeInName(recording: string): string | undefined {
  const [, year, month, day, ...time] = DATED_NAME.exec(recording) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day} ${time.join(':')}`;
}

/**
 * When the call began (epoch ms) as far as the name alone says: the epoch second in its call id, unless the time before
 * it contradicts that. Depends on nothing that can change, so the row's key can be found again by the name.
 */
export function callTimeInName(recording: string): number | undefined {
  const [, seconds] = /^\d{14}-(\d{10})\.\d/.exec(recording) ?? [];
  const local = timeInName(recording);
  if (seconds === undefined || local === undefined) return undefined;
  const byId = Number(seconds) * 1000;
  const byName = Date.parse(`${local.replace(' ', 'T')}Z`);
  return Math.abs(byName - byId) <= MAX_ZONE_ERROR_MS ? byId : undefined;
}

/** When the call began (epoch ms): by its id, else by the PBX's time zone, else when the object was written. */
export function findCallTime(
  recording: string,
  call: Call,
  { timeZone, writtenAt }: { timeZone: string; writtenAt: number },
): number {
  const timestart = call.start ?? timeInName(recording);
  return (
    callTimeInName(recording) ?? findCallStart({ callid: call.callId, timestart }, timeZone) ?? writtenAt
  );
}
