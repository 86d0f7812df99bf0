import { pipeline, type Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import * as v from 'valibot';
import { ArchiveError } from '../../errors.ts';
import { findNameProblem } from '../../recordings/recording-name.ts';
import { connectionError } from '../errors.ts';
import { trimPadding } from '../padding.ts';
import type { UnreadableRow } from '../pbx-client.ts';
import { type Cdr, cdrSchema } from './cdr.ts';
import { parseResponse } from './errors.ts';
import { type Row, readRows } from './read-rows.ts';

/** A row has about 200 bytes. One of this size comes from a quotation mark that is never closed. */
const MAX_ROW_BYTES = 16 * 1024;

/**
 * Limits for a file, which lists the calls of one or two days: even a PBX with two thousand extensions makes fewer. All
 * of them have to fit into the memory of the function.
 */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_ROWS = 50_000;

/** After so many more unreadable rows than others, the rest of a file need not be read to call it malformed. */
const ENOUGH_BROKEN_ROWS = 1000;

/** Limit for a JSON response that the PBX sends instead of a file; a real one is far smaller. */
const MAX_JSON_BYTES = 64 * 1024;

export interface ReadOptions {
  /** Whether values may be quoted. If not, a quotation mark is a character like the others. */
  quoting?: boolean;
  maxBytes?: number;
  maxRows?: number;
}

/** A quotation mark in a name seems to quote the rows after it. The file has to be read again, with `quoting` off. */
export class StrayQuote extends ArchiveError {}

/** A recorded call, or a row that may have been one. */
export type CdrRow = { recording: string; cdr: Cdr } | UnreadableRow;

/**
 * Yields the recorded calls of a CDR file. The header names the columns; an empty body is a file without calls. Rejects
 * with `pbx-connection`, with the error that the PBX sent instead of a file, or with `cdr-malformed`: for a file in which
 * most rows cannot be read, after the last row.
 */
export async function* readCdrs(
  body: Readable,
  signal: AbortSignal,
  { quoting = true, maxBytes = MAX_FILE_BYTES, maxRows = MAX_ROWS }: ReadOptions = {},
): AsyncGenerator<CdrRow, void> {
  const file = { endsWithRow: true, maxBytes };
  const chunks = checkFile(body, file);
  let [readable, broken] = [0, 0];
  try {
    const { start, delimiter } = await findDelimiter(chunks);
    const parser = parse({
      bom: true,
      delimiter,
      quote: quoting ? '"' : null,
      // One file may have several: a header of another origin than its rows, names that contain line breaks.
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_ROW_BYTES,
    });
    // An error in either is thrown by the last.
    const records: AsyncIterable<string[]> = pipeline(joinChunks(start, chunks), parser, () => {});
    for await (const row of readRows(quoting ? records : unquote(records), checkHeader)) {
      if (quoting && row.cells.some((cell) => holdsRows(cell, row.columns.length, delimiter))) {
        throw new StrayQuote('cdr-malformed', describe('a quotation mark is not closed'));
      }
      if (row.row > maxRows) throw malformed(`it has more than ${maxRows} rows`);
      const mayBeCut = row.isLast && !file.endsWithRow;
      if (row.values !== undefined) readable += 1;
      else if (!mayBeCut) broken += 1;
      if (broken > readable + ENOUGH_BROKEN_ROWS) break;
      const result = readRow(row, mayBeCut);
      if (typeof result === 'string') yield { row: row.row, problem: result };
      else if (result.recording !== undefined) yield { recording: result.recording, cdr: result };
    }
    if (broken > readable) throw malformed(`${broken} of its ${broken + readable} rows cannot be read`);
  } catch (error) {
    // The reason of a timeout is a foreign error, too.
    if (signal.aborted) throw connectionError(signal.reason);
    // The message of a CsvError quotes the row.
    if (!(error instanceof CsvError)) throw connectionError(error);
    throw new StrayQuote('cdr-malformed', describe(`it is not CSV (${error.code})`));
  } finally {
    body.destroy();
  }
}

/**
 * Reads the start of a file up to its first delimiter: no name of a column contains one. Spreadsheets may have written
 * the file with semicolons or tabs.
 */
async function findDelimiter(
  chunks: AsyncIterator<Buffer, void>,
): Promise<{ start: Buffer; delimiter: string }> {
  let start = Buffer.alloc(0);
  while (start.length < MAX_ROW_BYTES) {
    const [, delimiter] = /[^\s,;] *([,;\t])/.exec(start.toString('latin1')) ?? [];
    if (delimiter !== undefined) return { start, delimiter };
    const next = await chunks.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  return { start, delimiter: ',' };
}

async function* joinChunks(start: Buffer, rest: AsyncIterable<Buffer>) {
  yield start;
  yield* rest;
}

/** Passes a file through, up to its limit. If the PBX sends JSON instead, throws the error that it contains. */
async function* checkFile(
  chunks: AsyncIterable<Buffer>,
  file: { endsWithRow: boolean; maxBytes: number },
): AsyncGenerator<Buffer, void> {
  let json: Buffer | undefined;
  let bytes = 0;
  for await (const chunk of chunks) {
    if (bytes === 0 && trimPadding(chunk.toString()).startsWith('{')) json = Buffer.alloc(0);
    bytes += chunk.length;
    if (bytes > file.maxBytes) throw malformed(`it is larger than ${file.maxBytes} bytes`);
    if (json === undefined) yield chunk;
    else if (json.length > MAX_JSON_BYTES) throw malformed('it is JSON');
    else json = Buffer.concat([json, chunk]);
    file.endsWithRow = /[\r\n]$/.test(chunk.subarray(-1).toString('latin1'));
  }
  if (json === undefined) return;
  parseResponse(json.toString());
  throw malformed('it is JSON');
}

function checkHeader(names: string[]): string[] {
  if (!names.includes('recording')) throw malformed('it has no column "recording"');
  return names;
}

/**
 * Returns the row's call, or a description of what is wrong with the row.
 *
 * @param mayBeCut not even a line break follows the row. Without a content length, a cut connection looks like the end
 *   of the file
 */
function readRow({ columns, cells, values }: Row, mayBeCut: boolean): Cdr | string {
  if (values === undefined) return `it has ${cells.length} columns, not ${columns.length}`;
  const usable = { ...values };
  if (mayBeCut) {
    const last = columns[Math.min(cells.length, columns.length) - 1] ?? '';
    if (last === 'recording') return 'its end may be missing';
    // The last value may be truncated.
    delete usable[last];
  }
  const cdr = v.parse(cdrSchema, usable);
  const problem = cdr.recording === undefined ? undefined : findNameProblem(cdr.recording);
  return problem === undefined ? cdr : `the recording's name cannot be used: ${problem}`;
}

async function* unquote(records: AsyncIterable<string[]>) {
  for await (const cells of records) yield cells.map((cell) => cell.replace(/^"([^"]*)"$/, '$1'));
}

/** Whether a cell is the end of a row and the beginning of another. A name has no such number of delimiters. */
const holdsRows = (cell: string, columns: number, delimiter: string) =>
  columns > 4 && /[\r\n]/.test(cell) && cell.split(delimiter).length >= columns;

const describe = (problem: string) => `The PBX returned an unusable CDR file: ${problem}.`;

const malformed = (problem: string) => new ArchiveError('cdr-malformed', describe(problem));
