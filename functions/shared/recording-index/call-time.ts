import type { Call } from '../jobs/call.ts';
import { findCallStart, toEpochMs } from '../pbx/call-start.ts';

/** The PBX-local time with which a name begins, as a report would state it. */
function timeInName(recording: string): string | undefined {
  const [, year, month, day, ...time] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-/.exec(recording) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day} ${time.join(':')}`;
}

/**
 * When the call began (epoch ms) as far as the name alone says: by its call id. Depends on nothing that can change, so
 * the row can be found again by the name.
 */
export function callTimeInName(recording: string): number | undefined {
  const [, callId = ''] = /^\d{14}-([\d.]+)-/.exec(recording) ?? [];
  const local = timeInName(recording) ?? '';
  if (toEpochMs(local, 'UTC') === undefined) return undefined;
  const byId = findCallStart(callId, '', 'UTC');
  return findCallStart(callId, local, 'UTC') === byId ? byId : undefined;
}

/** When the call began (epoch ms): by its id, else by the PBX's time zone, else when the object was written. */
export function findCallTime(
  recording: string,
  { callId = '', start = timeInName(recording) ?? '' }: Call,
  { timeZone, writtenAt }: { timeZone: string; writtenAt: number },
): number {
  return callTimeInName(recording) ?? findCallStart(callId, start, timeZone) ?? writtenAt;
}
