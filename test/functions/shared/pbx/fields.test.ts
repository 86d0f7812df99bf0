import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { fact, plainText, recordingName } from '../../../../functions/shared/pbx/fields.ts';

describe.each([
  ['a text', plainText],
  ['a fact', fact],
])('%s of a report', (_, schema) => {
  // Firmwares write `callto`, `pincode` and `didnumber` as texts or as numbers.
  test.each([
    ['1000', '1000'],
    [1000, '1000'],
    [0, '0'],
    ['0', '0'],
    [false, 'false'],
    [' 1000', ' 1000'],
  ])('%j is read as %j', (sent, read) => {
    expect(v.parse(schema, sent)).toBe(read);
  });

  test.each([undefined, null, ''])('%j is unknown', (sent) => {
    expect(v.parse(schema, sent)).toBeUndefined();
  });
});

describe.each([[{}], [['1000']]])('a field of another shape, %j,', (sent) => {
  test('fails what cannot do without it', () => {
    expect(v.is(plainText, sent)).toBe(false);
    expect(v.is(recordingName, sent)).toBe(false);
  });

  test('is an unknown fact: it must not cost the recording', () => {
    expect(v.parse(fact, sent)).toBeUndefined();
  });
});

describe('the name of a recording', () => {
  test.each([
    '20170901181806-1504261084.7-1001-1003-Internal.wav',
    'exten-101-106-20200505-042135-1588641695.1772.wav',
    'meeting.wav',
    'none.wav',
    'no-answer.wav',
    '1.wav',
    'true story.wav',
  ])('is what the PBX says: %s', (name) => {
    expect(v.parse(recordingName, name)).toBe(name);
  });

  test.each([
    undefined,
    null,
    '',
    false,
    true,
    0,
    1,
    '0',
    '-1',
    '1.0',
    '-',
    'N/A',
    '   ',
    'n/a',
    'NA',
    'None',
    'null',
    'no',
    ' false ',
  ])('is not %j: the call was not recorded', (sent) => {
    expect(v.parse(recordingName, sent)).toBeUndefined();
  });
});
