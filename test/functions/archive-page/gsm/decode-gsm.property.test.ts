import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { AudioError } from '../../../../functions/archive-page/app/gsm/audio-error.ts';
import { decodeAudio } from '../../../../functions/archive-page/app/gsm/decode-audio.ts';
import { decodeGsm } from '../../../../functions/archive-page/app/gsm/decode-gsm.ts';
import { decodeGsmFile } from '../../../../functions/archive-page/app/gsm/gsm-file.ts';
import { FEWER_RUNS, fc } from '../../../property.ts';
import { fixture, toBytes } from './fixtures.ts';
import { decodeWithSox, hasSox } from './sox.ts';
import { dataChunk, gsmFormat, wavOf } from './wav-files.ts';

const bytesOf = (blockBytes: number, maxBlocks: number) =>
  fc
    .nat(maxBlocks)
    .chain((blocks) => fc.uint8Array({ minLength: blockBytes * blocks, maxLength: blockBytes * blocks }));

/** Frames of any content, with their signature. */
const rawFrames = bytesOf(33, 12).map((bytes) =>
  bytes.map((byte, index) => (index % 33 === 0 ? 0xd0 | (byte & 0xf) : byte)),
);
const wav49Blocks = bytesOf(65, 6);

describe('arbitrary bytes', () => {
  test('decode to 160 samples for each 33 bytes of raw GSM, always to the same', () => {
    fc.assert(
      fc.property(fc.oneof(rawFrames, bytesOf(33, 12)), (bytes) => {
        const samples = decodeGsm(bytes, 'raw');
        expect(samples).toHaveLength((bytes.length / 33) * 160);
        expect(decodeGsm(bytes, 'raw')).toEqual(samples);
      }),
    );
  });

  test('decode to 320 samples for each 65 bytes of WAV49, always to the same', () => {
    fc.assert(
      fc.property(wav49Blocks, (bytes) => {
        const samples = decodeGsm(bytes, 'wav49');
        expect(samples).toHaveLength((bytes.length / 65) * 320);
        expect(decodeGsm(bytes, 'wav49')).toEqual(samples);
      }),
    );
  });

  test('decode to the same samples up to where the file is cut off', () => {
    fc.assert(
      fc.property(rawFrames, fc.nat(400), (bytes, length) => {
        const cut = decodeGsm(bytes.subarray(0, length), 'raw');
        expect(cut).toEqual(decodeGsm(bytes, 'raw').subarray(0, cut.length));
      }),
    );
  });
});

describe.runIf(hasSox)('arbitrary frames decode as SoX decodes them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gsm-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('raw GSM', () => {
    const path = join(directory, 'arbitrary.gsm');
    fc.assert(
      fc.property(rawFrames, (bytes) => {
        writeFileSync(path, bytes);
        expect(toBytes(decodeGsm(bytes, 'raw')).equals(decodeWithSox(path))).toBe(true);
      }),
      FEWER_RUNS,
    );
  });

  test('WAV49', () => {
    const path = join(directory, 'arbitrary.wav');
    fc.assert(
      fc.property(wav49Blocks, (bytes) => {
        writeFileSync(path, wavOf([gsmFormat(), dataChunk(bytes)]));
        expect(toBytes(decodeGsm(bytes, 'wav49')).equals(decodeWithSox(path))).toBe(true);
      }),
      FEWER_RUNS,
    );
  });
});

describe('a damaged file', () => {
  const damagedFile = fc
    .tuple(
      fc.constantFrom('speech.wav', 'ffmpeg.wav', 'speech.gsm').map(fixture),
      fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 8 }),
      fc.nat(600),
    )
    .map(([file, changes, length]) => {
      const damaged = file.slice(0, length);
      for (const [offset, byte] of changes) if (offset < length) damaged[offset] = byte;
      return damaged;
    });

  test.each([
    { name: 'decodeGsmFile', decode: decodeGsmFile },
    { name: 'decodeAudio', decode: decodeAudio },
  ])('decodes or throws an AudioError: $name', ({ decode }) => {
    fc.assert(
      fc.property(fc.oneof(damagedFile, fc.uint8Array({ maxLength: 200 })), (file) => {
        try {
          expect(decode(file).samples).toBeInstanceOf(Int16Array);
        } catch (error) {
          expect(error).toBeInstanceOf(AudioError);
        }
      }),
    );
  });
});
