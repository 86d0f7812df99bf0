import { describe, expect, test } from 'vitest';
import { decodeGsm } from '../../../../functions/archive-page/app/gsm/decode-gsm.ts';
import { readWavFile } from '../../../../functions/archive-page/app/gsm/wav-file.ts';
import { DECODED_BY_SOX, fixture, pathOf, sha256Of, toBytes } from './fixtures.ts';
import { decodeWithSox, hasSox } from './sox.ts';

const RAW_FRAME_BYTES = 33;
const FRAME_SAMPLES = 160;

function decodeFixture(name: string): Int16Array {
  const file = fixture(name);
  const wav = readWavFile(file);
  return wav === undefined ? decodeGsm(file, 'raw') : decodeGsm(wav.audio, 'wav49');
}

describe.each(DECODED_BY_SOX)('$name', ({ name, sha256 }) => {
  test('decodes to the samples that were recorded from SoX', () => {
    expect(sha256Of(decodeFixture(name))).toBe(sha256);
  });

  test.runIf(hasSox)('decodes to the samples of the SoX that is installed', () => {
    expect(toBytes(decodeFixture(name)).equals(decodeWithSox(pathOf(name)))).toBe(true);
  });
});

test('the fixtures cover both formats, loud and quiet audio', () => {
  expect(DECODED_BY_SOX).toHaveLength(14);
  const loudest = decodeFixture('clipping.gsm').reduce((peak, sample) => Math.max(peak, sample), 0);
  expect(loudest).toBe(32760);
});

describe('raw GSM', () => {
  const speech = fixture('speech.gsm');
  const frame = (bytes: Uint8Array, index: number) =>
    bytes.subarray(index * RAW_FRAME_BYTES, (index + 1) * RAW_FRAME_BYTES);

  test('a frame without its signature is 20 ms of silence, and the others decode as if it were not there', () => {
    const frames = Array.from({ length: 10 }, (_, index) => frame(speech, index));
    const damaged = Uint8Array.from(frame(speech, 20));
    damaged[0] = 0x5a;
    const decoded = decodeGsm(Buffer.concat([...frames.slice(0, 4), damaged, ...frames.slice(4)]), 'raw');
    const expected = decodeGsm(Buffer.concat(frames), 'raw');
    expect(decoded).toHaveLength(11 * FRAME_SAMPLES);
    expect(decoded.subarray(0, 4 * FRAME_SAMPLES)).toEqual(expected.subarray(0, 4 * FRAME_SAMPLES));
    expect(decoded.subarray(4 * FRAME_SAMPLES, 5 * FRAME_SAMPLES)).toEqual(new Int16Array(FRAME_SAMPLES));
    expect(decoded.subarray(5 * FRAME_SAMPLES)).toEqual(expected.subarray(4 * FRAME_SAMPLES));
  });

  test('an incomplete frame at the end is ignored', () => {
    const complete = speech.subarray(0, 2 * RAW_FRAME_BYTES);
    for (const bytes of [67, 98]) {
      expect(decodeGsm(speech.subarray(0, bytes), 'raw')).toEqual(decodeGsm(complete, 'raw'));
    }
  });
});

test('an incomplete block of WAV49 at the end is ignored', () => {
  const audio = readWavFile(fixture('speech.wav'))?.audio ?? new Uint8Array();
  const complete = decodeGsm(audio.subarray(0, 130), 'wav49');
  expect(complete).toHaveLength(640);
  for (const bytes of [131, 163, 194]) expect(decodeGsm(audio.subarray(0, bytes), 'wav49')).toEqual(complete);
});

test('raw GSM and WAV49 of the same frames decode alike', () => {
  expect(decodeFixture('speech.wav')).toEqual(decodeFixture('speech.gsm'));
});

test.each(['raw', 'wav49'] as const)('nothing decodes to nothing: %s', (format) => {
  expect(decodeGsm(new Uint8Array(), format)).toHaveLength(0);
});
