import { expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { readRiff } from '../../../../functions/shared/recordings/riff.ts';
import { checkIsAudio, checkIsComplete } from '../../../../functions/shared/recordings/verification.ts';
import { fc } from '../../../property.ts';
import { chunk, wav } from './wav.ts';

/** The error for a file of which this much arrived, when its length is known only from its own header. */
function problemOf(received: Buffer): unknown {
  try {
    checkIsAudio(received);
    checkIsComplete(received.length, { riff: readRiff(received) });
    return undefined;
  } catch (error) {
    return error;
  }
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((content) => Buffer.from(content));
const anyChunk = fc
  .tuple(fc.constantFrom('LIST', 'fact', 'note', 'bext', '    ', 'DATA'), bytes(60))
  .map(([name, content]) => chunk(name, content));
const chunks = fc.array(anyChunk, { maxLength: 4 });

/** WAV files with any chunks around the audio. */
const wavFile = fc.tuple(chunks, fc.nat({ max: 200 }), chunks).map(([before, audioBytes, after]) => {
  const trailer = Buffer.concat(after);
  const riffSize = wav({ chunks: before, audioBytes }).length - 8 + trailer.length;
  return Buffer.concat([wav({ chunks: before, audioBytes, riffSize }), trailer]);
});
/** WAV files of recorders that were cut off before they wrote the size of the file. */
const unpatchedFile = fc
  .tuple(chunks, fc.nat({ max: 100 }), fc.constantFrom(0, 0xffffffff))
  .map(([before, samples, riffSize]) => wav({ chunks: before, audioBytes: 2 * samples, riffSize }));

test('a whole file is accepted, any part of one is rejected', () => {
  fc.assert(
    fc.property(fc.oneof(wavFile, unpatchedFile), fc.nat(), (file, end) => {
      expect(problemOf(file)).toBeUndefined();
      expect(problemOf(file.subarray(0, end % file.length))).toBeInstanceOf(ArchiveError);
    }),
  );
});

test('any bytes give valid sizes or none, and cause no error but an ArchiveError', () => {
  const start = fc.constantFrom('', 'RIFF', 'RIFF\xFF\xFF\xFF\xFFWAVEdata', 'RIFF\0\0\0\0WAVEfmt ', '{', '<');
  fc.assert(
    fc.property(start, bytes(600), (beginning, rest) => {
      const body = Buffer.concat([Buffer.from(beginning, 'latin1'), rest]);
      const { totalBytes = 0, audioEndsAt = 0 } = readRiff(body) ?? {};
      for (const size of [totalBytes, audioEndsAt]) expect(size).toBeGreaterThanOrEqual(0);
      const problem = problemOf(body);
      if (problem !== undefined) expect(problem).toBeInstanceOf(ArchiveError);
    }),
  );
});

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
