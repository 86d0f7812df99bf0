import { describe, expect, test } from 'vitest';
import { errnoError, parseResponse } from '../../../../../functions/shared/pbx/s-series/errors.ts';
import { documentedKinds } from '../documented-kinds.ts';

/** The numbers in the vendor's developer guides of S-Series, S1000 and Cloud PBX, with what these say. */
const GUIDE = {
  10003: 'the request is not supported',
  10025: 'applied too often',
  20000: 'not JSON',
  20001: 'not POST',
  20002: 'login refused: the address is locked',
  20003: 'login refused: wrong username or password',
  20004: 'no such token',
  20005: 'blank token',
  20006: 'the token timed out',
  20012: 'invalid random of a recording',
  20014: 'the recording does not exist',
  20015: 'wrong allowedip',
  20019: 'wrong time format for a CDR file',
  20020: 'invalid random of a CDR file',
  20021: 'no such CDR file',
  30001: 'server fault',
  30003: 'server fault',
};

const kinds = documentedKinds('S-Series');
const kindOf = (errno: string) => kinds.get(errno);

/** The error for a response. */
function errorOf(response: string) {
  try {
    parseResponse(response);
  } catch (error) {
    return error;
  }
  throw new Error('The response is a success.');
}

describe('an error number', () => {
  test('has a meaning if it is in the guides, and a row in docs/architecture.md', () => {
    const fiveDigits = Array.from({ length: 90_000 }, (_, n) => String(10_000 + n));
    const known = fiveDigits.filter((errno) => !/unknown error/.test(errnoError(errno).message));
    expect(known).toEqual(Object.keys(GUIDE));
    expect([...kinds.keys()].filter((number) => number !== 'any other').sort()).toEqual(known);
  });

  test.each(Object.entries(GUIDE))('%s (%s) fails as documented, as a string or a number', (errno) => {
    const expected = { code: `pbx-${errno}`, kind: kindOf(errno), message: expect.stringContaining(errno) };
    for (const value of [errno, Number(errno)]) {
      // With HTTP status 200.
      expect(errorOf(JSON.stringify({ status: 'Failed', errno: value }))).toMatchObject(expected);
    }
  });

  test.each([
    ['99999', 'pbx-99999'],
    ['-1', 'pbx-minus-1'],
    ['toString', 'pbx-toString'],
    ['constructor', 'pbx-constructor'],
    ['__proto__', 'pbx-__proto__'],
  ])('that is unknown is retried, and is reported: %j as %s', (errno, code) => {
    expect(kindOf('any other')).toBe('transient');
    expect(errnoError(errno)).toMatchObject({ code, kind: 'transient' });
    expect(errnoError(errno).message).toContain(`returned an unknown error (errno ${errno})`);
  });

  test.each(['', 'two words', '{"an":"object"}', 'x'.repeat(17)])(
    'that is not a short word is not quoted: %j',
    (errno) => {
      expect(errnoError(errno)).toMatchObject({ code: 'pbx-malformed', kind: 'transient' });
    },
  );
});

describe('a response', () => {
  test('of success is returned with all its fields', () => {
    expect(parseResponse('{"status":"Success","token":"t","x":[1]}')).toEqual({
      status: 'Success',
      token: 't',
      x: [1],
    });
  });

  test.each(['\0', '\r\n\0', '\0'.repeat(64), ' \0 '])('may end in %j, as a C string does', (padding) => {
    expect(errorOf(`{"status":"Failed","errno":"20006"}${padding}`)).toMatchObject({ code: 'pbx-20006' });
    expect(parseResponse(`{"status":"Success","token":"t"}${padding}`)).toHaveProperty('token', 't');
  });

  test('may have a byte order mark and whitespace around it', () => {
    const error = errorOf('\uFEFF\r\n {"status":"Failed","errno":"20006"}\r\n');
    expect(error).toMatchObject({ code: 'pbx-20006' });
  });

  test.each(['{"status":"Failed"}', '{"status":"Failed","errno":null}', '{"status":"Failed","errno":{}}'])(
    'of failure without an error number is retried: %s',
    (response) => {
      expect(errorOf(response)).toMatchObject({ code: 'pbx-none', kind: 'transient' });
    },
  );

  test.each([
    ['an unescaped quotation mark', '"recording":"20170901-"Bob"-1.wav"'],
    ['an unescaped backslash', '"recording":"a\\x.wav"'],
    ['a tab', '"recording":"a\tb.wav"'],
    ['a line break', '"recording":"a\nb.wav"'],
  ])('may have %s in a name', (_, name) => {
    expect(parseResponse(`{"status":"Success",${name},"random":"abc"}`)).toHaveProperty('random', 'abc');
    expect(errorOf(`{"status":"Failed",${name},"errno":"20014"}`)).toMatchObject({ code: 'pbx-20014' });
  });

  test.each([
    ['a NUL and the rest of a buffer', '\0"token":"old","status":"Failed"}'],
    ['a blank, a NUL and a brace', '\r\n\0}\r\n'],
    ['another message', '{"status":"Failed","errno":"20006","token":"old"}'],
  ])('may have %s after it', (_, rest) => {
    expect(parseResponse(`{"status":"Success","token":"t"}${rest}`)).toMatchObject({
      status: 'Success',
      token: 't',
    });
  });

  test('may have a comma too many', () => {
    expect(parseResponse('{"status":"Success","token":"t",}')).toHaveProperty('token', 't');
    expect(errorOf('{"status":"Failed","errno":20014,}')).toMatchObject({ code: 'pbx-20014' });
  });

  test.each(['success', 'SUCCESS', 'Success ', ' Success', 'Success\\u0000'])(
    'may write its success %j',
    (status) => {
      expect(parseResponse(`{"status":"${status}","token":"t"}`)).toHaveProperty('token', 't');
    },
  );

  test.each(['"20014 "', '" 20014"', '"20014\\r\\n"', '"020014"', '020014'])(
    'may write its error number %s',
    (errno) => {
      expect(errorOf(`{"status":"Failed","errno":${errno}}`)).toMatchObject({ code: 'pbx-20014' });
    },
  );

  test('keeps every digit of a random string that is a number', () => {
    const random = '12073210546381532017232670310';
    expect(parseResponse(`{"status":"Success","random":${random}}`)).toHaveProperty('random', random);
  });

  test.each([
    '',
    '<html></html>',
    '<html><script>var session = {"status":"Success","token":"t"}</script></html>',
    '{"status":"Success","token":"t","recording":"a"b.wav',
    '{"title":"a "quoted" html page"}',
    'null',
    '[]',
    '{}',
    '{"status":1}',
    '{"status":"Success"',
  ])('that is not one of the API is retried, and is not quoted: %j', (response) => {
    expect(errorOf(response)).toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
    expect(String(errorOf(response))).not.toContain('html');
  });
});
