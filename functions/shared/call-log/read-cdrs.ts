import { pipeline, type Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import * as v from 'valibot';
import { ArchiveError } from '../errors.ts';
import { connectionError, parseResponse } from '../pbx/errors.ts';
import { trimPadding } from '../pbx/padding.ts';
import { findNameProblem } from '../recordings/recording-name.ts';
import { type Cdr, cdrSchema } from '../reports/cdr.ts';

/** A row has about 200 bytes. One of this size comes from a quotation mark that is never closed. */
const MAX_ROW_BYTES = 16 * 1024;

/** Limit for a JSON response that the PBX sends instead of a file; a real one is far smaller. */
const MAX_JSON_BYTES = 64 * 1024;

/** A row that cannot be used; the header is row 1. */
export interface UnreadableRow {
  row: number;
  /** Never quotes the row. */
  problem: string;
}

/** A recorded call, or a row that may have been one. */
export type CdrRow = { recording: string; cdr: Cdr } | UnreadableRow;

/**
 * Yields the recorded calls of a CDR file. The header names the columns; an empty body is a file without calls. Rejects
 * with `pbx-connection`, with the error that the PBX sent instead of a file, or with `cdr-malformed`.
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
  // An error in any of the three is thrown by the last.
  const rows = pipeline(
    body,
    (chunks: AsyncIterable<Buffer>) => rejectJson(chunks, file),
    parser,
    () => {},
  );
  let header: string[] | undefined;
  let row = 0;
  try {
    for await (const { item: cells, isLast } of withIsLast<string[]>(rows)) {
      row += 1;
      if (header === undefined) {
        header = readHeader(cells);
        continue;
      }
      const result = readRow(header, cells, isLast && !file.endsWithRow);
      if (typeof result === 'string') yield { row, problem: result };
      else if (result.recording !== undefined) yield { recording: result.recording, cdr: result };
    }
  } catch (error) {
    signal.throwIfAborted();
    // The message of a CsvError quotes the row.
    throw error instanceof CsvError ? malformed(`it is not CSV (${error.code})`) : connectionError(error);
  } finally {
    body.destroy();
  }
}

/** Passes a file through. If the PBX sends JSON instead, throws the error that it contains. */
async function* rejectJson(chunks: AsyncIterable<Buffer>, file: { endsWithRow: boolean }) {
  let json: Buffer | undefined;
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && trimPadding(chunk.toString()).startsWith('{')) json = Buffer.alloc(0);
    isFirst = false;
    if (json === undefined) yield chunk;
    else if (json.length > MAX_JSON_BYTES) throw malformed('it is JSON');
    else json = Buffer.concat([json, chunk]);
    file.endsWithRow = /[\r\n]$/.test(chunk.subarray(-1).toString('latin1'));
  }
  if (json === undefined) return;
  parseResponse(json.toString());
  throw malformed('it is JSON');
}

function readHeader(cells: string[]): string[] {
  const header = cells.map((name) => name.trim().toLowerCase());
  if (!header.includes('recording')) throw malformed('it has no column "recording"');
  return header;
}

/**
 * Returns the row's call, or a description of what is wrong with the row.
 *
 * @param mayBeCut not even a line break follows the row. Without a content length, a cut connection looks like the end
 *   of the file
 */
function readRow(header: string[], cells: string[], mayBeCut: boolean): Cdr | string {
  if (cells.length !== header.length) return `it has ${cells.length} columns, not ${header.length}`;
  if (mayBeCut && header.at(-1) === 'recording') return 'its end may be missing';
  // The last value may be truncated.
  const usable = mayBeCut ? cells.slice(0, -1) : cells;
  const cdr = v.parse(cdrSchema, Object.fromEntries(usable.map((cell, column) => [header[column], cell])));
  const problem = cdr.recording === undefined ? undefined : findNameProblem(cdr.recording);
  return problem === undefined ? cdr : `the recording's name cannot be used: ${problem}`;
}

async function* withIsLast<Item>(
  items: AsyncIterable<Item>,
): AsyncGenerator<{ item: Item; isLast: boolean }> {
  let held: { item: Item } | undefined;
  for await (const item of items) {
    if (held !== undefined) yield { ...held, isLast: false };
    held = { item };
  }
  if (held !== undefined) yield { ...held, isLast: true };
}

const malformed = (problem: string) =>
  new ArchiveError('cdr-malformed', `The PBX returned an unusable CDR file: ${problem}.`);
