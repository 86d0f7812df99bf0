import { expect, test } from 'vitest';
import { peaks } from '../../../../functions/archive-page/app/gsm/peaks.ts';
import { fc } from '../../../property.ts';

test('each part has its loudest sample, of full scale', () => {
  const samples = Int16Array.of(0, 0, 16384, -8192, -32768, 1, 0, -16384);
  expect(Array.from(peaks(samples, 4))).toEqual([0, 0.5, 1, 0.5]);
});

test('parts differ by one sample if the samples do not divide evenly', () => {
  expect(
    Array.from(
      peaks(
        Int16Array.of(1, 2, 3, 4, 5).map((sample) => sample * 4096),
        2,
      ),
    ),
  ).toEqual([0.25, 0.625]);
});

test('fewer samples than parts are repeated', () => {
  expect(Array.from(peaks(Int16Array.of(8192, -16384), 4))).toEqual([0.25, 0.25, 0.5, 0.5]);
});

test('no samples are silence', () => {
  expect(Array.from(peaks(new Int16Array(), 3))).toEqual([0, 0, 0]);
  expect(peaks(Int16Array.of(1), 0)).toHaveLength(0);
});

test('the loudest sample of all is the largest peak, whatever the number of parts', () => {
  fc.assert(
    fc.property(
      fc.int16Array({ minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 400 }),
      (samples, count) => {
        const result = peaks(samples, count);
        expect(result).toHaveLength(count);
        const loudest = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
        expect(Math.max(...result)).toBe(loudest / 32768);
      },
    ),
  );
});
