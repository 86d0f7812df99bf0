import { isUnanswered } from '../jobs/job.ts';
import { type Cdr, callOf } from '../reports/cdr.ts';
import { findCallEnd } from './call-end.ts';

/** A recording in the call log. A transferred call has several rows with the same name. */
export interface Recorded {
  /** The row with the longest conversation. */
  cdr: Cdr;
  /** When the last call with this name ended (epoch ms), if known. */
  endedAt: number | undefined;
  /** Whether another one ended before. */
  hasSeveralEnds: boolean;
}

/** Adds a row to those of its recording. */
export function addRow(recorded: Map<string, Recorded>, name: string, cdr: Cdr, timeZone: string): void {
  const end = findCallEnd(cdr, timeZone);
  const known = recorded.get(name);
  if (known === undefined) {
    recorded.set(name, { cdr, endedAt: end, hasSeveralEnds: false });
    return;
  }
  const ends = [known.endedAt, end].filter((time) => time !== undefined);
  recorded.set(name, {
    cdr: talkOf(cdr) > talkOf(known.cdr) ? cdr : known.cdr,
    endedAt: ends.length === 0 ? undefined : Math.max(...ends),
    hasSeveralEnds: known.hasSeveralEnds || new Set(ends).size > 1,
  });
}

/** Seconds of conversation; less than none if nobody answered. */
function talkOf(cdr: Cdr): number {
  const call = callOf(cdr);
  return isUnanswered(call) ? -1 : Number(call.talkSeconds) || 0;
}

/**
 * Whether the object lacks the end of a transferred call, or is of an earlier call with the same name. Of a single call
 * this is not asked: its recording was announced after its end, so only the clock of the PBX can be wrong. An end in
 * the future says that it is.
 */
export const isWrittenBeforeEnd = (
  writtenAt: number | undefined,
  { endedAt, hasSeveralEnds }: Recorded,
  now: number,
) =>
  writtenAt !== undefined && endedAt !== undefined && hasSeveralEnds && writtenAt < endedAt && endedAt <= now;
