import { type Call, isUnanswered } from '../jobs/job.ts';

/** A recording in the call log. A transferred call has several rows with the same name. */
export interface Recorded {
  /** The row with the longest conversation; that of the last call, if several have had the name. */
  call: Call;
  /** When the last call with this name ended (epoch ms), if known. */
  endedAt: number | undefined;
  /** Whether another one ended before. */
  hasSeveralEnds: boolean;
  /** Size of the file, if the PBX lists it. */
  listedBytes?: number | undefined;
}

/** Adds a row to those of its recording. */
export function addRow(
  recorded: Map<string, Recorded>,
  name: string,
  { call, endedAt, listedBytes }: Omit<Recorded, 'hasSeveralEnds'>,
): void {
  const known = recorded.get(name);
  if (known === undefined) {
    recorded.set(name, { call, endedAt, hasSeveralEnds: false, listedBytes });
    return;
  }
  const ends = [known.endedAt, endedAt].filter((time) => time !== undefined);
  recorded.set(name, {
    call: isPreferred({ call, endedAt }, known) ? call : known.call,
    endedAt: ends.length === 0 ? undefined : Math.max(...ends),
    hasSeveralEnds: known.hasSeveralEnds || new Set(ends).size > 1,
    listedBytes,
  });
}

/** A recording is of the last call that was answered; of its rows, the one with the longest conversation counts. */
function isPreferred(row: Pick<Recorded, 'call' | 'endedAt'>, known: Recorded): boolean {
  if (isUnanswered(row.call) || isUnanswered(known.call) || !isOtherCall(row, known))
    return talkOf(row.call) > talkOf(known.call);
  return (row.endedAt ?? 0) > (known.endedAt ?? 0);
}

/** The legs of a transferred call follow each other at once. */
const MAX_GAP_MS = 10 * 60_000;

function isOtherCall(...rows: Pick<Recorded, 'call' | 'endedAt'>[]): boolean {
  const [first, last] = rows.toSorted((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0));
  if (first?.endedAt === undefined || last?.endedAt === undefined) return false;
  return last.endedAt - 1000 * talkOf(last.call) - first.endedAt > MAX_GAP_MS;
}

/** Seconds of conversation; less than none if nobody answered. */
const talkOf = (call: Call) => (isUnanswered(call) ? -1 : Number(call.talkSeconds) || 0);

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
