import { describe, expect, test } from 'vitest';
import { DEFAULT_PATIENCE_MS } from '../../../../functions/shared/errors.ts';
import { errnoError } from '../../../../functions/shared/pbx/errors.ts';
import { parseReply } from '../../../../functions/shared/pbx/reply.ts';

/** The table of the vendor's guides: what each number asks of us, and for how long. */
const TABLE = [
  ['10003', 'give-up'],
  ['20000', 'give-up'],
  ['20001', 'give-up'],
  ['20002', 'hold'],
  ['20003', 'hold'],
  ['20004', 'renew-session'],
  ['20005', 'renew-session'],
  ['20006', 'renew-session'],
  ['20012', 'retry'],
  ['20014', 'retry'],
  ['20015', 'give-up'],
] as const;

/** The error that a reply is turned into. */
function errorOf(reply: string) {
  try {
    parseReply(reply);
  } catch (error) {
    return error;
  }
  throw new Error('The reply is a success.');
}

describe('an error number', () => {
  test.each(TABLE)('%s: %s, and its code and message name it', (errno, action) => {
    const error = errnoError(errno);
    expect(error).toMatchObject({ code: `pbx-${errno}`, action });
    expect(error.message).toContain(errno);
  });

  test.each(TABLE)('%s may be a string or a number in a reply with HTTP status 200', (errno, action) => {
    for (const value of [errno, Number(errno)]) {
      const error = errorOf(JSON.stringify({ status: 'Failed', errno: value }));
      expect(error).toMatchObject({ code: `pbx-${errno}`, action });
    }
  });

  test.each(['99999', '-1', 'toString', 'constructor', '__proto__'])(
    'that nobody knows is worth a retry, and is reported: %j',
    (errno) => {
      const expected = { code: `pbx-${errno}`, action: 'retry', patienceMs: DEFAULT_PATIENCE_MS };
      expect(errnoError(errno)).toMatchObject(expected);
      expect(errnoError(errno).message).toMatch(/^The PBX answers with an unknown error/);
    },
  );

  test.each(['', 'two words', '{"an":"object"}', 'x'.repeat(17)])(
    'that is none at all is not repeated: %j',
    (errno) => {
      expect(errnoError(errno)).toMatchObject({ code: 'pbx-malformed', action: 'retry' });
    },
  );

  test('is worth ten days of retries, and only 20014 always says that the recording is missing', () => {
    for (const [errno] of TABLE) {
      const expected = { patienceMs: DEFAULT_PATIENCE_MS, isMissing: errno === '20014' };
      expect(errnoError(errno)).toMatchObject(expected);
    }
  });
});

describe('a reply', () => {
  test('that succeeds comes back with all that it holds', () => {
    expect(parseReply('{"status":"Success","token":"t","x":[1]}')).toEqual({
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
      expect(errorOf(reply)).toMatchObject({ code: 'pbx-none', action: 'retry' });
    },
  );

  test.each(['', '<html></html>', 'null', '[]', '{}', '{"status":1}', '{"status":"Success"'])(
    'that is not one of the API is worth a retry, and is not quoted: %j',
    (reply) => {
      expect(errorOf(reply)).toMatchObject({ code: 'pbx-bad-reply', action: 'retry' });
      expect(String(errorOf(reply))).not.toContain('html');
    },
  );
});
