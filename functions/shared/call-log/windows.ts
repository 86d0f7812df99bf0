import { Temporal } from 'temporal-polyfill';
import type { CdrWindow } from '../pbx/pbx-client.ts';

/** The call log lists a call by its start, but only after its end. So a run looks back this much further. */
export const LONGEST_CALL_HOURS = 6;

/** A day in the PBX's time zone, as `yyyy-MM-dd`. */
export type Day = string;

/**
 * The PBX-local days from the first to the last, both included. Whole days, because the PBX's clock and ours agree on
 * them: an hour that daylight saving repeats or skips lies within one.
 */
export const windowOf = (first: Day, last: Day = first): CdrWindow => ({
  starttime: `${first} 00:00:00`,
  endtime: `${last} 23:59:59`,
});

/**
 * One window for each day on which calls of the last `hours` started. The last window includes tomorrow, which costs
 * nothing and finds the calls of a PBX whose clock or configured time zone is wrong.
 */
export function recentWindows(hours: number, timeZone: string, now: number): CdrWindow[] {
  const time = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone);
  const first = time.subtract({ hours: hours + LONGEST_CALL_HOURS }).toPlainDate();
  const [today, tomorrow] = [time.toPlainDate(), time.toPlainDate().add({ days: 1 })];
  const before = daysBetween(first.toString(), today.toString()).slice(0, -1);
  return [...before.map((day) => windowOf(day)), windowOf(today.toString(), tomorrow.toString())];
}

/** Every day from the first to the last, both included. */
export function daysBetween(first: Day, last: Day): Day[] {
  const days: Day[] = [];
  const end = Temporal.PlainDate.from(last);
  let day = Temporal.PlainDate.from(first);
  while (Temporal.PlainDate.compare(day, end) <= 0) {
    days.push(day.toString());
    day = day.add({ days: 1 });
  }
  return days;
}

export function isDay(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text).toString() === text;
  } catch {
    return false;
  }
}
