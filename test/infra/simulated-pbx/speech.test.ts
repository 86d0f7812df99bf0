import { expect, test } from 'vitest';
import { generateSpeech } from '../../../infra/simulated-pbx/speech.ts';

const samplesOf = (file: Buffer) =>
  Array.from({ length: (file.length - 44) / 2 }, (_, i) => file.readInt16LE(44 + i * 2));

test('generated speech is a WAV file (PCM, 8 kHz, 16 bit, mono) with correct sizes', () => {
  const file = generateSpeech({ seconds: 2.5 });
  expect(file.length).toBe(44 + 2.5 * 16_000);
  expect(file.toString('latin1', 0, 4)).toBe('RIFF');
  expect(file.readUInt32LE(4)).toBe(file.length - 8);
  expect(file.toString('latin1', 8, 16)).toBe('WAVEfmt ');
  expect([20, 22, 32, 34].map((offset) => file.readUInt16LE(offset))).toEqual([1, 1, 2, 16]);
  expect([24, 28].map((offset) => file.readUInt32LE(offset))).toEqual([8000, 16_000]);
  expect(file.toString('latin1', 36, 40)).toBe('data');
  expect(file.readUInt32LE(40)).toBe(file.length - 44);
});

test('the same seed gives the same bytes, another seed gives others', () => {
  const [one, again, two] = [1, 1, 2].map((seed) => generateSpeech({ seconds: 1, seed }));
  expect(one).toEqual(again);
  expect(one).not.toEqual(two);
});

test.each(['low', 'high', 'conversation'] as const)(
  'the %s voice has sound, pauses and headroom',
  (voice) => {
    const samples = samplesOf(generateSpeech({ seconds: 20, seed: 7, voice }));
    const loudest = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const silent = samples.filter((sample) => sample === 0).length / samples.length;
    expect(loudest).toBe(16_000);
    // Telephone speech has -30 to -16 dB of full scale.
    expect(10 * Math.log10(power / 32_768 ** 2)).toBeGreaterThan(-30);
    expect(10 * Math.log10(power / 32_768 ** 2)).toBeLessThan(-16);
    expect(silent).toBeGreaterThan(0.1);
    expect(silent).toBeLessThan(0.5);
  },
);

test('zero seconds give an empty WAV file', () => {
  expect(generateSpeech({ seconds: 0 })).toHaveLength(44);
});
