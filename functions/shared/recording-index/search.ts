import { grantsOn, may, type Principal } from '../access/principal.ts';
import type { IndexItem, IndexReader } from './index-reader.ts';
import { callKey, partyKey } from './keys.ts';
import { mergeStreams, type Position, type StreamSource } from './merge-streams.ts';
import { isSameNumber } from './phone-number.ts';
import type { IndexedRecording } from './row.ts';

/** Before all rows, and after all of them: their sort keys begin with a digit, those of other items with a letter. */
export const FIRST_KEY = '0';
export const LAST_KEY = ':';

/** Rows that one request may read. It bounds the time and the price of a search whose filters match little. */
const MAX_READS = 2000;

export interface SearchFilters {
  /** Of any party. One of them has to match. */
  readonly numbers?: readonly string[] | undefined;
  readonly callId?: string | undefined;
  /** `inbound`, `outbound` or `internal`. */
  readonly direction?: string | undefined;
  /** As the PBX reported it, in any case. */
  readonly type?: string | undefined;
  readonly minSeconds?: number | undefined;
}

/** The time to search of a PBX: ISO instants, the first included, the last excluded. */
export interface SearchWindow {
  readonly pbx: string;
  readonly from: string;
  readonly to: string;
}

export interface Search {
  readonly windows: readonly SearchWindow[];
  readonly filters: SearchFilters;
  readonly limit: number;
  /** Only what comes after this row. */
  readonly after: Position | undefined;
}

export interface SearchResult {
  recordings: IndexedRecording[];
  /** The last row that was looked at; `undefined` if the search has reached its end. */
  position: Position | undefined;
  /** Rows that were looked at, and those of them that this version cannot read. */
  looked: number;
  unreadable: number;
}

/** The partitions of the index that have all rows which a search can find. */
export function sourcesOf({ windows, filters }: Search, principal: Principal): StreamSource[] {
  return windows.flatMap(({ pbx, from, to }) => {
    const grants = grantsOn(principal, 'listen', pbx);
    if (grants.length === 0) return [];
    const inWindow = (index: 'byFrom' | 'byTo' | 'byCall' | undefined, value: string): StreamSource => ({
      partition: { pbx, value, ...(index !== undefined && { index }) },
      from,
      to,
    });
    const { callId, numbers } = filters;
    if (callId !== undefined) return [inWindow('byCall', callKey(pbx, callId))];
    // A person who may see a few extensions only needs only their rows.
    const isLimited = grants.every(({ extensions }) => extensions !== undefined);
    const parties = numbers ?? (isLimited ? grants.flatMap(({ extensions = [] }) => extensions) : undefined);
    if (parties === undefined) return [inWindow(undefined, pbx)];
    const keys = [...new Set(parties.map((number) => partyKey(pbx, number)))];
    return keys.flatMap((key) => [inWindow('byFrom', key), inWindow('byTo', key)]);
  });
}

/** One page of the recordings that match and that the person may see, newest first. */
export async function searchIndex(
  reader: IndexReader,
  search: Search,
  principal: Principal,
  maxReads = MAX_READS,
): Promise<SearchResult> {
  const { limit, after } = search;
  const sources = sourcesOf(search, principal);
  const result: SearchResult = { recordings: [], position: undefined, looked: 0, unreadable: 0 };
  if (sources.length === 0) return result;
  const rows = await mergeStreams(reader, sources, { after, expected: limit, maxReads });
  let last: IndexItem | undefined;
  while (result.recordings.length < limit) {
    const item = await rows.next();
    if (item === undefined) break;
    last = item;
    result.looked += 1;
    const { recording } = item;
    if (recording === undefined) result.unreadable += 1;
    else if (matches(recording, search.filters) && may(principal, 'listen', recording))
      result.recordings.push(recording);
  }
  if (!rows.hasEnded() && last !== undefined) result.position = { sk: last.sk, pbx: last.pbx };
  return result;
}

function matches(recording: IndexedRecording, filters: SearchFilters): boolean {
  const { from, to, type = '', seconds, callId } = recording;
  const { numbers, minSeconds } = filters;
  const isType = (wanted: string | undefined) =>
    wanted === undefined || type.toLowerCase() === wanted.toLowerCase();
  const isParty = (number: string) =>
    [from, to].some((party) => party !== undefined && isSameNumber(number, party));
  return (
    isType(filters.direction) &&
    isType(filters.type) &&
    (filters.callId === undefined || callId === filters.callId) &&
    (minSeconds === undefined || (seconds !== undefined && seconds >= minSeconds)) &&
    (numbers === undefined || numbers.some(isParty))
  );
}
