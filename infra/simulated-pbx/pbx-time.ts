/** By time zone. Creating a format is slow, and the simulation formats times all along. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats a time by the PBX's own clock, as in reports and CDR files: `yyyy-MM-dd HH:mm:ss`. */
export function localTime(epochMs: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    // The Swedish locale formats dates as the PBX does.
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  return format.format(epochMs);
}

/** Formats a time as in `deviceinfo/query`: `yyyy-MM-dd HH:mm:ss UTC-8`. */
export function systemTime(epochMs: number, timeZone: string): string {
  const offset = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'shortOffset' })
    .formatToParts(epochMs)
    .find((part) => part.type === 'timeZoneName');
  return `${localTime(epochMs, timeZone)} ${(offset?.value ?? 'GMT').replace('GMT', 'UTC')}`;
}
