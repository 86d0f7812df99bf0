import { expect, test } from 'vitest';
import { percentile, summarize } from './statistics.ts';

test('the median of an odd number of runs is the middle one, whatever their order', () => {
  expect(summarize([10, 9, 100])).toEqual({ median: 10, min: 9, max: 100 });
});

test('the median of an even number of runs lies between the two in the middle', () => {
  expect(summarize([4, 1, 3, 10])).toEqual({ median: 3.5, min: 1, max: 10 });
});

test('one run is its own median', () => {
  expect(summarize([7])).toEqual({ median: 7, min: 7, max: 7 });
});

test('no run has no median', () => {
  expect(() => summarize([])).toThrow(RangeError);
});

test('a percentile is one of the values, and so large a share of them does not exceed it', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([100, 198, 200]);
});

test('nothing has no percentile', () => {
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});
