import { Readable } from 'node:stream';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { ArchiveError } from '../../../../../functions/shared/errors.ts';
import { cdrSchema } from '../../../../../functions/shared/pbx/s-series/cdr.ts';
import { type CdrRow, readCdrs } from '../../../../../functions/shared/pbx/s-series/read-cdrs.ts';
import { findNameProblem } from '../../../../../functions/shared/recordings/recording-name.ts';
import { anyText, fc, hostileText } from '../../../../property.ts';

const COLUMNS = ['callid', 'timestart', 'callfrom', 'srctrunkname', 'recording', 'sn', 'colour'];

/** The rows, and the error that ended them, if any. */
async function read(chunks: readonly Buffer[]): Promise<{ rows: CdrRow[]; error: unknown }> {
  const rows: CdrRow[] = [];
  try {
    const body = Readable.from(chunks);
    for await (const row of readCdrs(body, new AbortController().signal)) rows.push(row);
  } catch (error) {
    return { rows, error };
  }
  return { rows, error: undefined };
}

/** Cuts a file at the given places. */
function cut(file: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (file.length + 1)).sort((a, b) => a - b), file.length];
  const chunks = at.slice(1).map((end, index) => file.subarray(at[index], end));
  // A byte stream has no empty chunks.
  return chunks.filter(({ length }) => length > 0);
}
const places = fc.array(fc.nat(), { maxLength: 20 });

const cell = fc
  .oneof(
    fc.constantFrom('', '', 'a.wav', '1', ',', '"', '""', 'a\nb', '\r\n', '\r', ' a ', '\uFEFF', '📞'),
    hostileText,
    anyText,
  )
  .map((text) => text.toWellFormed());

const BLANK = /^[\0-\x20\uFEFF]*$/;

/** Any valid CDR file, and the values in it. */
const table = fc
  .tuple(fc.shuffledSubarray(COLUMNS, { minLength: 2 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())
  .filter(([columns]) => columns.includes('recording'))
  .chain(([columns, ending, hasMark]) => {
    const row = fc.record(
      Object.fromEntries(columns.map((column) => [column, fc.tuple(cell, fc.boolean())])),
    );
    return fc.array(row, { maxLength: 8 }).map((rows) => {
      const header = columns.map((column, index) => (index % 3 === 0 ? `"${column}"` : column));
      const lines = rows.map((cells) => columns.map((column) => quote(cells[column])));
      const text = [header, ...lines].map((line) => line.join(',') + ending).join('');
      const values = rows.map((cells) =>
        Object.fromEntries(columns.map((column) => [column, cells[column]?.[0]])),
      );
      return { file: Buffer.from(hasMark ? `\uFEFF${text}` : text), values };
    });
  });

function quote([text, isQuoted]: [string, boolean] = ['', false]): string {
  return isQuoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

test('a file is read as it was written, however it is quoted and split into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(table, places, async ({ file, values }, at) => {
      const expected = values.flatMap((value, index): CdrRow[] => {
        const cdr = v.parse(cdrSchema, value);
        const { recording } = cdr;
        const isBlank = Object.values(value).every((text) => BLANK.test(text ?? ''));
        if (recording === undefined || isBlank) return [];
        const problem = findNameProblem(recording);
        if (problem === undefined) return [{ recording, cdr }];
        return [{ row: index + 2, problem: `the recording's name cannot be used: ${problem}` }];
      });
      expect(await read(cut(file, at))).toEqual({ rows: expected, error: undefined });
    }),
  );
});

test('a file that ends early yields no recording that is not in it', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.nat(), places, async ({ file, values }, end, at) => {
      // Padding at the end of a field is not part of a name.
      const names = values.map(({ recording = '' }) => recording.replace(/[\0\t\n\r ]+$/, ''));
      const { rows } = await read(cut(file.subarray(0, end % (file.length + 1)), at));
      for (const row of rows) if ('recording' in row) expect(names).toContain(row.recording);
    }),
  );
});

test('any bytes give rows or an error that quotes nothing', async () => {
  const planted = 'planted-0123456789';
  const piece = fc.oneof(
    fc.constantFrom(
      COLUMNS.join(','),
      'recording,sn',
      '\n',
      '"',
      ',',
      `"${planted}`,
      planted,
      'x'.repeat(20_000),
      '{',
    ),
    anyText,
    fc.uint8Array(),
  );
  const file = fc
    .array(piece)
    .map((pieces) => Buffer.concat(pieces.map((bytes) => Buffer.from(bytes as string))));
  await fc.assert(
    fc.asyncProperty(file, places, async (bytes, at) => {
      const { rows, error } = await read(cut(bytes, at));
      if (error !== undefined) expect(error).toBeInstanceOf(ArchiveError);
      const problems = rows.flatMap((row) => ('problem' in row ? [row.problem] : []));
      expect([String(error), ...problems].join('\n')).not.toContain(planted);
    }),
  );
});
