import { expect, test } from 'vitest';
import { toPersonName } from '../../../../functions/shared/access/claims.ts';

// The log compares names exactly: what is shown in it has to be found when it is entered.
test.each([
  ['x'.repeat(99), ` Miller`],
  ['x'.repeat(99), `\u{1F600}`],
  ['Zoe', '\u0308'],
])('a name that was kept stays as it is: %s%s', (begin, end) => {
  const kept = toPersonName(begin + end);
  expect(toPersonName(kept)).toBe(kept);
});

test('a name has one form, however its letters are composed', () => {
  expect(toPersonName('Zoe\u0308')).toBe('Zo\u00EB');
});
