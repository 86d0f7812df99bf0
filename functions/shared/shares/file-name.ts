import { Temporal } from 'temporal-polyfill';

/** An odd name may end in a number after a dot, which is no extension. */
const EXTENSION = /\.[a-z][a-z0-9]{1,4}$/i;

/**
 * The name under which a recipient saves the recording. The recording's own name has the numbers of the call, and files
 * are passed on.
 * @param at when the call began (ISO 8601, UTC)
 */
export function sharedFileName(recording: string, at: string, timeZone: string): string {
  const began = Temporal.Instant.from(at).toZonedDateTimeISO(timeZone).toPlainDateTime();
  const time = began.toString({ smallestUnit: 'minute' }).replace('T', '-').replace(':', '');
  const [extension = ''] = EXTENSION.exec(recording) ?? [];
  return `recording-${time}${extension.toLowerCase()}`;
}
