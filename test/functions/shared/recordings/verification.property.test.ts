import { expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { parseResponse } from '../../../../functions/shared/pbx/s-series/errors.ts';
import { checkIsNoText } from '../../../../functions/shared/recordings/verification.ts';
import { fc } from '../../../property.ts';

function problemOf(received: Buffer): unknown {
  try {
    checkIsNoText(received, parseResponse);
    return undefined;
  } catch (error) {
    return error;
  }
}

const words = [
  'file',
  'not',
  'found',
  'Datei',
  'gefunden',
  'válido',
  'Größe',
  'é',
  '404',
  '-',
  ':',
  '\r\n',
  '\t',
];
const prose = (from: string[]) =>
  fc
    .array(fc.constantFrom(...from), { minLength: 3, maxLength: 300 })
    .map((chosen) => `The ${chosen.join(' ')}`);
const latin = prose(words);
const anyLanguage = prose([...words, '文件不存在'.repeat(20), 'файл', '📞']);

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const ENCODINGS: [string, fc.Arbitrary<string>, (text: string) => Buffer][] = [
  ['UTF-8', anyLanguage, (text) => Buffer.from(text)],
  ['UTF-8 with a byte order mark', anyLanguage, (text) => Buffer.from(`\uFEFF${text}`)],
  ['UTF-16', anyLanguage, (text) => Buffer.from(text, 'utf16le')],
  ['UTF-16 with a byte order mark', anyLanguage, (text) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['big-endian UTF-16', anyLanguage, utf16be],
  ['big-endian UTF-16 with a byte order mark', anyLanguage, (text) => utf16be(`\uFEFF${text}`)],
  ['Latin-1', latin, (text) => Buffer.from(text, 'latin1')],
];
const blank = fc.constantFrom('', ' ', '\r\n', '\n\t ');

test.each(ENCODINGS)('a message instead of the recording is rejected in %s', (_, text, encode) => {
  const markup = text.map((body) => `<html><body>${body}</body></html>`);
  const json = fc
    .dictionary(fc.constantFrom('status', 'errno', 'message'), text)
    .map((fields) => JSON.stringify(fields));
  fc.assert(
    fc.property(blank, fc.oneof(text, markup, json), (before, message) => {
      expect(problemOf(encode(before + message))).toBeInstanceOf(ArchiveError);
    }),
  );
});

test('markup and JSON are rejected in any encoding', () => {
  const letters = fc.uint8Array({ maxLength: 600 }).map((codes) => codes.map((code) => code | 0xa0));
  fc.assert(
    fc.property(blank, fc.constantFrom('<p>', '{', '['), letters, (before, beginning, text) => {
      expect(problemOf(Buffer.concat([Buffer.from(before + beginning), text]))).toBeInstanceOf(ArchiveError);
    }),
  );
});
