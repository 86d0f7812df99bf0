import { describe, expect, test } from 'vitest';
import {
  contentTypeOf,
  fileNameOf,
  findNameProblem,
  isPlainName,
  recordingKey,
} from '../../../../functions/shared/recordings/recording-name.ts';

const SAMPLE = '20170901181806-1504261084.7-1001-1003-Internal.wav';

describe('a valid name:', () => {
  test.each([
    SAMPLE,
    '20170901181806-1504261084.7-+49 30 *1234#-1003-Inbound.wav',
    'Zoë 📞.yswav',
    'a..b.wav',
    ' a ',
    '-',
    'a'.repeat(255),
    'é'.repeat(127),
    '%2F',
    "a';<b>&?.wav",
    // Whatever a file system allows, and more.
    'a\\b.wav',
    'a/b.wav',
    '../a.wav',
    '.wav',
    '.',
    '..',
    '/',
    'a\r\nb.wav',
    '\0',
    '\x7f\x9f',
  ])('%j', (name) => {
    expect(findNameProblem(name)).toBeUndefined();
  });
});

describe('a name is invalid', () => {
  test.each([
    ['no characters', ''],
    ['only spaces', ' \u3000'],
    ['only line breaks', '\r\n'],
    ['256 bytes', 'a'.repeat(256)],
    ['256 bytes in 128 characters', 'é'.repeat(128)],
    ['half of a surrogate pair', 'a\udcde.wav'],
  ])('with %s', (_, name) => {
    expect(findNameProblem(name)).toEqual(expect.any(String));
  });
});

describe('the key', () => {
  test('contains the date in the name', () => {
    expect(recordingKey('hq', SAMPLE)).toBe(`recordings/hq/2017/09/01/${SAMPLE}`);
  });

  test.each([
    ['20240229235959-1.1-1-2-Inbound.wav', '2024/02/29'],
    ['20001231000000-1.1-1-2-Inbound.wav', '2000/12/31'],
    ['20991231000000-', '2099/12/31'],
  ])('of %s is under %s', (name, folder) => {
    expect(recordingKey('hq', name)).toBe(`recordings/hq/${folder}/${name}`);
  });

  test.each([
    ['February 30', '20170230181806-1.1-1-2-Inbound.wav'],
    ['February 29 in a common year', '20230229181806-1.1-1-2-Inbound.wav'],
    ['June 31', '20230631181806-1.1-1-2-Inbound.wav'],
    ['month 0', '20170001181806-1.1-1-2-Inbound.wav'],
    ['month 13', '20171301181806-1.1-1-2-Inbound.wav'],
    ['day 0', '20170900181806-1.1-1-2-Inbound.wav'],
    ['day 32', '20170932181806-1.1-1-2-Inbound.wav'],
    ['a year of another century', '19990901181806-1.1-1-2-Inbound.wav'],
    ['a date without a time', '20170901-1.1-1-2-Inbound.wav'],
    ['a date after another character', 'x20170901181806-1.1-1-2-Inbound.wav'],
    ['more digits than a date has', '201709011818060-1.1-1-2-Inbound.wav'],
    ['Arabic digits', '٢٠١٧٠٩٠١١٨١٨٠٦-1.1-1-2-Inbound.wav'],
    ['no date', 'call.wav'],
  ])('is undated for %s', (_, name) => {
    expect(recordingKey('hq', name)).toBe(`recordings/hq/undated/${name}`);
  });
});

describe('the key of a name that would be read as a path, a command or several lines', () => {
  test.each([
    ['a\\b.wav', 'a%5Cb.wav'],
    ['a/b.wav', 'a%2Fb.wav'],
    ['..', '%2E.'],
    ['.', '%2E'],
    ['/', '%2F'],
    ['../../x.wav', '%2E.%2F..%2Fx.wav'],
    ['.hidden.wav', '%2Ehidden.wav'],
    ['a\0b\r\n.wav', 'a%00b%0D%0A.wav'],
    ['\x85 100% Zoë/*#', '%C2%85 100%25 Zoë%2F*#'],
  ])('encodes it: %j', (name, encoded) => {
    expect(recordingKey('hq', name)).toBe(`recordings/hq/undated/encoded/${encoded}`);
    expect(decodeURIComponent(encoded)).toBe(name);
  });

  test('has the date of names as OpenVox makes them, too', () => {
    const name = 'exten-101-106-20200505-042135-1588641695.1772.wav';
    expect(recordingKey('hq', name)).toBe(`recordings/hq/2020/05/05/${name}`);
    for (const other of ['exten-101-106-20200535-042135-1588641695.1772.wav', 'a-20200505-042135.wav'])
      expect(recordingKey('hq', other)).toBe(`recordings/hq/undated/${other}`);
  });

  test('encodes every control character', () => {
    const controls = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).filter(
      (character) => /\p{Cc}/u.test(character),
    );
    expect(controls).toHaveLength(65);
    const keys = controls.map((control) => recordingKey('hq', `a${control}.wav`));
    expect(
      keys.filter((key) => /^recordings\/hq\/undated\/encoded\/a(?:%[0-9A-F]{2})+\.wav$/.test(key)),
    ).toEqual(keys);
    expect(new Set(keys).size).toBe(65);
  });

  test('contains the date in the name', () => {
    const name = '20170901181806-1504261084.7-a\\b-1003-Internal.wav';
    expect(recordingKey('hq', name)).toBe(`recordings/hq/2017/09/01/encoded/${name.replace('\\', '%5C')}`);
  });

  test('differs from those of names that look like an encoded one', () => {
    const names = ['a/b.wav', 'a%2Fb.wav', 'a%252Fb.wav', 'encoded/a%2Fb.wav', 'encoded/a/b.wav', 'encoded'];
    expect(new Set(names.map((name) => recordingKey('hq', name))).size).toBe(names.length);
    expect(recordingKey('hq', 'a%2Fb.wav')).toBe('recordings/hq/undated/a%2Fb.wav');
  });
});

test('the name for a browser has no part that a file system would read as something else', () => {
  expect(fileNameOf(SAMPLE)).toBe(SAMPLE);
  expect(fileNameOf('../a\\b\n.wav')).toBe('_._a_b_.wav');
  expect(fileNameOf('..')).toBe('_.');
  expect([SAMPLE, 'a%2Fb.wav', 'a..b.wav'].every(isPlainName)).toBe(true);
});

describe('the content type', () => {
  test.each([
    ['a.wav', 'audio/wav'],
    ['a.WAV', 'audio/wav'],
    ['a.gsm', 'audio/gsm'],
    ['a.mp3', 'audio/mpeg'],
    ['a.wav.gsm', 'audio/gsm'],
    ['a.yswav', 'application/octet-stream'],
    ['wav', 'application/octet-stream'],
    ['a.', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
    ['a.__proto__', 'application/octet-stream'],
  ])('of %s is %s', (name, contentType) => {
    expect(contentTypeOf(name)).toBe(contentType);
  });
});
