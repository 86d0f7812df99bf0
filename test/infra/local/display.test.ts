import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { LogEvent } from '../../../functions/shared/telemetry/events.ts';
import { log } from '../../../functions/shared/telemetry/log.ts';
import { type ShowLogOptions, showLog } from '../../../infra/local/display.ts';

const RECORDING = '20251009105326-1760000000.42-5550100-2001-Inbound.wav';

/** What a person reads of a line that the functions log, without the time. */
function read(event: LogEvent, fields: object, options: ShowLogOptions = {}): string {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text) => printed.push(stripVTControlCharacters(text)));
  onTestFinished(() => void vi.restoreAllMocks());
  const stop = showLog(options);
  log('info', event, { pbx: 'pbx', ...fields });
  stop();
  return printed.join('\n').slice('00:00:00  '.length);
}

test.each<[LogEvent, object, string]>([
  ['session-opened', {}, 'session   logged in; the PBX now posts its reports to the webhook'],
  [
    'session-opened',
    { reportsIf: 'if its webhook is set up' },
    'session   logged in; the PBX posts its reports, if its webhook is set up',
  ],
  [
    'session-opened',
    { postsReports: false, reportsIf: 'if the report method is HTTP' },
    'session   logged in, but the PBX posts no reports. It does so if the report method is HTTP',
  ],
  [
    'session-rejected-by-pbx',
    { code: 'pbx-10004' },
    'session   the PBX no longer knows the session; logging in again',
  ],
  [
    'report-rejected',
    {},
    'report    refused: its signature, or the secret in its address, is wrong. For a P-Series, compare the secret of the webhook',
  ],
  [
    'pbx-clock-wrong',
    { timeZone: 'Europe/Berlin', isZoneWrong: true, message: 'Correct timeZone in cdk.json.' },
    'clock     right, but in another time zone than Europe/Berlin, so missed recordings may not be found. Start again with that of the PBX as --time-zone.',
  ],
  [
    'pbx-clock-wrong',
    { timeZone: 'Europe/Berlin', message: 'Compare with timeZone in cdk.json.' },
    'clock     wrong, so missed recordings may not be found. Set the time server of the PBX, and check that Europe/Berlin is its time zone (--time-zone).',
  ],
  [
    'pbx-busy',
    { recording: RECORDING, retryInSeconds: 30 },
    `waiting   ${RECORDING}: the PBX is preparing another download; again in 30 seconds`,
  ],
  [
    'share-refused',
    { recording: RECORDING, reason: 'wrong-passcode' },
    'share     link for others not opened (wrong passcode)  …5550100-2001-Inbound.wav',
  ],
  ['share-refused', { reason: 'unknown' }, 'share     link for others not opened (unknown)'],
  [
    'api-unauthorized',
    { route: 'GET /api/recordings' },
    'page      GET /api/recordings refused: not signed in, or a wrong token',
  ],
])('%s is shown in words', (event, fields, text) => {
  expect(read(event, fields)).toBe(text);
});

test('with several PBXs, each line says which one it is about', () => {
  expect(read('job-queued', { recording: RECORDING }, { namesPbx: true })).toBe(
    `report    pbx: call ended; job queued for ${RECORDING}`,
  );
  expect(read('resume-failed', { code: 'any' }, { namesPbx: true })).toMatch(/^info {6}pbx: resume-failed /);
  expect(read('download-progress', { recording: RECORDING, bytes: 5 }, { namesPbx: true })).toMatch(
    /^download {2}pbx: 5 bytes/,
  );
  expect(read('signed-in', { pbx: undefined }, { namesPbx: true })).toBe('page      somebody has signed in');
});

test('that nobody is signed in yet is not shown, because every page asks it first', () => {
  expect(read('api-unauthorized', { route: 'GET /api/me' })).toBe('');
});

test('an event without words of its own is shown with its fields', () => {
  expect(read('resume-failed', { code: 'any' })).toBe('info      resume-failed {"pbx":"pbx","code":"any"}');
});

test('a simulated P-Series is not doubted: its webhook has been set up', () => {
  expect(read('session-opened', { reportsIf: 'if its webhook is set up' }, { reportsAreSetUp: true })).toBe(
    'session   logged in; the PBX now posts its reports to the webhook',
  );
});
