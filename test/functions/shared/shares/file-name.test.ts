import { expect, test } from 'vitest';
import { sharedFileName } from '../../../../functions/shared/shares/file-name.ts';

const AT = '2026-11-26T23:05:59.000Z';

test.each([
  ['20261126230559-1795734359.7-+4930123456-1003-Inbound.wav', 'UTC', 'recording-2026-11-26-2305.wav'],
  [
    '20261127000559-1795734359.7-+4930123456-1003-Inbound.WAV',
    'Europe/Berlin',
    'recording-2026-11-27-0005.wav',
  ],
  ['20261127000559-1795734359.7-1001-1003-Internal.yswav', 'Asia/Kolkata', 'recording-2026-11-27-0435.yswav'],
  ['call.mp3', 'America/New_York', 'recording-2026-11-26-1805.mp3'],
])(
  'the file of a share is named by the time of the call in the zone of its PBX: %s',
  (name, zone, expected) => {
    expect(sharedFileName(name, AT, zone)).toBe(expected);
  },
);

test.each(['call.4930123456', 'call of +49.30', 'call', 'call.', '.wav/../4930', 'Zoë.ärger'])(
  'nothing else of the name is in it: %s',
  (name) => {
    expect(sharedFileName(name, AT, 'UTC')).toBe('recording-2026-11-26-2305');
  },
);
