import { type Call, isUnanswered } from '../jobs/call.ts';

/** A recording in the call log. A transferred call has several rows with the same name. */
export interface Recorded {
  /** The row with the longest conversation. If several calls have had the name, a row of the last one. */
  call: Call;
  /** When that row's call ended (epoch ms), if known. */
  callEndedAt: number | undefined;
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
  { call, endedAt, listedBytes }: Omit<Recorded, 'callEndedAt' | 'hasSeveralEnds'>,
): void {
  const known = recorded.get(name);
  if (known === undefined) {
    recorded.set(name, { call, callEndedAt: endedAt, endedAt, hasSeveralEnds: false, listedBytes });
    return;
  }
  const ends = [known.endedAt, endedAt].filter((time) => time !== undefined);
  const row = { call, callEndedAt: endedAt };
  const { call: chosen, callEndedAt } = isPreferred(row, known) ? row : known;
  recorded.set(name, {
    call: chosen,
    callEndedAt,
    endedAt: ends.length === 0 ? undefined : Math.max(...ends),
    hasSeveralEnds: known.hasSeveralEnds || new Set(ends).size > 1,
    listedBytes,
  });
}

type Row = Pick<Recorded, 'call' | 'callEndedAt'>;

/** A recording is of the last call that was answered; of its rows, the one with the longest conversation counts. */
function isPreferred(row: Row, known: Row): boolean {
  if (isUnanswered(row.call) || isUnanswered(known.call) || !areOfTwoCalls(row, known))
    return talkOf(row.call) > talkOf(known.call);
  return (row.callEndedAt ?? 0) > (known.callEndedAt ?? 0);
}

/** The legs of a transferred call follow each other at once. */
const MAX_GAP_MS = 10 * 60_000;

function areOfTwoCalls(...rows: Row[]): boolean {
  const [first, last] = rows.toSorted((one, other) => (one.callEndedAt ?? 0) - (other.callEndedAt ?? 0));
  if (first?.callEndedAt === undefined || last?.callEndedAt === undefined) return false;
  return last.callEndedAt - 1000 * talkOf(last.call) - first.callEndedAt > MAX_GAP_MS;
}

/** Seconds of conversation; less than none if nobody answered. */
const talkOf = (call: Call) => (isUnanswered(call) ? -1 : Number(call.talkSeconds) || 0);

/**
 * Whether the object lacks the end of a transferred call, or belongs to an earlier call with the same name. Never true
 * of a single call: its recording was announced after its end, so if the times say otherwise, the clock of the PBX is
 * wrong. An end in the future means the same.
 */
export const isWrittenBeforeEnd = (
  writtenAt: number | undefined,
  { endedAt, hasSeveralEnds }: Recorded,
  now: number,
) =>
  writtenAt !== undefined && endedAt !== undefined && hasSeveralEnds && writtenAt < endedAt && endedAt <= now;
