import { expect, test } from 'vitest';
import { percentile, summarize } from './statistics.ts';

test('the median of an odd number of values is the middle one, in any order', () => {
  expect(summarize([10, 9, 100])).toEqual({ median: 10, min: 9, max: 100 });
});

test('the median of an even number of values is halfway between the middle two', () => {
  expect(summarize([4, 1, 3, 10])).toEqual({ median: 3.5, min: 1, max: 10 });
});

test('a percentile is one of the values, and the given share of them does not exceed it', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([100, 198, 200]);
});

test('there is neither a median nor a percentile without values', () => {
  expect(() => summarize([])).toThrow(RangeError);
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});
