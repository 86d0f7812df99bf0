import { expect, test } from 'vitest';
import { adviceOf, NO_FILTERS } from '../../../functions/archive-page/app/filters.ts';

// Numbers are found by their last six digits; an extension, and what is no number, only as a whole.
test.each([
  ['', 'noneWithoutNumber'],
  [' , ', 'noneWithoutNumber'],
  ['+49 30 901820', 'noneHint'],
  ['901820,', 'noneHint'],
  ['90182', 'noneShort'],
  ['+49 30 901820; 1000', 'noneShort'],
  // Without the zeros that are dialed before it, this one has five digits.
  ['0012345', 'noneShort'],
  ['anonymous', 'noneShort'],
  ['1505352445.265', 'noneCallId'],
])('the advice after "%s" has found nothing is %s', (number, expected) => {
  expect(adviceOf({ ...NO_FILTERS, number })).toBe(expected);
});
