import { describe, expect, test } from 'vitest';
import {
  isFoundAsWhole,
  isSameNumber,
  numberKey,
} from '../../../../functions/shared/recording-index/phone-number.ts';
import { fc } from '../../../property.ts';

/** As a person types it, and as PBXs write it. */
const WRITTEN = [
  '+49 30 123456',
  '0049 30 123456',
  '030 123456',
  '+49 (0)30 123456',
  '+49 (0) 30 / 12 34 56',
  '(030) 123-456',
  '030.123.456',
  '004930123456',
  '4930123456',
  '30123456',
  '123456',
];

describe.each(WRITTEN)('%s', (number) => {
  test('has the key of the same number written in any other way', () => {
    expect(numberKey(number)).toBe('123456');
  });

  test.each(WRITTEN)('is the number %s', (other) => {
    expect(isSameNumber(number, other)).toBe(true);
  });
});

// What address books, web pages and word processors put around and into a number that is copied: marks of the writing
// direction (Unicode, UAX #9), spaces of no width, soft hyphens, the minus sign, and the scheme of RFC 3966.
test.each([
  ['\u202A+49 30 123456\u202C', 'embedded from left to right'],
  ['\u2068+49 30 123456\u2069', 'isolated'],
  ['\u200E+49 30 123456', 'with a mark'],
  ['+49\u200B30\u200B123456\uFEFF', 'with spaces of no width'],
  ['+49 30 12\u00AD3456', 'with a soft hyphen'],
  ['+49\u221230\u2212123456', 'with minus signs'],
  ['tel:+49-30-123456', 'as a URI'],
  ['\u200ETEL:+4930123456', 'as a URI with a mark'],
])('%j is the number that it was copied from: %s', (copied) => {
  expect(numberKey(copied)).toBe('123456');
  expect(isSameNumber(copied, '030 123456')).toBe(true);
  expect(isFoundAsWhole(copied)).toBe(false);
});

describe('all digits typed are compared, from the end:', () => {
  test.each([
    { typed: '123456', number: '+49 30 123456', isSame: true },
    { typed: '0123456', number: '+49 30 123456', isSame: true },
    { typed: '30 123456', number: '+49 30 123456', isSame: true },
    { typed: '40 123456', number: '+49 30 123456', isSame: false },
    { typed: '+43 30 123456', number: '+49 30 123456', isSame: false },
    { typed: '+49 30 123456', number: '123456', isSame: true },
    { typed: '1234567', number: '123456', isSame: false },
    { typed: '49301234', number: '+49 30 123456', isSame: false },
    { typed: '23456', number: '+49 30 123456', isSame: false },
  ])('$typed and $number', ({ typed, number, isSame }) => {
    expect(isSameNumber(typed, number)).toBe(isSame);
    expect(isSameNumber(number, typed)).toBe(isSame);
  });
});

describe('an extension stays whole:', () => {
  test.each([
    { typed: '1001', number: '1001', isSame: true },
    { typed: ' 1001 ', number: '1001', isSame: true },
    { typed: '1001', number: '21001', isSame: false },
    { typed: '1001', number: '+49 30 121001', isSame: false },
    { typed: '001', number: '1001', isSame: false },
    { typed: '001', number: '01', isSame: false },
  ])('$typed and $number', ({ typed, number, isSame }) => {
    expect(isSameNumber(typed, number)).toBe(isSame);
    expect(numberKey(typed) === numberKey(number)).toBe(isSame);
  });
});

describe('what is no number has to be equal, in upper or lower case:', () => {
  test.each([
    { typed: '*43#', number: '*43#', isSame: true },
    { typed: '*43#', number: '43', isSame: false },
    { typed: '*43#', number: '*430#', isSame: false },
    { typed: 'anonymous', number: 'Anonymous', isSame: true },
    { typed: 'anonymous', number: '123456', isSame: false },
  ])('$typed and $number', ({ typed, number, isSame }) => {
    expect(isSameNumber(typed, number)).toBe(isSame);
    expect(numberKey(typed) === numberKey(number)).toBe(isSame);
  });
});

test.each([
  { typed: '1001', isWhole: true },
  { typed: '*43#', isWhole: true },
  { typed: '23456', isWhole: true },
  { typed: '123456', isWhole: false },
  { typed: '030 123456', isWhole: false },
  { typed: '+49 30 123456', isWhole: false },
])('$typed finds itself alone: $isWhole', ({ typed, isWhole }) => {
  expect(isFoundAsWhole(typed)).toBe(isWhole);
});

// A search reads the rows of the key of what was typed, and compares the numbers of these alone.
test('two ways of writing one number always have one key', () => {
  const anyNumber = fc.string({ unit: fc.constantFrom(...'0012349+-() #a'), maxLength: 14 });
  fc.assert(
    fc.property(
      anyNumber,
      anyNumber,
      fc.constantFrom('', '0', '00', '+49', '0049 ', '+49 (0)'),
      (a, b, prefix) => {
        for (const [one, other] of [
          [a, b],
          [a, prefix + a],
        ] as const) {
          expect(isSameNumber(one, other)).toBe(isSameNumber(other, one));
          if (isSameNumber(one, other)) expect(numberKey(one)).toBe(numberKey(other));
        }
      },
    ),
  );
});
