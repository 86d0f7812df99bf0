import type { Random } from './engine/random.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const FIRST = Date.UTC(2026, 0, 1);

/** When daylight saving time starts or ends. */
const CLOCK_CHANGES = [
  { timeZone: 'Europe/Berlin', at: '2026-03-29T01:00:00Z' },
  { timeZone: 'Europe/Berlin', at: '2026-10-25T01:00:00Z' },
  { timeZone: 'America/New_York', at: '2026-03-08T07:00:00Z' },
  { timeZone: 'America/New_York', at: '2026-11-01T06:00:00Z' },
  { timeZone: 'Australia/Sydney', at: '2026-04-04T16:00:00Z' },
  { timeZone: 'Australia/Sydney', at: '2026-10-03T16:00:00Z' },
];

/** The start of the simulated time (epoch ms), and the time zone of a clock change soon after it, if there is one. */
export function drawStart(random: Random): { startsAt: number; timeZone?: string } {
  if (random.isTrue(0.7)) return { startsAt: FIRST + random.integer(0, YEAR_MS / 1000) * 1000 };
  const { timeZone, at } = random.pick(CLOCK_CHANGES);
  return { timeZone, startsAt: Date.parse(at) - random.integer(0, 6) * (HOUR_MS / 2) };
}
