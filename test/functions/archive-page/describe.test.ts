import { expect, test } from 'vitest';
import { commonZone } from '../../../functions/archive-page/app/describe.ts';
import { createFormats } from '../../../functions/archive-page/app/formats.ts';

const BERLIN = { id: 'berlin', timeZone: 'Europe/Berlin' };
const ATHENS = { id: 'athens', timeZone: 'Europe/Athens' };
const at = (...times: string[]) =>
  times.map((time) => ({
    pbx: 'berlin',
    recording: time,
    at: time,
    state: 'archived' as const,
    verifiedBy: [],
  }));

// In Berlin, clocks went back on 25 October 2026 at 01:00 UTC.
test.each([
  ['in winter', [BERLIN], at('2026-11-26T09:00:00Z', '2026-10-25T01:00:00Z'), 'CET'],
  ['in summer', [BERLIN], at('2026-10-25T00:59:59Z', '2026-07-01T09:00:00Z'), 'CEST'],
  [
    'from before and after the change',
    [BERLIN],
    at('2026-10-25T01:00:00Z', '2026-10-25T00:59:59Z'),
    undefined,
  ],
  ['of one of several PBXs in different zones', [BERLIN, ATHENS], at('2026-11-26T09:00:00Z'), undefined],
])('the zone of all recordings %s', (_, pbxs, recordings, expected) => {
  expect(commonZone(recordings, pbxs, createFormats('en-GB'))).toBe(expected);
});
