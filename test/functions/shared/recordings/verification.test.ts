import { describe, expect, test } from 'vitest';
import { readRiff } from '../../../../functions/shared/recordings/riff.ts';
import {
  checkIsAudio,
  checkIsComplete,
  findVerifiedBy,
} from '../../../../functions/shared/recordings/verification.ts';
import { chunk, GSM, wav } from './wav.ts';

/** The error that a check throws. */
function errorOf(check: () => void): unknown {
  try {
    check();
  } catch (error) {
    return error;
  }
  throw new Error('The check found nothing wrong.');
}

const isAudio = (body: Buffer | string) => checkIsAudio(Buffer.from(body as string));
/** Checks a body of which `received` bytes arrived. */
const isComplete = (body: Buffer, totalBytes?: number, received = body.length) =>
  checkIsComplete(received, { riff: readRiff(body.subarray(0, received)), totalBytes });

describe('is the failure that it reports, with NULs after it:', () => {
  test.each([
    ['one', '\0'],
    ['one after a line break', '\r\n\0'],
    ['a whole buffer of them', '\0'.repeat(64)],
  ])('%s', (_, padding) => {
    const body = `{"status":"Failed","errno":"20006"}${padding}`;
    expect(errorOf(() => isAudio(body))).toMatchObject({ code: 'pbx-20006', kind: 'session-expired' });
    expect(errorOf(() => isAudio(`<html></html>${padding}`))).toMatchObject({ code: 'not-a-recording' });
  });

  test('but audio that ends in silence stays audio', () => {
    isAudio(Buffer.concat([Buffer.from('RIFF\x24\x08\0\0WAVE', 'latin1'), Buffer.alloc(4096)]));
  });
});

describe('is not a recording:', () => {
  test.each([
    ['an empty body', ''],
    ['whitespace', ' \r\n\t'],
    ['a byte order mark', '\uFEFF'],
    ['HTML', '<html><body>404</body></html>'],
    ['HTML after whitespace and a byte order mark', '\uFEFF\r\n  <!DOCTYPE html>'],
    ['XML', '<?xml version="1.0"?>'],
    ['a JSON array', '[]'],
    ['a JSON success', '{"status":"Success"}'],
    ['text', 'File not found.\r\n'],
    ['text in another language', 'Datei nicht gefunden: Größe ≠ 0\n'],
    ['long text', 'Not found. '.repeat(10_000)],
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

describe('can be a recording:', () => {
  test.each([
    ['PCM in a WAV file', wav()],
    ['GSM in a WAV file', wav({ format: GSM, audioBytes: 65 })],
    ['an empty WAV file', wav({ audioBytes: 0 })],
    ['raw GSM', Buffer.alloc(330, 0xd4)],
    ['an MP3 file with tags', Buffer.from('ID3\x03\0\0\0\0\0\x0atitle', 'latin1')],
    ['an unknown format', Buffer.from('yswav\x01\x02\x03', 'latin1')],
  ])('%s', (_, body) => {
    expect(() => isAudio(body)).not.toThrow();
  });
});

const RAW = Buffer.alloc(330, 0xd4);

describe('a recording is incomplete', () => {
  const incomplete = { code: 'recording-incomplete', kind: 'transient' };

  test('when it is shorter than the PBX announced', () => {
    expect(errorOf(() => isComplete(RAW, 331))).toMatchObject(incomplete);
    expect(errorOf(() => isComplete(wav(), 365))).toMatchObject(incomplete);
  });

  test('wherever a WAV file is cut', () => {
    const file = wav({ format: GSM, chunks: [chunk('fact', Buffer.alloc(4))], audioBytes: 130 });
    for (let length = 8; length < file.length; length++) {
      expect(errorOf(() => isComplete(file, undefined, length))).toMatchObject(incomplete);
    }
  });

  test('wherever a WAV file is cut whose RIFF size alone was never written', () => {
    const file = wav({ riffSize: 0 });
    for (let length = 44; length < file.length; length++) {
      expect(errorOf(() => isComplete(file, undefined, length))).toMatchObject(incomplete);
    }
  });

  test('wherever a WAV file is cut before its audio starts', () => {
    for (const file of [wav(), wav({ riffSize: 0, dataSize: 0 })]) {
      for (let length = 5; length < 44; length++) {
        expect(errorOf(() => isComplete(file, undefined, length))).toMatchObject(incomplete);
      }
    }
  });
});

describe('a recording is inconsistent, so that more bytes would not help,', () => {
  const inconsistent = { code: 'recording-inconsistent', kind: 'transient' };

  test.each([0, 329])('when it has 330 bytes and the PBX announced %i', (totalBytes) => {
    expect(errorOf(() => isComplete(RAW, totalBytes))).toMatchObject(inconsistent);
  });

  test('when it is as long as the PBX announced, but shorter than its RIFF header says', () => {
    const cut = wav().subarray(0, 200);
    expect(errorOf(() => isComplete(cut, cut.length))).toMatchObject(inconsistent);
  });

  test('when it is longer than its RIFF header says', () => {
    const file = Buffer.concat([wav(), Buffer.alloc(2)]);
    expect(errorOf(() => isComplete(file))).toMatchObject(inconsistent);
  });

  test('when its audio is longer than the file', () => {
    expect(errorOf(() => isComplete(wav({ dataSize: 1000 })))).toMatchObject(inconsistent);
  });
});

describe('a recording is complete, and its sizes are verified by the right evidence:', () => {
  test.each([
    ['WAV with a length', wav(), true, ['content-length', 'riff-header']],
    ['WAV without a length', wav(), false, ['riff-header']],
    ['WAV of an odd size, padded', wav({ audioBytes: 65, format: GSM }), false, ['riff-header']],
    ['WAV with both sizes 0', wav({ riffSize: 0, dataSize: 0 }), false, ['riff-header-unpatched']],
    [
      'WAV with both sizes at their maximum',
      wav({ riffSize: 0xffffffff, dataSize: 0xffffffff }),
      true,
      ['content-length', 'riff-header-unpatched'],
    ],
    ['WAV without audio', wav({ audioBytes: 0 }), true, ['content-length', 'riff-header']],
    ['another format with a length', Buffer.alloc(330, 0xd4), true, ['content-length']],
    ['another format without a length', Buffer.alloc(330, 0xd4), false, []],
  ])('%s', (_, body, hasLength, evidence) => {
    const totalBytes = hasLength ? body.length : undefined;
    expect(() => isComplete(body, totalBytes)).not.toThrow();
    expect(findVerifiedBy({ riff: readRiff(body), totalBytes })).toEqual(evidence);
  });

  test('a WAV file of odd size may leave out its padding', () => {
    const file = wav({ audioBytes: 65, riffSize: 36 + 65 });
    expect(file).toHaveLength(44 + 66);
    expect(() => isComplete(file)).not.toThrow();
    expect(() => isComplete(file.subarray(0, -1))).not.toThrow();
  });
});
