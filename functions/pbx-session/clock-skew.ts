import { Temporal } from 'temporal-polyfill';

const DAY_MS = 24 * 60 * 60_000;

/**
 * How far the PBX's clock is ahead (milliseconds; negative: behind), by `systemtime` of its device information, such as
 * `2017-05-24 23:25:20 UTC-8`. `undefined` if it shows its time in no known way. This is local time, which may be read
 * in the configured time zone, as in the call log, and by the offset that it names; and a date may begin with the day or
 * the month. The clock is right if any reading is. Not the `Date` header, which a proxy may have written.
 */
export function findClockSkew(systemTime: unknown, timeZone: string, now: number): number | undefined {
  const { times, suffix } = readLocalTime(String(systemTime).trim());
  const skews = times.flatMap((time) => readingsOf(time, suffix.offset, timeZone).map((at) => at - now));
  const [skew] = skews.toSorted((one, other) => Math.abs(one) - Math.abs(other));
  // The rest may name another zone, or say that it is the afternoon.
  const isCertain = suffix.isUnderstood || Math.abs(skew ?? 0) > DAY_MS;
  return isCertain ? skew : undefined;
}

/** The same by Unix seconds, which a P-Series adds. */
export function findTimestampSkew(timestamp: unknown, now: number): number | undefined {
  return /^\d{1,11}$/.test(String(timestamp)) ? Number(timestamp) * 1000 - now : undefined;
}

const TIME = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d))?(?:\s*(?<half>[ap])\.?m\b\.?)?`;

const FORMATS = [
  // 2017-05-24 23:25:20 UTC-8, also with slashes or dots, and 24-05-2017 or 05-24-2017.
  String.raw`^(?<first>\d{1,4})[-/.](?<middle>\d{1,2})[-/.](?<last>\d{1,4})[T,\s]\s*${TIME}(?<suffix>.*)$`,
  // Wed May 24 23:25:20 2017, as `ctime` prints it, and with a zone before the year, as `date` does.
  String.raw`^(?:[a-z]{3,9},?\s+)?(?<month>[a-z]{3})\s+(?<day>\d{1,2})\s+${TIME}(?<suffix>.*?)\s+(?<year>\d{4})$`,
].map((format) => new RegExp(format, 'i'));

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What follows the time. */
interface Suffix {
  /** Such as `+05:45`, if it names one. */
  offset: string | undefined;
  isUnderstood: boolean;
}

/** All times that the text may stand for. */
function readLocalTime(text: string): { times: Temporal.PlainDateTime[]; suffix: Suffix } {
  const groups = FORMATS.map((format) => format.exec(text)?.groups).find((found) => found !== undefined);
  const { hour, minute = 0, second = 0, half, suffix = '' } = groups ?? {};
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0);
  const time = { hour: hours, minute: Number(minute), second: Number(second) };
  const times = datesOf(groups ?? {}).flatMap((date) => {
    try {
      return [Temporal.PlainDateTime.from({ ...date, ...time }, { overflow: 'reject' })];
    } catch {
      return [];
    }
  });
  return { times, suffix: readSuffix(suffix.trim()) };
}

/** One that does not exist may be among them. */
function datesOf({ first = '', middle, last = '', ...named }: Partial<Record<string, string>>) {
  const date = (year: unknown, month: unknown, day: unknown) => ({
    year: Number(year),
    month: Number(month),
    day: Number(day),
  });
  const { month, day, year } = named;
  if (month !== undefined) return [date(year, MONTHS.indexOf(month.toLowerCase()) + 1, day)];
  if (first.length === 4) return [date(first, middle, last)];
  return last.length === 4 ? [date(last, middle, first), date(last, first, middle)] : [];
}

function readSuffix(text: string): Suffix {
  const [all, zone, sign, hours = '', minutes = '00'] =
    /^(UTC|GMT|Z)?\s*(?:([+-])(\d{1,2})(?::?(\d\d))?)?$/i.exec(text) ?? [];
  const offset = sign === undefined ? zone && '+00:00' : `${sign}${hours.padStart(2, '0')}:${minutes}`;
  return { offset, isUnderstood: all !== undefined };
}

/** Both times, in an hour that daylight saving repeats. */
function readingsOf(time: Temporal.PlainDateTime, offset: string | undefined, timeZone: string): number[] {
  const inZone = (zone: string, disambiguation: 'earlier' | 'later') =>
    time.toZonedDateTime(zone, { disambiguation }).epochMilliseconds;
  const configured = [inZone(timeZone, 'earlier'), inZone(timeZone, 'later')];
  try {
    return offset === undefined ? configured : [...configured, inZone(offset, 'later')];
  } catch {
    // An offset that does not exist.
    return configured;
  }
}
