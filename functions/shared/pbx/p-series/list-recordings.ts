import { addRow } from '../../call-log/merge-call-rows.ts';
import { LONGEST_CALL_HOURS } from '../../call-log/windows.ts';
import { PbxRefusal } from '../../errors.ts';
import type { Call } from '../../jobs/call.ts';
import { SETTLED_AFTER_MS } from '../../recordings/completeness.ts';
import { findNameProblem } from '../../recordings/recording-name.ts';
import { log } from '../../telemetry/log.ts';
import { toEpochMs } from '../call-start.ts';
import { type CdrWindow, type Listing, type ListOptions, MAX_UNREADABLE_ROWS } from '../pbx-client.ts';
import { findFirstPage, type ListRows, PAGE_SIZE, type Row, type Rows, readPages } from './read-pages.ts';
import { endOf, isInSpan, readTimes, type Span, startOf } from './row-times.ts';

const HOUR_MS = 3_600_000;

/** Calls lie by their start, as the PBX's clock had it. */
const OVERLAP_MS = HOUR_MS;

const LONGEST_CALL_MS = LONGEST_CALL_HOURS * HOUR_MS;

/** A PBX that finds something here ignores the times of a search. */
const BEFORE_ALL_CALLS: Span = { from: Date.UTC(2000, 0), to: Date.UTC(2000, 0) };

interface Options extends Pick<ListOptions, 'timeZone' | 'now'> {
  pbxId: string | undefined;
}

/** Lists what was recorded in a window. */
export async function listRecordings(list: ListRows, window: CdrWindow, options: Options): Promise<Listing> {
  const { timeZone, now, pbxId } = options;
  const span = {
    from: (toEpochMs(window.starttime, timeZone) ?? 0) - OVERLAP_MS,
    to: (toEpochMs(window.endtime, timeZone) ?? 0) + OVERLAP_MS,
  };
  let found = await search(list, span, timeZone);
  if (found === undefined || (found.rows.length === 0 && !(await understandsTimes(list, timeZone)))) {
    log('warn', 'recording-search-empty', {
      pbx: pbxId,
      message:
        'The PBX does not find recordings by time, so they are listed until older ones come. Update its firmware.',
    });
    found = await listBack(list, span, timeZone);
  }
  const listing: Listing = { recorded: new Map(), unreadable: 0, unreadableRows: [] };
  const addUnreadable = (row: number, problem: string, count = 1) => {
    listing.unreadable += count;
    if (listing.unreadableRows.length < MAX_UNREADABLE_ROWS) listing.unreadableRows.push({ row, problem });
  };
  const { rows, unlisted } = found;
  for (const [index, row] of rows.entries()) {
    const { file, size } = row;
    const endedAt = endOf(row, timeZone);
    if (isUnfinished(size, endedAt, now)) continue;
    if (file === undefined) {
      addUnreadable(index + 1, 'it names no recording');
      continue;
    }
    const problem = findNameProblem(file);
    if (problem === undefined) {
      addRow(listing.recorded, file, { call: callOf(row), endedAt, listedBytes: size });
    } else {
      addUnreadable(index + 1, `the recording's name cannot be used: ${problem}`);
    }
  }
  if (unlisted > 0) {
    const problem = `the PBX counts ${rows.length + unlisted} recordings, but lists ${rows.length}`;
    addUnreadable(rows.length + 1, problem, unlisted);
  }
  return listing;
}

/** A firmware that lists no size says nothing about it, so that the time since the end of the call has to do. */
const isUnfinished = (size: number | undefined, endedAt: number | undefined, now: number) =>
  size === undefined ? endedAt !== undefined && Math.abs(now - endedAt) < SETTLED_AFTER_MS : size === 0;

/**
 * Whether the PBX's own archive has moved the file of a recording elsewhere. In the vendor's guide, the list alone has
 * `archive_status`, not the search.
 */
export async function isMovedAway(list: ListRows, recording: string, timeZone: string): Promise<boolean> {
  const isMoved = ({ file, archive_status }: Row) => file === recording && archive_status === 'success';
  const start = startOf({ file: recording, uid: undefined }, timeZone);
  const { rows } =
    start === undefined
      ? // The name does not say where to look, but what is asked for is mostly new.
        await list('list', { page: '1', page_size: String(PAGE_SIZE), sort_by: 'time', order_by: 'desc' })
      : await listBack(list, { from: start - OVERLAP_MS, to: start + OVERLAP_MS }, timeZone);
  return rows.some(isMoved);
}

/** `undefined` if the firmware does not know this search, or refuses or ignores its times. */
async function search(list: ListRows, span: Span, timeZone: string): Promise<Rows | undefined> {
  let isChecked = false;
  let ignoresTimes = false;
  try {
    const { rows, unlisted } = await readPages(async (page) => {
      const found = await searchPage(list, span, page);
      if (!isChecked && found.rows.some((row) => !isInSpan(row, span, timeZone))) {
        isChecked = true;
        ignoresTimes = (await searchPage(list, BEFORE_ALL_CALLS, page)).rows.length > 0;
      }
      return ignoresTimes ? { rows: [] } : found;
    });
    return ignoresTimes ? undefined : { rows: rows.toReversed(), unlisted };
  } catch (error) {
    // -2 is also what an interface returns that the firmware has only in part.
    const isUnsupported =
      error instanceof PbxRefusal && (error.kind === 'permanent' || error.code === 'pbx-minus-2');
    if (isUnsupported) return undefined;
    throw error;
  }
}

/**
 * The newest come first: calls that end while the list is read, and old recordings that the PBX deletes meanwhile, then
 * shift no row to a page that has been read.
 */
const searchPage = (list: ListRows, { from, to }: Span, page: Record<string, string>) =>
  list('search', {
    ...page,
    sort_by: 'id',
    order_by: 'desc',
    start_time: String(Math.floor(from / 1000)),
    end_time: String(Math.ceil(to / 1000)),
  });

/**
 * Some firmware wants times in its own display format. It takes others for a window without recordings, and reports no
 * failure. So a window around the newest recording is tried, which cannot be empty.
 */
async function understandsTimes(list: ListRows, timeZone: string): Promise<boolean> {
  const { rows } = await list('list', { page: '1', page_size: '1', sort_by: 'time', order_by: 'desc' });
  const start = rows[0] && startOf(rows[0], timeZone);
  // Nothing was ever recorded, or it cannot be said when.
  if (start === undefined) return true;
  const around = await search(list, { from: start - OVERLAP_MS, to: start + OVERLAP_MS }, timeZone);
  return around !== undefined && around.rows.length > 0;
}

/** Reads the list from the newest recordings of the span down to those before it. */
async function listBack(list: ListRows, span: Span, timeZone: string): Promise<Rows> {
  const listPage = (page: Record<string, string>) =>
    list('list', { ...page, sort_by: 'id', order_by: 'desc' });
  const startsOf = (rows: Row[]) => rows.map((row) => startOf(row, timeZone));
  // A call is listed once it has ended, among those that started hours later.
  const first = await findFirstPage(listPage, (rows) => {
    const starts = startsOf(rows).filter((start) => start !== undefined);
    return starts.length > 0 && starts.every((start) => start > span.to + LONGEST_CALL_MS);
  });
  const { rows } = await readPages(listPage, {
    first,
    goesOn: (rows) => startsOf(rows).some((start) => start === undefined || start >= span.from),
  });
  const inSpan = rows.filter((row) => isInSpan(row, span, timeZone));
  return { rows: inSpan.toReversed(), unlisted: 0 };
}

/** The number alone: old firmware shows `Name<number>`. */
const numberOf = (party: string | undefined) => /<([^<>]*)>$/.exec(party ?? '')?.[1] ?? party;

function callOf(row: Row): Call {
  const { callId, localStart } = readTimes(row);
  const facts = {
    callId,
    from: row.call_from_number ?? numberOf(row.call_from),
    to: row.call_to_number ?? numberOf(row.call_to),
    type: row.call_type,
    start: localStart,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
