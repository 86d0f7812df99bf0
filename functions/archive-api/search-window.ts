import { Temporal } from 'temporal-polyfill';
import { isDay } from '../shared/call-log/windows.ts';
import { FIRST_KEY, LAST_KEY, type SearchWindow } from '../shared/recording-index/search.ts';
import type { SearchQuery } from './search-query.ts';

const DEFAULT_DAYS = 7;

/**
 * The time to search of a PBX. Days are those of its time zone, and the last one is included. Without `from`, it begins
 * seven days before its end; a call that is searched by its id is found however old it is. `asOf` (epoch ms): when the
 * search began, so that its later pages have the same window.
 */
export function windowFor(
  { id: pbx, timeZone }: { id: string; timeZone: string },
  { from, to, callId }: Pick<SearchQuery, 'from' | 'to' | 'callId'>,
  asOf: number,
): SearchWindow {
  const end = to === undefined ? undefined : toInstant(to, timeZone, 1);
  const start = from === undefined ? undefined : toInstant(from, timeZone, 0);
  const daysBefore = (end ?? asOf) - DEFAULT_DAYS * 24 * 3_600_000;
  return {
    pbx,
    from: start === undefined && callId !== undefined ? FIRST_KEY : toKey(start ?? daysBefore),
    // Without an end, also what a PBX with a wrong clock dates into the future.
    to: end === undefined ? LAST_KEY : toKey(end),
  };
}

/** Epoch ms of an instant, or of the beginning of a day, or of one that many days later. */
function toInstant(text: string, timeZone: string, daysLater: number): number {
  if (!isDay(text)) return Temporal.Instant.from(text).epochMilliseconds;
  return Temporal.PlainDate.from(text).add({ days: daysLater }).toZonedDateTime(timeZone).epochMilliseconds;
}

/** Years of more than four digits would not sort by time. No call is older than 1970. */
const toKey = (ms: number): string => new Date(Math.min(Math.max(ms, 0), Date.UTC(9999, 0))).toISOString();
