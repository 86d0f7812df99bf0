/** Formats a time by the PBX's own clock, as in reports and CDR files: `yyyy-MM-dd HH:mm:ss`. */
export function localTime(epochMs: number, timeZone: string): string {
  // The Swedish locale formats dates as the PBX does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(
    epochMs,
  );
}

/** Formats a time as in `deviceinfo/query`: `yyyy-MM-dd HH:mm:ss UTC-8`. */
export function systemTime(epochMs: number, timeZone: string): string {
  const offset = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'shortOffset' })
    .formatToParts(epochMs)
    .find((part) => part.type === 'timeZoneName');
  return `${localTime(epochMs, timeZone)} ${(offset?.value ?? 'GMT').replace('GMT', 'UTC')}`;
}
