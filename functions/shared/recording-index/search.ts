import { grantsOn, may, type Principal } from '../access/principal.ts';
import type { IndexItem, IndexReader } from './index-reader.ts';
import { callKey, partyKey } from './keys.ts';
import { mergeStreams, type Position, type StreamSource } from './merge-streams.ts';
import { isSameNumber } from './phone-number.ts';
import type { IndexedRecording } from './row.ts';

/** Before all rows, and after all of them: their sort keys begin with a digit, those of other items with a letter. */
export const FIRST_KEY = '0';
export const LAST_KEY = ':';

/** What one request may cost, in time and in money. */
const LIMITS = {
  /** Rows to read. This ends a search whose filters match little. */
  maxReads: 2000,
  /** Partitions of extensions. Each costs at least one query, and roles may name thousands. */
  maxPartitions: 200,
};

export interface SearchFilters {
  /** Numbers of either party. One of them has to match. */
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

/** Partitions that together contain every row that a search can find. */
function sourcesOf(
  { windows, filters: { callId, numbers } }: Search,
  principal: Principal,
  maxPartitions: number,
): StreamSource[] {
  const readable = windows.filter(({ pbx }) => grantsOn(principal, 'listen', pbx).length > 0);
  const ownPartition = (window: SearchWindow) => inWindow(window, undefined, window.pbx);
  if (callId !== undefined)
    return readable.map((window) => inWindow(window, 'byCall', callKey(window.pbx, callId)));
  if (numbers !== undefined) return readable.flatMap((window) => partitionsOf(numbers, window));

  const byPbx = readable.map((window) => {
    const extensions = extensionsOf(principal, window.pbx);
    const own = ownPartition(window);
    return { own, sources: extensions === undefined ? [own] : partitionsOf(extensions, window) };
  });
  let total = byPbx.reduce((sum, { sources }) => sum + sources.length, 0);
  // The PBXs with the most extensions save the most queries. Their rows that the person may not hear are read, too, and
  // count towards the limit of rows; the other PBXs keep their short partitions.
  byPbx.sort((one, another) => another.sources.length - one.sources.length);
  return byPbx.flatMap(({ own, sources }) => {
    if (total <= maxPartitions) return sources;
    total += 1 - sources.length;
    return [own];
  });
}

function inWindow(
  { pbx, from, to }: SearchWindow,
  index: 'byFrom' | 'byTo' | 'byCall' | undefined,
  value: string,
): StreamSource {
  return { partition: { pbx, value, ...(index !== undefined && { index }) }, from, to };
}

function partitionsOf(parties: readonly string[], window: SearchWindow): StreamSource[] {
  const keys = [...new Set(parties.map((number) => partyKey(window.pbx, number)))];
  return keys.flatMap((key) => [inWindow(window, 'byFrom', key), inWindow(window, 'byTo', key)]);
}

/** The extensions whose calls the person may hear; `undefined` if they may hear those of all. */
function extensionsOf(principal: Principal, pbx: string): string[] | undefined {
  const grants = grantsOn(principal, 'listen', pbx);
  if (grants.some(({ extensions }) => extensions === undefined)) return undefined;
  return grants.flatMap(({ extensions = [] }) => extensions);
}

/** One page of the recordings that match and that the person may see, newest first. */
export async function searchIndex(
  reader: IndexReader,
  search: Search,
  principal: Principal,
  { maxReads, maxPartitions } = LIMITS,
): Promise<SearchResult> {
  const { limit, after } = search;
  const sources = sourcesOf(search, principal, maxPartitions);
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
