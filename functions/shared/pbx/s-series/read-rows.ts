import { isDeepStrictEqual } from 'node:util';
import { trimPadding } from '../padding.ts';
import { assignColumns, hasForms, mayBeCall, type RowValues } from './align-row.ts';

/** Lines of one row whose text contains line breaks that the PBX has not quoted. */
const MAX_LINES = 8;

/** A row of a CDR file; the header is row 1. */
export interface Row {
  row: number;
  columns: string[];
  cells: string[];
  /** `undefined` if the cells could not be assigned to the columns. */
  values: RowValues | undefined;
  isLast: boolean;
}

interface Line {
  row: number;
  cells: string[];
  isLast: boolean;
}

/**
 * Yields the rows of a CDR file after its header. `records` has the cells of each line. Leaves out rows without any
 * text, titles before the header, repeated headers and a total at the end.
 *
 * @param readHeader returns the header that it is given, or throws
 */
export async function* readRows(
  records: AsyncIterable<string[]>,
  readHeader: (names: string[]) => string[],
): AsyncGenerator<Row, void> {
  let columns: string[] | undefined;
  let hasTitle = false;
  /** Lines that may be the beginning of a row. */
  let held: Line[] = [];

  for await (const line of toLines(records)) {
    const names = toNames(line.cells);
    if (names.length === 0) continue;
    if (columns === undefined) {
      // A title, or what spreadsheets write to name the delimiter.
      if (names.length > 1 || names.includes('recording')) columns = readHeader(names);
      else hasTitle = true;
      continue;
    }
    if (isDeepStrictEqual(names, columns)) continue;

    const { unreadable, begun, whole } = continueRow(columns, held, line);
    for (const lost of unreadable) yield { ...lost, columns, values: undefined };
    held = begun;
    if (whole !== undefined) yield whole;
  }
  if (columns === undefined && hasTitle) readHeader([]);
  for (const lost of held) {
    const isTotal = lost.isLast && !mayBeCall(columns ?? [], lost.cells);
    if (!isTotal) yield { ...lost, columns: columns ?? [], values: undefined };
  }
}

/** What becomes of the lines held, and of the next one. */
interface Continued {
  unreadable: Line[];
  begun: Line[];
  whole?: Row;
}

function continueRow(columns: string[], held: Line[], line: Line): Continued {
  const isRow = hasForms(columns, line.cells);
  // The first lines may be no part of the row that the last ones begin.
  for (let first = 0; first < held.length && !isRow; first++) {
    const lines = [...held.slice(first), line];
    const unreadable = held.slice(0, first);
    const joined = joinLines(lines);
    const values = assignColumns(columns, joined.cells, true);
    if (values !== undefined) return { unreadable, begun: [], whole: { ...joined, columns, values } };
    if (joined.cells.length < columns.length && lines.length < MAX_LINES) return { unreadable, begun: lines };
  }
  const values = assignColumns(columns, line.cells);
  if (values === undefined && line.cells.length < columns.length) return { unreadable: held, begun: [line] };
  return { unreadable: held, begun: [], whole: { ...line, columns, values } };
}

function joinLines(lines: Line[]): Line {
  return lines.reduce((first, second) => ({
    row: first.row,
    cells: [
      ...first.cells.slice(0, -1),
      `${first.cells.at(-1)}\n${second.cells[0]}`,
      ...second.cells.slice(1),
    ],
    isLast: second.isLast,
  }));
}

/** The cells as names of columns, without blank ones at the end. */
function toNames(cells: string[]): string[] {
  const names = cells.map((name) => trimPadding(name).toLowerCase());
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

async function* toLines(records: AsyncIterable<string[]>): AsyncGenerator<Line> {
  let held: Line | undefined;
  let row = 0;
  for await (const cells of records) {
    row += 1;
    if (held !== undefined) yield held;
    held = { row, cells, isLast: false };
  }
  if (held !== undefined) yield { ...held, isLast: true };
}
