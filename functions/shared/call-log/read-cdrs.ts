import { pipeline, type Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import * as v from 'valibot';
import { ArchiveError } from '../errors.ts';
import { connectionError, parseResponse } from '../pbx/errors.ts';
import { findNameProblem } from '../recordings/recording-name.ts';
import { type Cdr, cdrSchema } from '../reports/cdr.ts';

/** A row has 200 bytes or so; one of this size is what a quotation mark begins that nothing ends. */
const MAX_ROW_BYTES = 16 * 1024;

/** The longest reply in a file's place; a PBX's own are far below. */
const MAX_REPLY_BYTES = 64 * 1024;

/** A row that cannot be used; the header is row 1. */
export interface Unreadable {
  row: number;
  /** In words that quote nothing of it. */
  problem: string;
}

/** A recorded call, or a row that may have been one. */
export type CdrRow = { recording: string; cdr: Cdr } | Unreadable;

/**
 * The recorded calls of a CDR file, read by the header's names. Fails as the connection fails, as the reply says
 * that came in the file's place, or with `cdr-malformed`. No file at all is one without calls.
 */
export async function* readCdrs(body: Readable, signal: AbortSignal): AsyncGenerator<CdrRow, void> {
  const file = { endsWithRow: true };
  const parser = parse({
    bom: true,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_BYTES,
  });
  // What goes wrong in any of the three comes out of the last.
  const rows = pipeline(
    body,
    (chunks: AsyncIterable<Buffer>) => inspect(chunks, file),
    parser,
    () => {},
  );
  let header: string[] | undefined;
  let row = 0;
  try {
    for await (const { item: cells, isLast } of markLast<string[]>(rows)) {
      row += 1;
      if (header === undefined) {
        header = readHeader(cells);
        continue;
      }
      const read = readRow(header, cells, isLast && !file.endsWithRow);
      if (typeof read === 'string') yield { row, problem: read };
      else if (read.recording !== undefined) yield { recording: read.recording, cdr: read };
    }
  } catch (error) {
    signal.throwIfAborted();
    // Its own message quotes the row.
    throw error instanceof CsvError ? malformed(`it is no CSV (${error.code})`) : connectionError(error);
  } finally {
    body.destroy();
  }
}

/** Lets a file through; of a reply in its place makes the error that it tells. */
async function* inspect(chunks: AsyncIterable<Buffer>, file: { endsWithRow: boolean }) {
  let reply: Buffer | undefined;
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && chunk.toString().trimStart().startsWith('{')) reply = Buffer.alloc(0);
    isFirst = false;
    if (reply === undefined) yield chunk;
    else if (reply.length > MAX_REPLY_BYTES) throw malformed('it is JSON');
    else reply = Buffer.concat([reply, chunk]);
    file.endsWithRow = /[\r\n]$/.test(chunk.subarray(-1).toString('latin1'));
  }
  if (reply === undefined) return;
  parseResponse(reply.toString());
  throw malformed('it is JSON');
}

function readHeader(cells: string[]): string[] {
  const header = cells.map((name) => name.trim().toLowerCase());
  if (!header.includes('recording')) throw malformed('it has no column "recording"');
  return header;
}

/**
 * Returns the row's call, or what is wrong with it.
 *
 * @param isOpen nothing follows the row: without a length, a cut connection looks like the file's end
 */
function readRow(header: string[], cells: string[], isOpen: boolean): Cdr | string {
  if (cells.length !== header.length) return `it has ${cells.length} columns, not ${header.length}`;
  if (isOpen && header.at(-1) === 'recording') return 'its end may be missing';
  // The last value may be half of it.
  const whole = isOpen ? cells.slice(0, -1) : cells;
  const cdr = v.parse(cdrSchema, Object.fromEntries(whole.map((cell, column) => [header[column], cell])));
  const problem = cdr.recording === undefined ? undefined : findNameProblem(cdr.recording);
  return problem === undefined ? cdr : `the recording's name cannot be used: ${problem}`;
}

async function* markLast<Item>(items: AsyncIterable<Item>): AsyncGenerator<{ item: Item; isLast: boolean }> {
  let held: { item: Item } | undefined;
  for await (const item of items) {
    if (held !== undefined) yield { ...held, isLast: false };
    held = { item };
  }
  if (held !== undefined) yield { ...held, isLast: true };
}

const malformed = (problem: string) =>
  new ArchiveError('cdr-malformed', `The PBX's CDR file cannot be used: ${problem}.`);
