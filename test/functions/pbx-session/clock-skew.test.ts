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
])('the clock is right if it shows %s and timeZone is %s', (systemTime, timeZone) => {
  expect(minutes(systemTime, timeZone)).toBe(0);
});

test.each([
  ['2026-07-01 13:50:00 UTC+2', 'Europe/Berlin', -10],
  ['2026-07-01 14:20:00 UTC+2', 'Europe/Berlin', 20],
  // Set to summer time by hand, in a zone that has it anyway.
  ['2026-07-01 15:00:00 UTC+2', 'Europe/Berlin', 60],
  ['2000-01-01 01:00:00 UTC+1', 'Europe/Berlin', -(now - Date.UTC(2000, 0, 1)) / MINUTE_MS],
])('a PBX that shows %s is wrong by as much as its call log is (%s)', (systemTime, timeZone, skew) => {
  expect(minutes(systemTime, timeZone)).toBe(skew);
});

test('in an hour that daylight saving repeats, both times are right', () => {
  for (const hour of [0, 1]) {
    const at = Date.UTC(2026, 9, 25, hour, 30);
    expect(findClockSkew('2026-10-25 02:30:00', 'Europe/Berlin', at)).toBe(0);
  }
});

test.each([undefined, '', 'up 3 days', '2026-13-45 99:00:00', 42, null])(
  'nothing is claimed about a PBX that shows its time as %j',
  (systemTime) => {
    expect(minutes(systemTime)).toBeUndefined();
  },
);

test('an offset that does not exist is ignored', () => {
  expect(minutes('2026-07-01 12:00:00 UTC+99', 'UTC')).toBe(0);
});
