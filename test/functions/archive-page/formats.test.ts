import { describe, expect, test } from 'vitest';
import { createFormats } from '../../../functions/archive-page/app/formats.ts';

const BERLIN = 'Europe/Berlin';
const formatsAt = (now: string, locale = 'en-GB') => createFormats(locale, () => Date.parse(now));

describe('a moment', () => {
  test.each([
    ['today: only the time', '2026-11-27T08:05:00Z', '09:05\u00A0CET'],
    ['this year: the day', '2026-01-02T08:05:00Z', '2 Jan, 09:05\u00A0CET'],
    ['last year: the year, too', '2025-11-27T08:05:00Z', '27 Nov 2025, 09:05\u00A0CET'],
    ['next year, as links for others may end', '2027-02-25T08:05:00Z', '25 Feb 2027, 09:05\u00A0CET'],
  ])('of %s', (_, at, expected) => {
    expect(formatsAt('2026-11-27T10:00:00Z').moment(at, BERLIN)).toBe(expected);
  });

  test('is in German as Germans write it', () => {
    expect(formatsAt('2026-11-27T10:00:00Z', 'de-DE').moment('2025-03-01T08:05:00Z', BERLIN)).toBe(
      '1. März 2025, 09:05\u00A0MEZ',
    );
  });

  test('has the year of the PBX, not that of UTC', () => {
    // In Berlin, both are in 2027.
    const { moment } = formatsAt('2027-01-05T10:00:00Z');
    expect(moment('2026-12-31T23:30:00Z', BERLIN)).toBe('1 Jan, 00:30\u00A0CET');
    expect(moment('2026-12-31T23:30:00Z', 'UTC')).toBe('31 Dec 2026, 23:30\u00A0UTC');
    // In Berlin, the new year has begun; in UTC it has not.
    const atMidnight = formatsAt('2026-12-31T23:30:00Z').moment;
    expect(atMidnight('2026-12-30T08:00:00Z', BERLIN)).toBe('30 Dec 2026, 09:00\u00A0CET');
    expect(atMidnight('2026-12-30T08:00:00Z', 'UTC')).toBe('30 Dec, 08:00\u00A0UTC');
  });
});

// Beside the time zone, it fits into one line of a telephone.
test.each([
  ['en-GB', '2026-11-26T09:00:00Z', 'Yesterday, Thursday 26 November'],
  ['en-US', '2026-11-26T09:00:00Z', 'Yesterday, Thursday, November 26'],
  ['de-DE', '2026-11-26T09:00:00Z', 'Gestern, Donnerstag, 26. November'],
  ['en-GB', '2025-11-26T09:00:00Z', 'Wednesday, 26 November 2025'],
  // In Berlin, it is the new year.
  ['de-DE', '2025-12-31T23:30:00Z', 'Donnerstag, 1. Januar'],
])('a day in %s that contains %s is called %s', (locale, at, expected) => {
  expect(formatsAt('2026-11-27T10:00:00Z', locale).dayHeading(at, BERLIN)).toBe(expected);
});

test('the day before is yesterday, also in the first hour after a day of 23 hours', () => {
  // Half past midnight on Monday. On Sunday, the clocks have gone forward.
  const { dayHeading } = formatsAt('2026-03-29T22:30:00Z');
  expect(dayHeading('2026-03-29T22:10:00Z', BERLIN)).toMatch(/^Today, Monday/);
  expect(dayHeading('2026-03-29T10:00:00Z', BERLIN)).toMatch(/^Yesterday, Sunday/);
  expect(dayHeading('2026-03-28T10:00:00Z', BERLIN)).toMatch(/^Saturday/);
});
