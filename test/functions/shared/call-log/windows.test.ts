import { describe, expect, test } from 'vitest';
import {
  daysBetween,
  isDay,
  recentWindows,
  windowOf,
} from '../../../../functions/shared/call-log/windows.ts';
import type { CdrWindow } from '../../../../functions/shared/pbx/pbx-client.ts';
import { localTime } from '../../../../infra/simulated-pbx/pbx-time.ts';

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;

/** As the PBX searches: compares local times as text. */
const holds = (windows: CdrWindow[], local: string) =>
  windows.some(({ starttime, endtime }) => starttime <= local && local <= endtime);

/** The PBX-local time every quarter of an hour. */
const quarters = (from: number, to: number, zone: string) =>
  Array.from({ length: (to - from) / QUARTER_MS + 1 }, (_, count) => {
    const at = from + count * QUARTER_MS;
    return { at, local: localTime(at, zone) };
  });

test('a window covers whole days of the PBX, from the first second to the last', () => {
  expect(windowOf('2026-01-31')).toEqual({
    starttime: '2026-01-31 00:00:00',
    endtime: '2026-01-31 23:59:59',
  });
  expect(windowOf('2026-01-31', '2026-02-02')).toEqual({
    starttime: '2026-01-31 00:00:00',
    endtime: '2026-02-02 23:59:59',
  });
});

test('the recent windows are the days that the hours touch, in the time zone of the PBX, and tomorrow', () => {
  const now = Date.UTC(2026, 4, 17, 22, 30);
  expect(recentWindows(24, 'UTC', now)).toEqual([
    windowOf('2026-05-16'),
    windowOf('2026-05-17', '2026-05-18'),
  ]);
  expect(recentWindows(24, 'Asia/Tokyo', now)).toEqual([
    windowOf('2026-05-17'),
    windowOf('2026-05-18', '2026-05-19'),
  ]);
  expect(recentWindows(16, 'UTC', now)).toEqual([windowOf('2026-05-17', '2026-05-18')]);
  const week = recentWindows(168, 'UTC', now);
  expect(week).toHaveLength(8);
  expect(week[0]).toEqual(windowOf('2026-05-10'));
});

test('the recent windows include a call of six hours that ended when the hours begin', () => {
  const now = Date.UTC(2026, 4, 17, 5);
  const startedAt = now - 24 * HOUR_MS - 6 * HOUR_MS;
  expect(holds(recentWindows(24, 'UTC', now), localTime(startedAt, 'UTC'))).toBe(true);
});

describe('the recent windows include every call of the hours when the clock of', () => {
  test.each([
    ['Europe/Berlin', 'goes back', Date.UTC(2026, 9, 25, 1)],
    ['Europe/Berlin', 'goes forward', Date.UTC(2026, 2, 29, 1)],
    ['America/New_York', 'goes back', Date.UTC(2026, 10, 1, 6)],
    ['America/New_York', 'goes forward', Date.UTC(2026, 2, 8, 7)],
    // Changes at midnight: the day starts at one o'clock, or its first hour repeats.
    ['America/Havana', 'goes back', Date.UTC(2026, 10, 1, 5)],
    ['America/Havana', 'goes forward', Date.UTC(2026, 2, 8, 5)],
  ])('%s %s', (zone, _, changeAt) => {
    const before = localTime(changeAt - HOUR_MS, zone);
    const after = localTime(changeAt, zone);
    expect(Date.parse(`${after}Z`) - Date.parse(`${before}Z`)).not.toBe(HOUR_MS);
    const calls = quarters(changeAt - 27 * HOUR_MS, changeAt + 30 * HOUR_MS, zone);
    for (const { at: now } of quarters(changeAt - 3 * HOUR_MS, changeAt + 30 * HOUR_MS, zone)) {
      const windows = recentWindows(24, zone, now);
      const recent = calls.filter(({ at }) => now - 24 * HOUR_MS <= at && at <= now);
      expect(recent).toHaveLength(97);
      expect(recent.filter(({ local }) => !holds(windows, local))).toEqual([]);
    }
  });
});

test.each([
  ['UTC', 'America/Los_Angeles'],
  ['UTC', 'Asia/Tokyo'],
  ['Pacific/Auckland', 'America/New_York'],
  ['America/Los_Angeles', 'Asia/Kolkata'],
])(
  'with %s configured instead of %s, every call is in the windows of at least six hourly runs',
  (configured, zone) => {
    for (const { at, local } of quarters(Date.UTC(2026, 4, 17), Date.UTC(2026, 4, 18), zone)) {
      const runs = Array.from({ length: 24 }, (_, hour) =>
        recentWindows(24, configured, at + hour * HOUR_MS),
      );
      expect(runs.filter((windows) => holds(windows, local)).length).toBeGreaterThanOrEqual(6);
    }
  },
);

test('the days between two days include both, across the ends of months and years', () => {
  expect(daysBetween('2027-12-30', '2028-01-02')).toEqual([
    '2027-12-30',
    '2027-12-31',
    '2028-01-01',
    '2028-01-02',
  ]);
  expect(daysBetween('2028-02-28', '2028-03-01')).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  expect(daysBetween('2026-05-17', '2026-05-17')).toEqual(['2026-05-17']);
});

test('a day must exist in the calendar', () => {
  expect(isDay('2028-02-29')).toBe(true);
  for (const text of ['2026-02-29', '2026-2-1', '2026-01-31T00:00', '20260131', 'today', '']) {
    expect(isDay(text)).toBe(false);
  }
});
