import { describe, expect, test } from 'vitest';
import { parseResponse } from '../../../../functions/shared/pbx/s-series/errors.ts';
import { checkIsNoText } from '../../../../functions/shared/recordings/verification.ts';
import { GSM, wav } from './wav.ts';

/** The error that a check throws. */
function errorOf(check: () => void): unknown {
  try {
    check();
  } catch (error) {
    return error;
  }
  throw new Error('The check found nothing wrong.');
}

/** Audio without a header, of such samples. */
const noise = (samples: number[]) =>
  Buffer.from(Array.from({ length: 2000 }, (_, index) => samples[(index * index) % samples.length] ?? 0));

const isAudio = (body: Buffer | string) => checkIsNoText(Buffer.from(body as string), parseResponse);

describe('is the failure that it reports, with NULs after it:', () => {
  test.each([
    ['one', '\0'],
    ['one after a line break', '\r\n\0'],
    ['one, and what was in the buffer before', '\0ion":"NewCdr"}\x01\x02'],
    ['a whole buffer of them', '\0'.repeat(64)],
  ])('%s', (_, padding) => {
    const body = `{"status":"Failed","errno":"20006"}${padding}`;
    for (const sent of [body, `\0\0${body}`]) {
      expect(errorOf(() => isAudio(sent))).toMatchObject({ code: 'pbx-20006', kind: 'session-expired' });
    }
    expect(errorOf(() => isAudio(`<html></html>${padding}`))).toMatchObject({ code: 'not-a-recording' });
  });

  test('but audio that ends in silence stays audio', () => {
    const header = Buffer.from('RIFF\x24\x08\0\0WAVE', 'latin1');
    expect(() => isAudio(Buffer.concat([header, Buffer.alloc(4096)]))).not.toThrow();
  });
});

describe('is not a recording:', () => {
  test.each([
    ['a byte order mark', '\uFEFF'],
    ['HTML', '<html><body>404</body></html>'],
    ['HTML after whitespace and a byte order mark', '\uFEFF\r\n  <!DOCTYPE html>'],
    ['XML', '<?xml version="1.0"?>'],
    ['a JSON array', '[]'],
    ['a JSON success', '{"status":"Success"}'],
    ['text', 'File not found.\r\n'],
    ['text in another language', 'Datei nicht gefunden: Größe ≠ 0\n'],
    ['text with a bell and a vertical tab', 'Error 404: \u0007 file not found,\u000b try again later.'],
    [
      'HTML with damaged characters',
      `<html><body>\u0001${'No such recording. '.repeat(9)}\u0002</body></html>`,
    ],
    ['text in the colours of a terminal', '\u001b[31mFile not found\u001b[0m\b\n'],
    ['long text', 'Not found. '.repeat(10_000)],
    ['a short word', 'Error'],
    ['text in Latin-1', Buffer.from('Die Datei enth\xE4lt keine Aufnahme.', 'latin1')],
    ['text in UTF-16', Buffer.from('No such file', 'utf16le')],
    ['a JSON array in UTF-16', Buffer.from('[]', 'utf16le')],
    ['text that is cut in the middle of a character', `${'a'.repeat(511)}é`],
    ['the first letters of a RIFF header', 'RIFF'],
  ])('%s', (_, body) => {
    expect(errorOf(() => isAudio(body))).toMatchObject({ code: 'not-a-recording', kind: 'transient' });
  });

  test.each([
    ['half of a JSON object', '{"status":"Fai'],
    ['a JSON object that is not of the API', ' {"error":404}'],
  ])('%s', (_, body) => {
    expect(errorOf(() => isAudio(body))).toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
  });
});

describe('an error of the PBX instead of the recording is handled by its number:', () => {
  test.each([
    ['20006', 'session-expired'],
    ['20012', 'transient'],
    ['20014', 'missing'],
    ['20015', 'permanent'],
    ['99999', 'transient'],
  ])('%s: %s', (errno, kind) => {
    for (const body of [
      { status: 'Failed', errno },
      { errno: Number(errno), status: 'Failed' },
    ]) {
      const error = errorOf(() => isAudio(`\uFEFF\n${JSON.stringify(body, null, 2)}`));
      expect(error).toMatchObject({ code: `pbx-${errno}`, kind });
    }
  });
});

test.each(['\r\n', '\n', ' \r\n\t', '\0', '\0'.repeat(512)])(
  'a body of %j alone is an empty recording',
  (body) => {
    expect(errorOf(() => isAudio(body))).toMatchObject({ code: 'recording-empty', kind: 'empty' });
  },
);

test('a body of many NULs is of an unknown format', () => {
  expect(() => isAudio(Buffer.alloc(64 * 1024))).not.toThrow();
});

describe('can be a recording:', () => {
  test.each([
    ['PCM in a WAV file', wav()],
    ['GSM in a WAV file', wav({ format: GSM, audioBytes: 65 })],
    ['an empty WAV file', wav({ audioBytes: 0 })],
    ['raw GSM', Buffer.alloc(330, 0xd4)],
    ['an MP3 file with tags', Buffer.from('ID3\x03\0\0\0\0\0\x0atitle', 'latin1')],
    ['an unknown format', Buffer.from('yswav\x01\x02\x03', 'latin1')],
    // Around zero, A-law has 0x55 and 0xD5, and µ-law 0x7F and 0xFF (ITU-T G.711).
    ['quiet A-law', noise([0x55, 0xd5, 0x54, 0xd4, 0x57, 0xd7])],
    ['quiet A-law below zero', noise([0x55, 0x54, 0x57, 0x56, 0x51])],
    ['quiet µ-law', noise([0x7f, 0xff, 0x7e, 0xfe, 0x7d, 0xfd])],
    ['quiet µ-law below zero', noise([0x7e, 0x7d, 0x7c, 0x7b])],
    ['quiet PCM of 16 bits', Buffer.from(Int16Array.from([65, -3, 40, -260, ...noise([60, 90])]).buffer)],
  ])('%s', (_, body) => {
    expect(() => isAudio(body)).not.toThrow();
  });
});
