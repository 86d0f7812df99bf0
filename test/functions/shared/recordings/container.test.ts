import { describe, expect, test } from 'vitest';
import { readContainer } from '../../../../functions/shared/recordings/container.ts';
import { wav } from './wav.ts';

test('a WAV file says how long it is', () => {
  expect(readContainer(wav(), 'a.wav')).toEqual({
    format: 'riff',
    sizes: 'written',
    totalBytes: 364,
    audioStartsAt: 44,
    audioEndsAt: 364,
    bytesPerSecond: 16_000,
  });
});

describe('a recorder that was cut off', () => {
  test.each([0, 0xffffffff])('leaves %s for both sizes', (size) => {
    const sizes = { format: 'riff', sizes: 'unwritten', audioStartsAt: 44, bytesPerSecond: 16_000 };
    expect(readContainer(wav({ riffSize: size, dataSize: size }), 'a.wav')).toEqual(sizes);
  });
});
