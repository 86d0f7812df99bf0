import { archiveNow } from './archive-clock.ts';

export type Formats = ReturnType<typeof createFormats>;

const DAY_MS = 24 * 60 * 60_000;

/** Dates, numbers and durations as a locale writes them. Times are those of the PBX's zone, and say which that is. */
export function createFormats(locale: string, now = archiveNow) {
  const number = (value: number, options?: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat(locale, options).format(value);
  const twoDigits = (value: number) => number(value, { minimumIntegerDigits: 2 });
  const unit = (value: number, name: string) =>
    number(value, { style: 'unit', unit: name, unitDisplay: 'long' });
  const date = (at: string | number, timeZone: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone, ...options }).format(new Date(at));
  /** The name of the zone, such as `CET`. */
  const zone = (at: string, timeZone: string) =>
    new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' })
      .formatToParts(new Date(at))
      .find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
  /** With a space that does not break. */
  const withZone = (text: string, at: string, timeZone: string) => `${text}\u00A0${zone(at, timeZone)}`;
  const split = (seconds: number) => {
    const whole = Math.max(0, Math.round(seconds));
    return [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60] as const;
  };

  return {
    number,
    zone,
    /** Without the zone, for places that name it once. */
    time: (at: string, timeZone: string) =>
      date(at, timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
    /** A time of today, or the day and the time; of another year, with the year. */
    moment(at: string, timeZone: string): string {
      const day = dayOf(Date.parse(at), timeZone);
      const today = dayOf(now(), timeZone);
      const moment = date(at, timeZone, {
        ...(day !== today && { day: 'numeric', month: 'short' }),
        ...(day.slice(0, 4) !== today.slice(0, 4) && { year: 'numeric' }),
        hour: '2-digit',
        minute: '2-digit',
      });
      return withZone(moment, at, timeZone);
    },
    dateTime: (at: string, timeZone: string) =>
      withZone(date(at, timeZone, { dateStyle: 'medium', timeStyle: 'medium' }), at, timeZone),
    /** The end of something, such as `Friday 4 December 2026 at 09:05 CET`. Seconds are cut off, so it is never too late. */
    deadline: (at: string, timeZone: string) =>
      withZone(date(at, timeZone, { dateStyle: 'full', timeStyle: 'short' }), at, timeZone),
    day: (at: string, timeZone: string) => date(at, timeZone, { dateStyle: 'long' }),
    /** A heading such as `Today, Thursday, 26 November`; of another year, with the year. */
    dayHeading(at: string, timeZone: string): string {
      const day = dayOf(Date.parse(at), timeZone);
      const today = dayOf(now(), timeZone);
      const isThisYear = day.slice(0, 4) === today.slice(0, 4);
      const heading = date(
        at,
        timeZone,
        isThisYear ? { weekday: 'long', day: 'numeric', month: 'long' } : { dateStyle: 'full' },
      );
      const ago = [0, 1].find((days) => addDays(today, -days) === day);
      if (ago === undefined) return heading;
      const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-ago, 'day');
      return `${relative.charAt(0).toLocaleUpperCase(locale)}${relative.slice(1)}, ${heading}`;
    },
    /** `4:05` or `1:02:03` */
    clock(seconds: number): string {
      const [h, m, s] = split(seconds);
      return h > 0 ? `${number(h)}:${twoDigits(m)}:${twoDigits(s)}` : `${number(m)}:${twoDigits(s)}`;
    },
    /** The same in words, for those who hear it. */
    duration(seconds: number): string {
      const [h, m, s] = split(seconds);
      const parts = [
        h > 0 && unit(h, 'hour'),
        m > 0 && unit(m, 'minute'),
        (s > 0 || h + m === 0) && unit(s, 'second'),
      ];
      return new Intl.ListFormat(locale, { style: 'narrow', type: 'unit' }).format(
        parts.filter((part) => part !== false),
      );
    },
    bytes(bytes: number): string {
      const [value, name] = bytes < 1e6 ? [bytes / 1e3, 'kilobyte'] : [bytes / 1e6, 'megabyte'];
      return number(value, { style: 'unit', unit: name, maximumSignificantDigits: 3 });
    },
  };
}

/** The day in a time zone, as `<input type="date">` has it: `2026-11-26`. */
export function dayOf(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
    .formatToParts(new Date(at))
    .map(({ type, value }) => [type, value] as const);
  const { year, month, day } = Object.fromEntries(parts);
  return `${year}-${month}-${day}`;
}

/** Some days after (or before) a day of the calendar. */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
