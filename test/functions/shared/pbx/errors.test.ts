import { describe, expect, test } from 'vitest';
import { errnoError, parseResponse } from '../../../../functions/shared/pbx/errors.ts';

/** The vendor's guides: what each number means. */
const TABLE = [
  ['10003', 'permanent'],
  ['20000', 'permanent'],
  ['20001', 'permanent'],
  ['20002', 'login-held'],
  ['20003', 'login-held'],
  ['20004', 'session-expired'],
  ['20005', 'session-expired'],
  ['20006', 'session-expired'],
  ['20012', 'transient'],
  ['20014', 'missing'],
  ['20015', 'permanent'],
] as const;

/** The error that a reply is turned into. */
function errorOf(reply: string) {
  try {
    parseResponse(reply);
  } catch (error) {
    return error;
  }
  throw new Error('The reply is a success.');
}

describe('an error number', () => {
  test.each(TABLE)('%s: %s, and its code and message name it', (errno, kind) => {
    const error = errnoError(errno);
    expect(error).toMatchObject({ code: `pbx-${errno}`, kind });
    expect(error.message).toContain(errno);
  });

  test.each(TABLE)('%s may be a string or a number in a reply with HTTP status 200', (errno, kind) => {
    for (const value of [errno, Number(errno)]) {
      const error = errorOf(JSON.stringify({ status: 'Failed', errno: value }));
      expect(error).toMatchObject({ code: `pbx-${errno}`, kind });
    }
  });

  test.each(['99999', '-1', 'toString', 'constructor', '__proto__'])(
    'that nobody knows is worth a retry, and is reported: %j',
    (errno) => {
      const expected = { code: `pbx-${errno}`, kind: 'transient' };
      expect(errnoError(errno)).toMatchObject(expected);
      expect(errnoError(errno).message).toMatch(/^The PBX returned an unknown error/);
    },
  );

  test.each(['', 'two words', '{"an":"object"}', 'x'.repeat(17)])(
    'that is none at all is not repeated: %j',
    (errno) => {
      expect(errnoError(errno)).toMatchObject({ code: 'pbx-malformed', kind: 'transient' });
    },
  );
});

describe('a reply', () => {
  test('that succeeds comes back with all that it holds', () => {
    expect(parseResponse('{"status":"Success","token":"t","x":[1]}')).toEqual({
      status: 'Success',
      token: 't',
      x: [1],
    });
  });

  test('may have a byte order mark and blank space around it', () => {
    const error = errorOf('\uFEFF\r\n {"status":"Failed","errno":"20006"}\r\n');
    expect(error).toMatchObject({ code: 'pbx-20006' });
  });

  test.each(['{"status":"Failed"}', '{"status":"Failed","errno":null}', '{"status":"Failed","errno":{}}'])(
    'that fails without saying why is worth a retry: %s',
    (reply) => {
      expect(errorOf(reply)).toMatchObject({ code: 'pbx-none', kind: 'transient' });
    },
  );

  test.each(['', '<html></html>', 'null', '[]', '{}', '{"status":1}', '{"status":"Success"'])(
    'that is not one of the API is worth a retry, and is not quoted: %j',
    (reply) => {
      expect(errorOf(reply)).toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
      expect(String(errorOf(reply))).not.toContain('html');
    },
  );
});
