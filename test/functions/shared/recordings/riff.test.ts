import { describe, expect, test } from 'vitest';
import { readRiff } from '../../../../functions/shared/recordings/riff.ts';
import { chunk, GSM, wav } from './wav.ts';

/** Length of the header of a plain WAV file. */
const HEADER_BYTES = 44;
const UNPATCHED = 0xffffffff;

describe('a file with a correct header', () => {
  test('gives its own size and where its audio ends', () => {
    const sizes = { totalBytes: HEADER_BYTES + 320, audioEndsAt: HEADER_BYTES + 320, isPatched: true };
    expect(readRiff(wav())).toEqual(sizes);
  });

  test('may have any number of other chunks before its audio, even of odd sizes', () => {
    const list = chunk('LIST', Buffer.from('INFOISFT\x05\0\0\0Boa!\0\0', 'latin1'));
    const odd = chunk('note', Buffer.from('odd'));
    const file = wav({ chunks: [list, odd, chunk('fact', Buffer.alloc(4))] });
    expect(readRiff(file)).toEqual({ totalBytes: file.length, audioEndsAt: file.length, isPatched: true });
  });

  test('may contain GSM, whose blocks are 65 bytes', () => {
    const gsm = { format: GSM, chunks: [chunk('fact', Buffer.alloc(4))] };
    const even = wav({ ...gsm, audioBytes: 130 });
    expect(readRiff(even)).toEqual({ totalBytes: even.length, audioEndsAt: even.length, isPatched: true });
    const odd = wav({ ...gsm, audioBytes: 65 });
    expect(readRiff(odd)).toEqual({ totalBytes: odd.length, audioEndsAt: odd.length - 1, isPatched: true });
  });

  test('may have chunks after its audio', () => {
    const trailer = chunk('LIST', Buffer.from('INFO'));
    const file = Buffer.concat([wav({ riffSize: 36 + 320 + trailer.length }), trailer]);
    expect(readRiff(file)).toEqual({
      totalBytes: file.length,
      audioEndsAt: HEADER_BYTES + 320,
      isPatched: true,
    });
  });

  test('may contain no audio', () => {
    const sizes = { totalBytes: HEADER_BYTES, audioEndsAt: HEADER_BYTES, isPatched: true };
    expect(readRiff(wav({ audioBytes: 0 }))).toEqual(sizes);
  });

  test('gives its size even if cut after the first 8 bytes', () => {
    const file = wav();
    for (let length = 8; length < HEADER_BYTES; length++) {
      expect(readRiff(file.subarray(0, length))).toMatchObject({ totalBytes: file.length });
    }
    expect(readRiff(file.subarray(0, HEADER_BYTES))?.audioEndsAt).toBe(file.length);
  });
});

describe('a recorder that was cut off', () => {
  test.each([0, UNPATCHED])('leaves %s for both sizes', (size) => {
    const sizes = { totalBytes: undefined, audioEndsAt: HEADER_BYTES, isPatched: false };
    expect(readRiff(wav({ riffSize: size, dataSize: size }))).toEqual(sizes);
  });

  test.each([0, UNPATCHED])('leaves %s for the size of the audio only', (dataSize) => {
    const sizes = { totalBytes: HEADER_BYTES + 320, audioEndsAt: HEADER_BYTES, isPatched: false };
    expect(readRiff(wav({ dataSize }))).toEqual(sizes);
  });

  test.each([0, UNPATCHED])('leaves %s for the size of the file only', (riffSize) => {
    const sizes = { totalBytes: undefined, audioEndsAt: HEADER_BYTES + 320, isPatched: false };
    expect(readRiff(wav({ riffSize }))).toEqual(sizes);
  });
});

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['three letters', Buffer.from('RIF')],
  ['raw GSM', Buffer.alloc(330, 0xd4)],
  ['big-endian RIFX', Buffer.from('RIFX\0\0\0\x04WAVE')],
  ['audio that contains "RIFF"', Buffer.from('\0RIFF\0\0\0')],
])('any other file gives no sizes: %s', (_, file) => {
  expect(readRiff(file)).toBeUndefined();
});
