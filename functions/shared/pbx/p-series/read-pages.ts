import * as v from 'valibot';
import { ArchiveError } from '../../errors.ts';
import { fact, recordingName } from '../fields.ts';

export const PAGE_SIZE = 200;

/** As for a call log: even a PBX with two thousand extensions makes fewer calls in two days. */
const MAX_ROWS = 50_000;

/** Enough for thirteen million recordings. */
const MAX_PAGES = 2 ** 16;

const count = v.pipe(
  fact,
  v.transform((text = '') => (/^\d{1,15}$/.test(text) ? Number(text) : undefined)),
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

export type Row = v.InferOutput<typeof rowSchema>;

/** A page of the list. */
export interface Page {
  rows: Row[];
  /** How many rows the whole list has. Old firmware does not say it. */
  total?: number | undefined;
}

/** `data` is `null` or absent if there is nothing. A row of another shape has no file. */
export const pageSchema = v.pipe(
  v.object({
    data: v.nullish(v.array(v.fallback(rowSchema, v.parse(rowSchema, {}))), []),
    total_number: count,
  }),
  v.transform(({ data, total_number }): Page => ({ rows: data ?? [], total: total_number })),
);

/** Calls `recording/list` or `recording/search`. */
export type ListRows = (operation: 'list' | 'search', query: Record<string, string>) => Promise<Page>;

/** What several pages have together. */
export interface Rows {
  rows: Row[];
  /** Rows that the PBX counts, but has sent on no page. */
  unlisted: number;
}

type ListPage = (page: Record<string, string>) => Promise<Page>;

const pageQuery = (page: number) => ({ page: String(page), page_size: String(PAGE_SIZE) });

/**
 * Finds the first page that is not to be skipped, with few requests. Pages that are to be skipped come before all others.
 */
export async function findFirstPage(list: ListPage, isToSkip: (rows: Row[]) => boolean): Promise<number> {
  const mustSkip = async (page: number) => isToSkip((await list(pageQuery(page))).rows);
  let [skipped, first] = [0, 1];
  while (first < MAX_PAGES && (await mustSkip(first))) [skipped, first] = [first, 2 * first];
  while (first - skipped > 1) {
    const middle = Math.floor((skipped + first) / 2);
    if (await mustSkip(middle)) skipped = middle;
    else first = middle;
  }
  return first;
}

/** Reads page by page from `first` on, until one brings nothing new or `goesOn` says that it is enough. */
export async function readPages(
  list: ListPage,
  { first = 1, goesOn = () => true }: { first?: number; goesOn?: (rows: Row[]) => boolean } = {},
): Promise<Rows> {
  const found = new Map<string, Row>();
  let lowestTotal: number | undefined;
  for (let page = first; ; page++) {
    const { rows, total } = await list(pageQuery(page));
    const known = found.size;
    for (const row of rows) found.set(`${row.id} ${row.file}`, row);
    // A call that ends while the list is read raises the count, and may be on no page. A deletion lowers it.
    if (total !== undefined) lowestTotal = Math.min(lowestTotal ?? total, total);
    const all = [...found.values()];
    if (found.size === known) return { rows: all, unlisted: Math.max((lowestTotal ?? 0) - known, 0) };
    if (!goesOn(rows)) return { rows: all, unlisted: 0 };
    if (found.size > MAX_ROWS) {
      throw new ArchiveError(
        'cdr-malformed',
        `The PBX returned an unusable list of recordings: it has more than ${MAX_ROWS} rows for two days, so it may have no end. Update the firmware of the PBX.`,
      );
    }
  }
}
