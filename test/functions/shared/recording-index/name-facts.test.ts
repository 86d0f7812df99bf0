import { describe, expect, test } from 'vitest';
import { factsInName } from '../../../../functions/shared/recording-index/name-facts.ts';

describe('a name of the form that the vendor documents, yyyyMMddHHmmss-CALLID-FROM-TO-TYPE.ext', () => {
  // The first is the sample in the vendor's guide for the S-Series; the second is one of a P-Series.
  test.each([
    [
      '20170901181806-1504261084.7-1001-1003-Internal.wav',
      { callId: '1504261084.7', from: '1001', to: '1003', type: 'Internal' },
    ],
    [
      '20251009105326-1760000000.42-5550100-2001-Inbound.wav',
      { callId: '1760000000.42', from: '5550100', to: '2001', type: 'Inbound' },
    ],
    [
      '20170914092747-1505352445.265-102-+49 30 123456-Outbound.yswav',
      { callId: '1505352445.265', from: '102', to: '+49 30 123456', type: 'Outbound' },
    ],
    [
      '20170914092747-1505352445.265-102-*43#-Internal.gsm',
      { callId: '1505352445.265', from: '102', to: '*43#', type: 'Internal' },
    ],
    ['20170914092747-1505352445.265-102-1000-Inbound', { from: '102', to: '1000', type: 'Inbound' }],
  ])('gives the facts of the call: %s', (name, facts) => {
    expect(factsInName(name)).toMatchObject(facts);
  });

  test('gives no numbers if one has hyphens: which one they belong to is unknown', () => {
    const facts = { callId: '1505352445.265', type: 'Inbound' };
    expect(factsInName('20170914092747-1505352445.265-030-123456-1000-Inbound.wav')).toEqual(facts);
    expect(factsInName('20170914092747-1505352445.265--1000-Inbound.wav')).toEqual(facts);
  });
});

test.each([
  // The form of OpenVox PBXs.
  'exten-101-106-20200505-042135-1588641695.1772.wav',
  'meeting.wav',
  '20170914092747-1505352445.265-102-1000-Conference.wav',
  '20170914-1505352445.265-102-1000-Inbound.wav',
  '',
])('a name of any other form gives nothing: %s', (name) => {
  expect(factsInName(name)).toEqual({});
});
