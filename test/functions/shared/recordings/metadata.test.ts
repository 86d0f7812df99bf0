import { describe, expect, test } from 'vitest';
import type { Call } from '../../../../functions/shared/jobs/call.ts';
import { decodeCall, encodeCall, encodeName } from '../../../../functions/shared/recordings/metadata.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';

const CALL: Call = {
  callId: '1505352445.265',
  from: '+49 30 1234',
  to: '*45#',
  type: 'Inbound',
  status: 'ANSWERED',
  start: '2017-09-14 09:27:25',
  talkSeconds: '29',
  trunk: 'Apple_test',
  did: '5503301',
  serialNumber: '369362089179',
};

/** The longest `verified-by`, which is stored beside the call. */
const VERIFIED_BY = {
  'verified-by': 'content-length identical-downloads header-contradicts shorter-than-talk-time',
};

const everywhere = (value: string): Call =>
  Object.fromEntries(Object.keys(CALL).map((field) => [field, value]));
const sizeOf = (metadata: Record<string, string>) =>
  Object.entries(metadata).reduce((bytes, [name, value]) => bytes + Buffer.byteLength(name + value), 0);

test('plain values are stored unchanged', () => {
  expect(encodeCall(CALL)).toEqual({
    'call-id': '1505352445.265',
    from: '+49 30 1234',
    to: '*45#',
    type: 'Inbound',
    status: 'ANSWERED',
    start: '2017-09-14 09:27:25',
    'talk-seconds': '29',
    trunk: 'Apple_test',
    did: '5503301',
    'serial-number': '369362089179',
  });
});

test('characters outside printable ASCII are percent-encoded', () => {
  expect(encodeCall({ from: 'Zoë 100%' })).toEqual({ from: 'Zo%C3%AB 100%25' });
});

test('details that the report did not have are absent, before and after', () => {
  expect(encodeCall({ from: '102', to: '' })).toEqual({ from: '102' });
  expect(decodeCall({ from: '102', 'verified-by': 'nothing' })).toEqual({ from: '102' });
});

describe('any value fits an HTTP header and is decoded unchanged:', () => {
  test.each([
    '%',
    '%41',
    '%zz',
    '100 % sure',
    ' ',
    '   ',
    '  two before, two after  ',
    'two  within',
    '\ttab\t',
    'line\r\nX-Injected: 1',
    'NUL \0 and DEL \x7f',
    '"quoted", \'quoted\' \\ ~',
    'Grüße, Zoë',
    '日本語 الهاتف',
    '📞 emoji 👩‍👩‍👧',
    '\uFEFF\uFFFE\uFFFF',
    'e\u0301',
  ])('%j', (value) => {
    const metadata = encodeCall(everywhere(value));
    expect(decodeCall(metadata)).toEqual(everywhere(value));
    for (const encoded of Object.values(metadata)) expect(encoded).toMatch(/^[!-~]([ -~]*[!-~])?$/);
  });

  test('except a lone surrogate, which cannot be encoded', () => {
    const metadata = encodeCall({ from: 'a\ud83d', to: '\udcdeb' });
    expect(decodeCall(metadata)).toEqual({ from: 'a\ufffd', to: '\ufffdb' });
  });
});

describe("S3's limit of 2 KB", () => {
  test.each([
    ['letters', 'a'],
    ['spaces', ' '],
    ['percent signs', '%'],
    ['accents', 'é'],
    ['emoji', '📞'],
    ['lone surrogates', '\ud83d'],
    ['letters and spaces', 'a     '],
  ])('is respected, however many %s the report has', (_, filling) => {
    const metadata = { ...encodeCall(everywhere(`x${filling.repeat(5000)}`)), ...VERIFIED_BY };
    expect(sizeOf(metadata)).toBeLessThan(2048);
    // The end is cut off, between two characters.
    const { from = '' } = decodeCall(metadata);
    expect(`x${filling.repeat(5000)}`.toWellFormed().startsWith(from)).toBe(true);
    expect(from.length).toBeGreaterThan(12);
  });
});

test('a bare percent sign written by somebody else is kept', () => {
  expect(decodeCall({ from: '100%', to: '%E0%A4' })).toEqual({ from: '100%', to: '%E0%A4' });
});

describe('the name of a recording', () => {
  test('is stored if its key contains it in another form', () => {
    expect(encodeName('a\\b/Zoë 100%\n.wav')).toEqual({ recording: 'a\\b/Zo%C3%AB 100%25%0A.wav' });
    expect(encodeName('.wav')).toEqual({ recording: '.wav' });
  });

  test('is not stored if its key ends with it', () => {
    for (const name of ['20170901181806-1504261084.7-1001-1003-Internal.wav', 'Zoë %2F.wav']) {
      expect(encodeName(name)).toEqual({});
    }
  });

  test('is stored completely up to the length that a file system allows', () => {
    const name = `.${'a'.repeat(250)}\0é`;
    expect(Buffer.byteLength(name)).toBe(254);
    expect(decodeURIComponent(encodeName(name).recording ?? '')).toBe(name);
  });

  test('is cut between two characters if its encoded form is longer, and the key has all of it', () => {
    const name = `\\${'ж'.repeat(127)}`;
    expect(Buffer.byteLength(name)).toBe(255);
    expect(decodeURIComponent(encodeName(name).recording ?? '')).toBe(`\\${'ж'.repeat(49)}`);
    const key = recordingKey('hq', name);
    expect(decodeURIComponent(key.slice(key.lastIndexOf('/') + 1))).toBe(name);
  });
});
