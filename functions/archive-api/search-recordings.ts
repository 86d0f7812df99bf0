import type * as v from 'valibot';
import { grantsOn, mayAnywhere, type Principal } from '../shared/access/principal.ts';
import type { AccessLog } from '../shared/access-log/access-log.ts';
import type { searchSchema } from '../shared/api/contract.ts';
import { type PbxRegistry, timeZoneOf } from '../shared/config/pbx-registry.ts';
import type { IndexReader } from '../shared/recording-index/index-reader.ts';
import { FIRST_KEY, type SearchWindow, searchIndex } from '../shared/recording-index/search.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, invalid } from './api.ts';
import type { Cursors } from './cursor.ts';
import { forbid } from './forbid.ts';
import { readInput } from './read-input.ts';
import { searchQuerySchema } from './search-query.ts';
import { windowFor } from './search-window.ts';

export interface SearchDeps {
  index: IndexReader;
  accessLog: AccessLog;
  registry: PbxRegistry;
  cursors: Cursors;
  now: () => number;
}

/** `GET /api/recordings` */
export async function searchRecordings(
  request: ApiRequest,
  principal: Principal,
  { index, accessLog, registry, cursors, now }: SearchDeps,
): Promise<ApiResponse> {
  if (!mayAnywhere(principal, 'listen')) return forbid(principal, request, accessLog);
  const parsed = readInput(searchQuerySchema, request.query);
  if ('refusal' in parsed) return parsed.refusal;
  const { cursor, limit, ...parameters } = parsed.input;
  const after = cursor === undefined ? undefined : await cursors.read(cursor, parameters);
  if (cursor !== undefined && after === undefined)
    return invalid('cursor', 'should be the cursor of a page of the same search');

  const asOf = after?.asOf ?? now();
  const mayFindIn = (id: string) => grantsOn(principal, 'listen', id).length > 0;
  const ids = parameters.pbx ?? Object.keys(registry).filter(mayFindIn);
  // A PBX that one may not see and one that does not exist are the same.
  if (!ids.every(mayFindIn)) return invalid('pbx', 'should be a PBX of which you may hear recordings');
  const windows = [...new Set(ids)].map((id) =>
    windowFor({ id, timeZone: timeZoneOf(registry, id) }, parameters, asOf),
  );
  if (windows.some(({ from, to }) => from >= to)) return invalid('to', 'should be later than from');

  const { number: numbers, callId, direction, type, minSeconds } = parameters;
  const filters = { numbers, callId, direction, type, minSeconds };
  const result = await searchIndex(index, { windows, filters, limit, after }, principal);
  const { recordings, position, looked, unreadable } = result;
  log(unreadable === 0 ? 'info' : 'warn', 'searched', { found: recordings.length, looked, unreadable });
  const next = position && (await cursors.create({ ...position, asOf }, parameters));
  return {
    status: 200,
    body: {
      recordings,
      searchedBackTo: position?.sk.slice(0, INSTANT_LENGTH) ?? beginningOf(windows),
      ...(next !== undefined && { cursor: next }),
    } satisfies v.InferOutput<typeof searchSchema>,
  };
}

const INSTANT_LENGTH = '2026-11-26T09:00:00.000Z'.length;

function beginningOf(windows: SearchWindow[]): string {
  const [first = FIRST_KEY] = windows.map(({ from }) => from).sort();
  return first === FIRST_KEY ? new Date(0).toISOString() : first;
}
