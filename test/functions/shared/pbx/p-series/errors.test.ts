import { describe, expect, test } from 'vitest';
import {
  errcodeError,
  loginError,
  refreshError,
} from '../../../../../functions/shared/pbx/p-series/errors.ts';
import { parseResponse } from '../../../../../functions/shared/pbx/p-series/response.ts';

/** The meaning of each code, as public clients of the P-Series quote it. */
const TABLE = [
  ['-1', 'pbx-minus-1', 'transient'],
  ['-2', 'pbx-minus-2', 'transient'],
  ['10001', 'pbx-10001', 'permanent'],
  ['10002', 'pbx-10002', 'permanent'],
  ['10003', 'pbx-10003', 'permanent'],
  ['10004', 'pbx-10004', 'session-expired'],
  ['10005', 'pbx-10005', 'session-expired'],
  ['10006', 'pbx-10006', 'session-expired'],
  ['10009', 'pbx-10009', 'transient'],
  ['40001', 'pbx-40001', 'permanent'],
  ['40002', 'pbx-40002', 'permanent'],
  ['60001', 'pbx-60001', 'missing'],
  ['60002', 'pbx-60002', 'transient'],
  ['70004', 'pbx-70004', 'login-held'],
  ['70087', 'pbx-70087', 'login-held'],
  ['70123', 'pbx-70123', 'login-held'],
  ['70131', 'pbx-70131', 'transient'],
  ['70651', 'pbx-70651', 'busy'],
  ['70656', 'pbx-70656', 'login-held'],
  ['80010', 'pbx-80010', 'transient'],
  ['99999', 'pbx-99999', 'transient'],
] as const;

/** The error for a response. */
function errorOf(response: string) {
  try {
    parseResponse(response);
  } catch (error) {
    return error;
  }
  throw new Error('The response is a success.');
}

describe('a code', () => {
  test.each(TABLE)('%s becomes %s, which is %s; its message has the code', (errcode, code, kind) => {
    expect(errcodeError(errcode)).toMatchObject({ code, kind });
    expect(errcodeError(errcode).message).toContain(`errcode ${errcode}`);
  });

  test('may be an integer or a string, with HTTP status 200', () => {
    for (const errcode of [10004, '10004']) {
      const error = errorOf(JSON.stringify({ errcode, errmsg: 'TOKEN EXPIRED' }));
      expect(error).toMatchObject({ code: 'pbx-10004', kind: 'session-expired' });
    }
  });

  test.each(['', 'two words', '1e9', '{"an":"object"}', '12345678'])(
    'that is no integer is not quoted: %j',
    (errcode) => {
      expect(errcodeError(errcode)).toMatchObject({ code: 'pbx-malformed', kind: 'transient' });
    },
  );
});

describe('at a login,', () => {
  test.each(['-1', '1', '10004', '10005', '10006', '80010', '99999'])(
    '%s refuses the credentials, until they change',
    (errcode) => {
      const error = loginError(errcode);
      expect(error).toMatchObject({ kind: 'login-held', lockoutMs: undefined });
      expect(error.message).toContain('client secret');
    },
  );

  test.each(['40001', '40002'])(
    '%s calls the credentials malformed, which are its only parameters, unless it names others',
    (errcode) => {
      for (const parameters of [
        [],
        ['username'],
        ['password'],
        ['username or password'],
        ['x', 'password'],
      ]) {
        const error = loginError(errcode, parameters);
        expect(error).toMatchObject({ code: `pbx-${errcode}`, kind: 'login-held', lockoutMs: undefined });
        expect(error.message).toMatch(
          /client ID or the client secret malformed.*Integrations > API.*retryLogin/,
        );
      }
      expect(loginError(errcode, ['version'])).toMatchObject({ kind: 'permanent' });
    },
  );

  test.each(['-2', '10009', '60002'])('%s says nothing about the credentials, and passes', (errcode) => {
    expect(loginError(errcode).kind).toBe('transient');
  });

  test.each(['70004', '70087', '70123', '70656'])(
    '%s holds logins for a time, because somebody has to change something in the PBX',
    (errcode) => {
      expect(loginError(errcode)).toMatchObject({ kind: 'login-held', lockoutMs: 600_000 });
    },
  );
});

test.each(['-1', '1', '10004', '10005', '10006', '40002', '60001', '99999'])(
  'a refresh token that gets %s is no longer valid',
  (errcode) => {
    expect(refreshError(errcode).kind).toBe('session-expired');
  },
);

test('a refresh token may be refused for other reasons than its own', () => {
  expect(['-2', '60002', '70004', '70087'].map((errcode) => refreshError(errcode).kind)).toEqual([
    'transient',
    'transient',
    'login-held',
    'login-held',
  ]);
});

describe('a response', () => {
  test('of success is returned with all its fields', () => {
    expect(parseResponse('{"errcode":0,"errmsg":"SUCCESS","data":[1]}')).toMatchObject({ data: [1] });
  });

  test('does not get the values into the message that the PBX found wrong', () => {
    const error = errorOf(
      '{"errcode":-1,"errmsg":"FAILURE","invalid_param_list":[{"field":"username or password","value":"hunter2"}]}',
    );
    expect(error).toMatchObject({ code: 'pbx-minus-1' });
    expect(String(error)).toContain('(errcode -1: username or password)');
    expect(String(error)).not.toContain('hunter2');
  });

  test('gets the names of wrong parameters into the message, and nothing else that the PBX may write there', () => {
    const list = [
      { field: 'start_time', validation_type: 'required' },
      { field: 'aaaabbbbccccdddd0000111122223333' },
      { field: '<b>' },
      { field: 'page_size' },
    ];
    const errorFor = (invalid_param_list: unknown) =>
      errorOf(JSON.stringify({ errcode: 40002, errmsg: 'PARAMETER ERROR', invalid_param_list }));
    expect(errorFor(list)).toMatchObject({
      code: 'pbx-40002',
      message: expect.stringContaining('(errcode 40002: start_time, page_size)'),
    });
    for (const odd of [undefined, null, 'start_time', [{}], [null], { field: 'x' }]) {
      expect(errorFor(odd)).toMatchObject({ message: expect.stringContaining('(errcode 40002)') });
    }
  });

  test.each(['', '<html></html>', 'null', '[]', '{}', '{"status":"Success"}', '{"errcode":0'])(
    'that is not one of the API is retried, and is not quoted: %j',
    (response) => {
      expect(errorOf(response)).toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
    },
  );
});
