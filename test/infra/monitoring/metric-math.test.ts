import { expect, test } from 'vitest';
import { evaluateMetricMath } from './metric-math.ts';

const none = undefined;

// The tables of examples in CloudWatch's user guide.
test.each([
  ['metric1 < metric2', [0, 0, 1, 0]],
  ['metric1 >= 30', [1, 0, 0, 0]],
  ['metric1 > 15 AND metric2 > 15', [1, 0, 0, 0]],
])('compares as the guide says: %s', (expression, expected) => {
  const metrics = { metric1: [30, 20, 0, 0], metric2: [20, none, 20, none] };
  expect(evaluateMetricMath(`(${expression})`, metrics)).toEqual(expected);
});

test.each([
  ['IF(metric1, metric2, metric3)', [30, 0, 20, none, none]],
  ['IF(metric1, 5, metric3)', [5, 5, 20, none, none]],
  ['IF(metric1, metric2, 5)', [30, 0, 5, 5, none]],
])('decides as the guide says: %s', (expression, expected) => {
  const metrics = {
    metric1: [1, 1, 0, 0, none],
    metric2: [30, none, 0, 0, 30],
    metric3: [0, 0, 20, none, 20],
  };
  expect(evaluateMetricMath(expression, metrics)).toEqual(expected);
});

test.each([
  ['FILL(m1, 7)', [1, 7, 3]],
  ['MAX([m1, m2])', [1, 5, 4]],
  ['MAX([FILL(m1, 9), m2])', [1, 9, 4]],
  ['m1 + m2 + 1', [2, 6, 8]],
  ['IF(FILL(m1, 0) + m2 <= 5 AND m2 > 4, 1, 0)', [0, 1, 0]],
])('fills, adds and compares several series: %s', (expression, expected) => {
  expect(evaluateMetricMath(expression, { m1: [1, none, 3], m2: [none, 5, 4] })).toEqual(expected);
});

test.each(['RATE(m1)', 'm2', 'm1 m1', 'MAX([m1)', 'IF(m1, 1', '1', 'm1 * 2'])(
  'refuses what it does not know: %s',
  (expression) => {
    expect(() => evaluateMetricMath(expression, { m1: [1] })).toThrow(expression);
  },
);
