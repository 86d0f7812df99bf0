/** `yyyy-MM-dd HH:mm:ss` on the PBX's own clock, as it stands in reports and CDR files. */
export function localTime(epochMs: number, timeZone: string): string {
  // Sweden writes dates the way the PBX does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(
    epochMs,
  );
}

/** `yyyy-MM-dd HH:mm:ss UTC-8`, as `deviceinfo/query` tells the time. */
export function systemTime(epochMs: number, timeZone: string): string {
  const offset = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'shortOffset' })
    .formatToParts(epochMs)
    .find((part) => part.type === 'timeZoneName');
  return `${localTime(epochMs, timeZone)} ${(offset?.value ?? 'GMT').replace('GMT', 'UTC')}`;
}
