import { expect, test } from 'vitest';
import { findClockSkew } from '../../../functions/pbx-session/clock-skew.ts';

const now = Date.UTC(2026, 6, 1, 12, 0, 0);
const MINUTE_MS = 60_000;
const minutes = (systemTime: unknown, timeZone = 'UTC') => {
  const skewMs = findClockSkew(systemTime, timeZone, now);
  return skewMs === undefined ? undefined : skewMs / MINUTE_MS;
};

test.each([
  ['2026-07-01 14:00:00 UTC+2', 'Europe/Berlin'],
  ['2026-07-01 14:00:00', 'Europe/Berlin'],
  // A PBX that names the opposite sign, or does not count summer time in its offset.
  ['2026-07-01 14:00:00 UTC-2', 'Europe/Berlin'],
  ['2026-07-01 14:00:00 UTC+1', 'Europe/Berlin'],
  // The clock is right; only the configured time zone is not.
  ['2026-07-01 04:00:00 UTC-8', 'UTC'],
  ['2026-07-01 17:45:00 UTC+5:45', 'UTC'],
  ['2026-07-01 12:00:00 UTC', 'Asia/Tokyo'],
  ['2026-07-01T12:00:00', 'UTC'],
  ['2026-07-01T12:00:00Z', 'Asia/Tokyo'],
  ['2026-07-01 12:00', 'UTC'],
  ['2026/07/01 12:00:00', 'UTC'],
  ['2026/7/1 2:00:00 PM', 'Europe/Berlin'],
  ['2026-07-01 12:00:00 AM UTC-12', 'UTC'],
  ['2026-07-01 12:00:00 pm', 'UTC'],
  ['2026-07-01 02:00:00 p.m. UTC+2', 'UTC'],
  // The day may come first, or the month.
  ['01-07-2026 12:00:00', 'UTC'],
  ['07-01-2026 12:00:00', 'UTC'],
  ['01.07.2026 12:00:00', 'UTC'],
  ['07/01/2026, 12:00:00 PM', 'UTC'],
  // As `ctime` and `date` print it.
  ['Wed Jul  1 14:00:00 2026', 'Europe/Berlin'],
  ['Wed Jul  1 12:00:00 UTC 2026', 'Asia/Tokyo'],
  ['Wed Jul  1 14:00:00 +0200 2026', 'UTC'],
])('the clock is right if it shows %s and timeZone is %s', (systemTime, timeZone) => {
  expect(minutes(systemTime, timeZone)).toBe(0);
});

test.each([
  ['2026-07-01 13:50:00 UTC+2', 'Europe/Berlin', -10],
  ['2026-07-01 14:20:00 UTC+2', 'Europe/Berlin', 20],
  // Set to summer time by hand, in a zone that has it anyway.
  ['2026-07-01 15:00:00 UTC+2', 'Europe/Berlin', 60],
  ['2026-07-01 01:00:00 PM', 'UTC', 60],
  ['Wed Jul  1 13:00:00 2026', 'UTC', 60],
])('a PBX that shows %s is wrong by as much as its call log is (%s)', (systemTime, timeZone, skew) => {
  expect(minutes(systemTime, timeZone)).toBe(skew);
});

test.each([
  '2000-01-01 01:00:00 UTC+1',
  '2000/01/01 01:00:00',
  '01-01-2000 01:00:00',
  '01/01/2000 01:00:00 AM',
  'Sat Jan  1 01:00:00 2000',
  // Whatever the rest means, it is less than 26 years.
  'Sat Jan  1 01:00:00 CET 2000',
  '2000-01-01 01:00:00 (not synchronized)',
])('a clock that is back at the beginning of 2000 is noticed: %s', (systemTime) => {
  expect(minutes(systemTime, 'Europe/Berlin')).toBe(-(now - Date.UTC(2000, 0, 1)) / MINUTE_MS);
});

test.each(['2026-07-01 07:00:00 nachm.', '2026-07-01 21:00:00 JST', 'Wed Jul  1 21:00:00 JST 2026'])(
  'nothing is claimed about a PBX whose zone or half of the day is not understood: %s',
  (systemTime) => {
    expect(minutes(systemTime, 'UTC')).toBeUndefined();
  },
);

test('in an hour that daylight saving repeats, both times are right', () => {
  for (const hour of [0, 1]) {
    const at = Date.UTC(2026, 9, 25, hour, 30);
    expect(findClockSkew('2026-10-25 02:30:00', 'Europe/Berlin', at)).toBe(0);
  }
});

test.each([
  undefined,
  '',
  'up 3 days',
  '2026-13-45 99:00:00',
  '26-07-01 12:00:00',
  'Wed Foo  1 12:00:00 2026',
  42,
  null,
])('nothing is claimed about a PBX that shows its time as %j', (systemTime) => {
  expect(minutes(systemTime)).toBeUndefined();
});

test('an offset that does not exist is ignored', () => {
  expect(minutes('2026-07-01 12:00:00 UTC+99', 'UTC')).toBe(0);
});
