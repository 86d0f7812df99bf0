import * as v from 'valibot';
import { addRow } from '../../call-log/recorded.ts';
import { ArchiveError } from '../../errors.ts';
import type { Call } from '../../jobs/job.ts';
import { findNameProblem } from '../../recordings/recording-name.ts';
import { log } from '../../telemetry/log.ts';
import { findCallStart, toEpochMs } from '../call-start.ts';
import { fact, recordingName } from '../fields.ts';
import { type CdrWindow, type Listing, MAX_UNREADABLE_ROWS } from '../types.ts';

const HOUR_MS = 3_600_000;

/** Calls lie by their start, as the PBX's clock had it. */
const OVERLAP_MS = HOUR_MS;

const PAGE_SIZE = 200;

/** As for a call log: even a PBX with two thousand extensions makes fewer calls in two days. */
const MAX_ROWS = 50_000;

const count = v.pipe(
  fact,
  v.transform((text = '') => (/^\d{1,15}$/.test(text) ? Number(text) : 0)),
);

const rowSchema = v.object({
  id: fact,
  uid: fact,
  call_from: fact,
  call_to: fact,
  call_from_number: fact,
  call_to_number: fact,
  call_type: fact,
  duration: count,
  size: count,
  file: recordingName,
  archive_status: fact,
});

type Row = v.InferOutput<typeof rowSchema>;

/** `data` is `null` or absent if there is nothing. A row that is none has no file. */
export const rowsSchema = v.pipe(
  v.object({ data: v.nullish(v.array(v.fallback(rowSchema, v.parse(rowSchema, {}))), []) }),
  v.transform(({ data }) => data ?? []),
);

/** Calls `recording/list` or `recording/search`. */
export type ListRows = (operation: 'list' | 'search', query: Record<string, string>) => Promise<Row[]>;

/** Epoch ms, both included. */
interface Span {
  from: number;
  to: number;
}

/** Lists what was recorded in a window. */
export async function listRecordings(list: ListRows, window: CdrWindow, timeZone: string): Promise<Listing> {
  const span = {
    from: (toEpochMs(window.starttime, timeZone) ?? 0) - OVERLAP_MS,
    to: (toEpochMs(window.endtime, timeZone) ?? 0) + OVERLAP_MS,
  };
  let rows = await search(list, span);
  if (rows.length === 0 && !(await understandsTimes(list, timeZone))) {
    log('warn', 'recording-search-empty', {
      message:
        'The PBX does not find recordings by time, so they are listed until older ones come. Update its firmware.',
    });
    rows = await listBack(list, span, timeZone);
  }
  const listing: Listing = { recorded: new Map(), unreadable: 0, unreadableRows: [] };
  for (const [index, row] of rows.entries()) {
    const { file, size } = row;
    // Not finished yet.
    if (file === undefined || !size) continue;
    const problem = findNameProblem(file);
    if (problem === undefined) {
      addRow(listing.recorded, file, { call: callOf(row), endedAt: endOf(row, timeZone), listedBytes: size });
      continue;
    }
    listing.unreadable += 1;
    if (listing.unreadableRows.length < MAX_UNREADABLE_ROWS) {
      listing.unreadableRows.push({
        row: index + 1,
        problem: `the recording's name cannot be used: ${problem}`,
      });
    }
  }
  return listing;
}

/** Whether the PBX's own archive has moved the file of a recording elsewhere. */
export async function isMovedAway(list: ListRows, recording: string, timeZone: string): Promise<boolean> {
  const start = startOf({ file: recording, uid: undefined }, timeZone);
  const rows =
    start === undefined
      ? // The name does not say where to look, but what is asked for is mostly new.
        await list('list', { page: '1', page_size: String(PAGE_SIZE), sort_by: 'time', order_by: 'desc' })
      : await search(list, { from: start - OVERLAP_MS, to: start + OVERLAP_MS });
  return rows.some(({ file, archive_status }) => file === recording && archive_status === 'success');
}

const search = (list: ListRows, { from, to }: Span) =>
  readPages(
    (page) =>
      list('search', {
        ...page,
        sort_by: 'id',
        order_by: 'asc',
        start_time: String(Math.floor(from / 1000)),
        end_time: String(Math.ceil(to / 1000)),
      }),
    () => true,
  );

/**
 * Some firmware wants times in its own display format. It takes others for a window without recordings, and reports no
 * failure. So a window around the newest recording is tried, which cannot be empty.
 */
async function understandsTimes(list: ListRows, timeZone: string): Promise<boolean> {
  const [newest] = await list('list', { page: '1', page_size: '1', sort_by: 'time', order_by: 'desc' });
  const start = newest && startOf(newest, timeZone);
  // Nothing was ever recorded, or it cannot be said when.
  if (start === undefined) return true;
  return (await search(list, { from: start - OVERLAP_MS, to: start + OVERLAP_MS })).length > 0;
}

/** The newest recordings first, down to those before the span. */
async function listBack(list: ListRows, { from, to }: Span, timeZone: string): Promise<Row[]> {
  const starts = (rows: Row[]) => rows.map((row) => startOf(row, timeZone));
  const rows = await readPages(
    (page) => list('list', { ...page, sort_by: 'id', order_by: 'desc' }),
    (rows) => starts(rows).some((start) => start === undefined || start >= from),
  );
  return rows
    .filter((row) => {
      const start = startOf(row, timeZone);
      return start === undefined || (start >= from && start <= to);
    })
    .toReversed();
}

/** Reads page by page, until one brings nothing new or `goesOn` says that it is enough. */
async function readPages(
  list: (page: Record<string, string>) => Promise<Row[]>,
  goesOn: (rows: Row[]) => boolean,
): Promise<Row[]> {
  const found = new Map<string, Row>();
  for (let page = 1; ; page++) {
    const rows = await list({ page: String(page), page_size: String(PAGE_SIZE) });
    const known = found.size;
    for (const row of rows) found.set(`${row.id} ${row.file}`, row);
    if (found.size === known || !goesOn(rows)) return [...found.values()];
    if (found.size > MAX_ROWS) {
      throw new ArchiveError(
        'cdr-malformed',
        `The PBX returned an unusable list of recordings: it has more than ${MAX_ROWS} rows.`,
      );
    }
  }
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

function endOf(row: Row, timeZone: string): number | undefined {
  const start = startOf(row, timeZone);
  return start === undefined ? undefined : start + 1000 * (row.duration ?? 0);
}

function startOf(row: Pick<Row, 'file' | 'uid'>, timeZone: string): number | undefined {
  const { callId = '', localStart = '' } = readTimes(row);
  return findCallStart(callId, localStart, timeZone);
}

/**
 * By the call id in the name of the file, and by the start of the call in `uid` (`yyyyMMddHHmmss` and five characters).
 * Not by `time`, which has the display format that somebody has chosen for the web page.
 */
function readTimes({ file = '', uid = '' }: Pick<Row, 'file' | 'uid'>) {
  const [, named, callId] = /^(\d{14})-(\d+\.\d+)-/.exec(file) ?? [];
  const digits = /^\d{14}/.exec(uid)?.[0] ?? named;
  const localStart = digits?.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3 $4:$5:$6');
  return { callId, localStart };
}
