import { expect, test } from 'vitest';
import { callInName } from '../../../functions/archive-page/app/call-in-name.ts';

// Names and times of the vendor's examples. The S-Series' PBX is eight hours ahead of UTC, the P-Series' two.
test.each([
  [
    'S-Series',
    '20170914092747-1505352445.265-102-1000-Inbound.wav',
    { at: '2017-09-14T01:27:25.000Z', from: '102', to: '1000' },
  ],
  [
    'P-Series',
    '20251009105326-1760000000.42-5550100-2001-Inbound.wav',
    { at: '2025-10-09T08:53:20.000Z', from: '5550100', to: '2001' },
  ],
])('a name of the %s says when the call began, and between whom it was', (_, recording, call) => {
  expect(callInName(recording)).toEqual(call);
});

test('a number with hyphens cannot be told from two', () => {
  expect(callInName('20170914092747-1505352445.265-030-901820-1000-Inbound.wav')).toEqual({
    at: '2017-09-14T01:27:25.000Z',
  });
});

test.each([
  ['OpenVox', 'exten-101-106-20200505-042135-1588641695.1772.wav'],
  ['a PBX whose call ids are no times', '20170914092747-265-102-1000-Inbound.wav'],
  ['something else', 'a.wav'],
])('nothing is claimed of a name of %s', (_, recording) => {
  expect(callInName(recording)).toBeUndefined();
});
