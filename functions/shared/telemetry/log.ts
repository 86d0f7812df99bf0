import { channel } from 'node:diagnostics_channel';
import { basename, parse } from 'node:path/posix';
import { recordingKey } from '../recordings/recording-name.ts';
import type { LogEvent } from './events.ts';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  event: LogEvent;
  [field: string]: unknown;
}

/**
 * Publishes every line, so that a process that hosts the functions can show it in its own way. Subscribing replaces
 * console output.
 */
export const logChannel = channel('pbx-recording-archive.log');

/** Publishes every line for the metrics. Subscribing does not affect console output. */
export const metricsChannel = channel('pbx-recording-archive.metrics');

/**
 * Logs one structured line per outcome; Lambda's JSON log format adds the time and the request id. Fields hold names,
 * codes, sizes and times: never an event, a body, a secret or a URL with a query. The name in `recording` is cut off
 * after its call id wherever it occurs in the line, because phone numbers follow.
 */
export function log(level: LogLine['level'], event: LogEvent, fields: Record<string, unknown> = {}): void {
  // Steps within an outcome, such as the progress of a download, are for subscribers only.
  if (level === 'debug' && !logChannel.hasSubscribers) return;
  const line: LogLine = { level, event, ...fields };
  metricsChannel.publish(line);
  if (logChannel.hasSubscribers) logChannel.publish(line);
  else console[level](redactPhoneNumbers(line));
}

function redactPhoneNumbers(line: LogLine): object {
  const { recording } = line;
  if (typeof recording !== 'string') return line;
  const short = `${/^\d{14}-[\d.]+-/.exec(recording)?.[0] ?? ''}…`;
  // Its key has the name in another form if it is unsafe, and with a CRC-32 if it is stored beside another recording.
  const forms = [recording, basename(recordingKey('pbx', recording))].flatMap((name) => [
    { text: name, replacement: short },
    { text: `${parse(name).name}~`, replacement: `${short}~` },
  ]);
  const shorten = (value: unknown) =>
    typeof value === 'string'
      ? forms.reduce((text, form) => text.replaceAll(form.text, () => form.replacement), value)
      : value;
  return Object.fromEntries(Object.entries(line).map(([field, value]) => [field, shorten(value)]));
}
