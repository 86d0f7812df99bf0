import { archiveNow } from './archive-clock.ts';
import type { Pbx } from './contract.ts';
import type { Filters } from './filters.ts';
import { addDays, dayOf } from './formats.ts';

type Period = Pick<Filters, 'from' | 'to'>;

/**
 * Periods that are searched often. Days are those of each PBX's calendar, and not everywhere it is the same day: a period
 * begins where its first day is the earliest, and ends where its last day is the latest, so that none of a PBX's days is
 * missing.
 */
export function createPeriods(pbxs: readonly Pbx[], chosen: string, now = archiveNow()) {
  const searched = pbxs.filter(({ id }) => chosen === '' || id === chosen);
  const zones = new Set(searched.map(({ timeZone }) => timeZone));
  const days = [...zones].map((zone) => dayOf(now, zone)).sort();
  const [earliest = dayOf(now, 'UTC')] = days;
  const latest = days.at(-1) ?? earliest;
  const period = (first: number, last = 0): Period => ({
    from: addDays(earliest, -first),
    to: addDays(latest, -last),
  });
  return {
    today: period(0),
    yesterday: period(1, 1),
    lastDays: (days: number) => period(days - 1),
    year: period(365),
  };
}
