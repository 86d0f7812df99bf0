import * as v from 'valibot';
import { accessCursorSchema } from '../shared/access-log/access-log.ts';
import type { Page } from '../shared/access-log/query-page.ts';
import type { Access } from '../shared/api/contract.ts';

const COLUMNS = [
  'at',
  'kind',
  'pbx',
  'recording',
  'person',
  'by',
  'address',
  'share',
  'seconds',
  'reason',
] as const satisfies (keyof Access)[];

/** Rows that are read at once, and how often for one response, so that it is there within the function's ten seconds. */
const PAGE_ROWS = 500;
const MAX_PAGES = 20;

/** Lambda's limit is 6 MB for a response, which is JSON with the CSV as one text. A page has up to one MB of it. */
const MAX_BYTES = 4 * 1024 * 1024;

export type ReadPage = (page: { limit: number; before?: string | undefined }) => Promise<Page<Access>>;

export interface CsvPart {
  text: string;
  /** Where the next part begins; absent in the last one. */
  cursor: string | undefined;
}

/**
 * As much of the log as one response holds: from its newest row, or from a cursor. Only the first part has a line of names,
 * so that the parts together are the CSV of the whole.
 */
export async function readCsvPart(readPage: ReadPage, before: string | undefined): Promise<CsvPart> {
  let text = before === undefined ? toHeader() : '';
  let bytes = 0;
  let next = before;
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES && bytes < MAX_BYTES; pages++) {
    const page = await readPage({ limit: PAGE_ROWS, before: next });
    const lines = toLines(page.items);
    text += lines;
    bytes += Buffer.byteLength(JSON.stringify(lines));
    cursor = page.cursor;
    if (cursor === undefined) break;
    next = v.parse(accessCursorSchema, cursor);
  }
  return { text, cursor };
}

/** The names of the columns. Without a byte order mark, Excel takes UTF-8 for the encoding of Windows. */
export const toHeader = (): string => `\uFEFF${toLine(COLUMNS)}`;

/** Lines of CSV as RFC 4180 has it. */
export const toLines = (accesses: readonly Access[]): string =>
  accesses.map((access) => toLine(COLUMNS.map((column) => String(access[column] ?? '')))).join('');

const toLine = (cells: readonly string[]): string => `${cells.map(toCell).join(',')}\r\n`;

/**
 * Where a spreadsheet would take text for a formula: at the beginning of a cell; and within it where semicolons separate
 * cells, as in Excel in most of Europe, because it does not see the quotation marks then. Names of people and recordings
 * come from others, so an apostrophe makes them text: https://owasp.org/www-community/attacks/CSV_Injection.
 */
const FORMULA = /^(?=[=+\-@\t\r\n＝＋－＠])|(?<=[;\r\n])(?=[=+\-@＝＋－＠])/g;

function toCell(value: string): string {
  const text = value.replaceAll(FORMULA, "'");
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
