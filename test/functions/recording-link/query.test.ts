import { describe, expect, test } from 'vitest';
import { readLinkQuery } from '../../../functions/recording-link/query.ts';

const PATH = { pbxId: 'hq', recording: '20170901181806-1504261084.7-1001-1003-Internal.wav' };
const MAX_SECONDS = 3600;

const read = (query: Record<string, string>, path = {}, maxSeconds = MAX_SECONDS) =>
  readLinkQuery({ ...PATH, ...path }, query, maxSeconds);

describe('a request', () => {
  test('without parameters is for a link valid for 15 minutes that plays inline', () => {
    expect(read({})).toEqual({
      pbx: 'hq',
      recording: PATH.recording,
      redirect: false,
      download: false,
      expiresIn: 900,
    });
  });

  test('may ask for a redirect, a download and another lifetime', () => {
    const asked = { redirect: true, download: true, expiresIn: 60 };
    expect(read({ redirect: '1', download: '1', expiresIn: '60' })).toMatchObject(asked);
    expect(read({ redirect: '0', download: '0' })).toMatchObject({ redirect: false, download: false });
  });

  test('may ask for a lifetime up to the configured maximum, which also limits the default', () => {
    expect(read({ expiresIn: '3600' })).toMatchObject({ expiresIn: 3600 });
    expect(read({ expiresIn: '43200' }, {}, 43_200)).toMatchObject({ expiresIn: 43_200 });
    expect(read({}, {}, 300)).toMatchObject({ expiresIn: 300 });
  });

  test('may have unknown parameters, which are ignored', () => {
    const query = { utm: 'x', pbx: 'other', recording: 'other.wav', pbxId: 'other' };
    expect(read(query)).toEqual(read({}));
  });

  test('may name the recording in the query if the path names none', () => {
    const recording = '100% sure?.wav';
    expect(readLinkQuery({ pbxId: 'hq' }, { recording }, MAX_SECONDS)).toMatchObject({
      pbx: 'hq',
      recording,
    });
    expect(readLinkQuery({ pbxId: 'hq' }, {}, MAX_SECONDS)).toEqual({
      parameter: 'recording',
      message: 'is missing',
    });
  });

  test.each(['+49 30 *1#-2.wav', 'Zoë 📞.yswav', 'a'.repeat(255), '..', '../a.wav', 'a\\b.wav', 'a\nb.wav'])(
    'may be for any usable name: %j',
    (recording) => {
      expect(read({}, { recording })).toMatchObject({ recording });
    },
  );
});

describe('the name of the parameter is given when a request is rejected for', () => {
  test.each([
    '59',
    '3601',
    '0',
    '-60',
    '',
    ' 60',
    '60.5',
    '6e1',
    '0x3c',
    '９００',
    '1'.repeat(400),
    'Infinity',
    '60,60',
  ])('expiresIn=%s', (expiresIn) => {
    expect(read({ expiresIn })).toEqual({
      parameter: 'expiresIn',
      message: 'should be whole seconds from 60 to 3600',
    });
  });

  test.each(['redirect', 'download'])('a %s that is neither 0 nor 1', (parameter) => {
    for (const value of ['', 'true', 'yes', '2', '1,1']) {
      expect(read({ [parameter]: value })).toEqual({ parameter, message: 'should be 0 or 1' });
    }
  });

  test.each(['', '   ', '\r\n', 'a\udcde.wav', 'a'.repeat(256)])('recording %j', (recording) => {
    expect(read({}, { recording })).toEqual({
      parameter: 'recording',
      message: 'should be the name of a recording',
    });
  });

  test.each(['', 'H Q', '..', 'a/b', '-'])('pbx %j', (pbxId) => {
    expect(read({}, { pbxId })).toMatchObject({ parameter: 'pbx' });
  });
});

test('no rejection quotes a value', () => {
  const bad = 'hunter2!';
  const refusals = [
    ...['expiresIn', 'redirect', 'download'].map((parameter) => read({ [parameter]: bad })),
    ...[{ recording: `${bad}\udcde` }, { pbxId: bad }].map((path) => read({}, path)),
  ];
  expect(refusals.every((refusal) => 'parameter' in refusal)).toBe(true);
  expect(JSON.stringify(refusals)).not.toContain(bad);
});
