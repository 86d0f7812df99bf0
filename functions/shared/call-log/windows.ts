import { Temporal } from 'temporal-polyfill';
import type { CdrWindow } from '../pbx/types.ts';

/** A call is listed by its beginning, but only when it is over: the longest that a run has to look back further. */
const LONGEST_CALL_HOURS = 6;

/** A day as `yyyy-MM-dd`, on the PBX's own calendar. */
export type Day = string;

/**
 * The PBX-local days from the first to the last, both included. Whole days, because they are what its clock and
 * ours agree on: an hour that daylight saving repeats or skips lies inside one.
 */
export const windowOf = (first: Day, last: Day = first): CdrWindow => ({
  starttime: `${first} 00:00:00`,
  endtime: `${last} 23:59:59`,
});

/**
 * A window for each day on which calls of the last `hours` began. The last one reaches into tomorrow, which costs
 * nothing and finds the calls of a PBX whose clock, or whose time zone in the configuration, is not right.
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
