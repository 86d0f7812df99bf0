import { expect, test } from 'vitest';
import { windowFor } from '../../../functions/archive-api/search-window.ts';
import { createPeriods } from '../../../functions/archive-page/app/periods.ts';

const NEW_YORK = { id: 'new-york', timeZone: 'America/New_York' };
const SINGAPORE = { id: 'singapore', timeZone: 'Asia/Singapore' };
const PBXS = [NEW_YORK, SINGAPORE];

/** On Thursday 26 November at 21:00 in New York, and on Friday at 10:00 in Singapore. */
const NOW = Date.parse('2026-11-27T02:00:00Z');

const isSearched = (pbx: typeof NEW_YORK, period: { from: string; to: string }, at: string) => {
  const { from, to } = windowFor(pbx, period, NOW);
  const instant = new Date(at).toISOString();
  return from <= instant && instant < to;
};

test.each([
  [NEW_YORK, '2026-11-26T00:00-05:00', '2026-11-26T21:00-05:00', '2026-11-25T12:00-05:00'],
  [SINGAPORE, '2026-11-27T00:00+08:00', '2026-11-27T10:00+08:00', '2026-11-26T12:00+08:00'],
])('of all PBXs, no call of today or yesterday is missing at $id', (pbx, midnight, now, yesterday) => {
  const { today, yesterday: dayBefore, lastDays, year } = createPeriods(PBXS, '', NOW);
  for (const period of [today, lastDays(7), lastDays(30), year]) {
    expect(isSearched(pbx, period, midnight)).toBe(true);
    expect(isSearched(pbx, period, now)).toBe(true);
  }
  for (const period of [dayBefore, lastDays(7), year]) expect(isSearched(pbx, period, yesterday)).toBe(true);
});

test.each([
  ['new-york', '2026-11-26'],
  ['singapore', '2026-11-27'],
])('of a PBX that was chosen, days are those of its calendar: %s', (pbx, today) => {
  const periods = createPeriods(PBXS, pbx, NOW);
  expect(periods.today).toEqual({ from: today, to: today });
  expect(periods.lastDays(1)).toEqual(periods.today);
});

test('the last days and the last year end today', () => {
  const { yesterday, lastDays, year } = createPeriods([SINGAPORE], '', NOW);
  expect(yesterday).toEqual({ from: '2026-11-26', to: '2026-11-26' });
  expect(lastDays(7)).toEqual({ from: '2026-11-21', to: '2026-11-27' });
  expect(year).toEqual({ from: '2025-11-27', to: '2026-11-27' });
});
