import { findCallStart } from '../call-start.ts';
import type { Cdr } from './cdr.ts';

/** When the call ended (epoch ms), or `undefined` if the CDR does not say. */
export function findCallEnd(cdr: Cdr, timeZone: string): number | undefined {
  const { callid = '', timestart = '' } = cdr;
  const start = findCallStart(callid, timestart, timeZone);
  return start === undefined ? undefined : start + 1000 * durationSeconds(cdr);
}

/** Includes the ringing. Anything but a number of at most six digits (eleven days) counts as 0. */
function durationSeconds({ callduration, callduraction }: Cdr): number {
  const text = callduration ?? callduraction ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}
