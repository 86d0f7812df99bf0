import { channel } from 'node:diagnostics_channel';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  /** What happened, in a word: `recording-archived`, `report-refused`. */
  event: string;
  [field: string]: unknown;
}

/**
 * Every line is published here as well, so that a process that hosts the functions can show them in its
 * own way. Who listens takes over the printing.
 */
export const logChannel = channel('pbx-recording-archive.log');

/** Here too, for what is counted; that changes nothing about the printing. */
export const metricsChannel = channel('pbx-recording-archive.metrics');

/**
 * One structured line for one outcome; Lambda's JSON log format adds time and request id. Fields hold
 * names, codes, sizes and times: never an event, a body, a secret or a URL with a query. A `recording`'s
 * name is printed up to its call id, wherever it stands in the line: behind that come phone numbers.
 */
export function log(level: LogLine['level'], event: string, fields: Record<string, unknown> = {}): void {
  // Steps inside an outcome, such as a download's progress, are for a listener's eyes only.
  if (level === 'debug' && !logChannel.hasSubscribers) return;
  const line: LogLine = { level, event, ...fields };
  metricsChannel.publish(line);
  if (logChannel.hasSubscribers) logChannel.publish(line);
  else console[level](withoutNumbers(line));
}

function withoutNumbers(line: LogLine): object {
  const { recording } = line;
  if (typeof recording !== 'string') return line;
  const short = `${/^\d{14}-[\d.]+-/.exec(recording)?.[0] ?? ''}…`;
  const shorten = (value: unknown) =>
    typeof value === 'string' ? value.replaceAll(recording, () => short) : value;
  return Object.fromEntries(Object.entries(line).map(([field, value]) => [field, shorten(value)]));
}
