import { expect, test } from 'vitest';
import { adviceOf, NO_FILTERS, queryOf } from '../../../functions/archive-page/app/filters.ts';

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
  [' 1505352445.265\n', 'noneCallId'],
])('the advice after "%s" has found nothing is %s', (number, expected) => {
  expect(adviceOf({ ...NO_FILTERS, number })).toBe(expected);
});

// Copied from a mail or a spreadsheet, with what was around it.
test.each([
  ['1505352445.265', { callId: '1505352445.265' }],
  [' 1505352445.265', { callId: '1505352445.265' }],
  ['1505352445.265\u00a0\n', { callId: '1505352445.265' }],
  ['1505352445.265,', { callId: '1505352445.265' }],
  ['\u202a1505352445.265\u202c', { callId: '1505352445.265' }],
  [' 030 901820 ', { number: '030 901820' }],
  ['1000 ;, 1001', { number: '1000,1001' }],
  ['', {}],
  ['  ', {}],
  [' ,; ', {}],
  ['\u200b', {}],
])('%j asks the API for the call id or the numbers in it alone', (number, expected) => {
  const query = new URLSearchParams(queryOf({ ...NO_FILTERS, number, direction: 'inbound' }, 'next'));
  expect(Object.fromEntries(query)).toEqual({ ...expected, direction: 'inbound', cursor: 'next' });
});
