import { afterEach, beforeEach } from 'vitest';
import { type LogLine, logChannel } from '../../functions/shared/telemetry/log.ts';

/** The lines that the functions logged during the current test. */
export function captureLog(): LogLine[] {
  const lines: LogLine[] = [];
  const listen = (line: unknown) => lines.push(line as LogLine);
  beforeEach(() => {
    lines.length = 0;
    logChannel.subscribe(listen);
  });
  afterEach(() => {
    logChannel.unsubscribe(listen);
  });
  return lines;
}
