import { Temporal } from 'temporal-polyfill';

/**
 * How far the PBX's clock is ahead (milliseconds; negative: behind), by `systemtime` of its device information, such as
 * `2017-05-24 23:25:20 UTC-8`. `undefined` if it does not show its time in this way. This is local time, which may be
 * read in the configured time zone, as in the call log, and by the offset that it names; the clock is right if either
 * reading is. Not the `Date` header, which a proxy may have written.
 */
export function findClockSkew(systemTime: unknown, timeZone: string, now: number): number | undefined {
  const local = readLocalTime(String(systemTime));
  if (local === undefined) return undefined;
  const skews = readingsOf(local, timeZone).map((reading) => reading - now);
  return skews.toSorted((one, other) => Math.abs(one) - Math.abs(other))[0];
}

interface LocalTime {
  time: Temporal.PlainDateTime;
  /** Such as `+05:45`, if the PBX names one. */
  offset: string | undefined;
}

function readLocalTime(text: string): LocalTime | undefined {
  const [, day, time, zone, sign, hours = '', minutes = '00'] =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)\s*(UTC|GMT)?\s*(?:([+-])(\d{1,2})(?::?(\d\d))?)?/.exec(
      text.trim(),
    ) ?? [];
  if (time === undefined) return undefined;
  const namedOffset = sign === undefined ? zone && '+00:00' : `${sign}${hours.padStart(2, '0')}:${minutes}`;
  try {
    return { time: Temporal.PlainDateTime.from(`${day}T${time}`), offset: namedOffset };
  } catch {
    return undefined;
  }
}

/** Both times, in an hour that daylight saving repeats. */
function readingsOf({ time, offset }: LocalTime, timeZone: string): number[] {
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
