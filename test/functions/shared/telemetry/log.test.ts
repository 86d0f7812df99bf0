import { afterEach, describe, expect, test, vi } from 'vitest';
import { log, logChannel } from '../../../../functions/shared/telemetry/log.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is printed when nobody has subscribed. */
function printed(level: 'info' | 'warn', fields: Record<string, unknown>): unknown {
  const print = vi.spyOn(console, level).mockImplementation(() => {});
  log(level, 'archived', fields);
  return print.mock.calls[0]?.[0];
}

describe('a printed line', () => {
  test('shortens the name of a recording to time and call id, without phone numbers, wherever it appears', () => {
    const recording = '20170901181806-1504261084.7-+4930901820-1003-Inbound.wav';
    const key = `recordings/hq/2017/09/01/${recording}`;
    const reason = `No permission for arn:aws:s3:::archive/${key}.`;
    expect(printed('warn', { recording, key, reason, bytes: 64044 })).toEqual({
      level: 'warn',
      event: 'archived',
      recording: '20170901181806-1504261084.7-…',
      key: 'recordings/hq/2017/09/01/20170901181806-1504261084.7-…',
      reason:
        'No permission for arn:aws:s3:::archive/recordings/hq/2017/09/01/20170901181806-1504261084.7-….',
      bytes: 64044,
    });
  });

  test.each([
    ['beside another recording', '-+4930901820-1003.wav', '-+4930901820-1003~1a2b3c4d.wav', '…~1a2b3c4d.wav'],
    ['under an encoded name', '-+4930901820\\1003.wav', '-+4930901820%5C1003.wav', '…'],
    ['under an encoded name, beside', '-+49309\\3.wav', '-+49309%5C3~1a2b3c4d.wav', '…~1a2b3c4d.wav'],
  ])('shortens the key of a recording stored %s', (_, rest, stored, shortened) => {
    const call = '20170901181806-1504261084.7';
    const fields = { recording: call + rest, key: `recordings/hq/2017/09/01/${call}${stored}` };
    expect(printed('info', fields)).toMatchObject({ key: `recordings/hq/2017/09/01/${call}-${shortened}` });
  });

  test('hides a name of another format completely, because all of it may be a phone number', () => {
    expect(printed('info', { recording: '+4930901820.wav' })).toMatchObject({ recording: '…' });
  });
});

test('a subscriber gets the whole line, and nothing is printed', () => {
  const print = vi.spyOn(console, 'info').mockImplementation(() => {});
  const lines: unknown[] = [];
  const listen = (line: unknown) => lines.push(line);
  logChannel.subscribe(listen);
  log('info', 'archived', { recording: '+4930901820.wav' });
  logChannel.unsubscribe(listen);
  expect(lines).toEqual([{ level: 'info', event: 'archived', recording: '+4930901820.wav' }]);
  expect(print).not.toHaveBeenCalled();
});

test('debug lines are not printed', () => {
  const print = vi.spyOn(console, 'debug').mockImplementation(() => {});
  log('debug', 'download-progress', { bytes: 1 });
  expect(print).not.toHaveBeenCalled();
});
