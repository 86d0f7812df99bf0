import { describe, expect, test } from 'vitest';
import {
  errcodeError,
  loginError,
  refreshError,
} from '../../../../../functions/shared/pbx/p-series/errors.ts';
import { parseResponse } from '../../../../../functions/shared/pbx/p-series/response.ts';
import { documentedKinds } from '../documented-kinds.ts';

/** The codes of the P-Series with their texts or meanings, as public clients quote them from the vendor's documents. */
const QUOTED: readonly (readonly [code: string, text: string])[] = [
  ['-2', 'INTERNAL SERVER ERROR'],
  ['-1', 'FAILURE'],
  ['10001', 'INTERFACE NOT EXISTED'],
  ['10002', 'the API version is no longer supported'],
  ['10003', 'the firmware does not support it'],
  ['10004', 'TOKEN EXPIRED'],
  ['10005', 'ACCESS DENIED'],
  ['10006', 'an error of the token'],
  ['10009', 'the operation failed'],
  ['40001', 'PARAMETER ERROR'],
  ['40002', 'PARAMETER ERROR'],
  ['60001', 'DATA NOT FOUND'],
  ['60002', 'MAX LIMITATION EXCEEDED'],
  ['70004', 'this address is blocked'],
  ['70087', 'IP FORBIDDEN'],
  ['70123', 'the API is off'],
  ['70131', 'call recording is not enabled'],
  ['70651', 'another download is being prepared'],
  ['70656', 'this function of the API is not enabled'],
  ['80010', 'no permission'],
];

const kinds = documentedKinds('P-Series');

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
  test('has a meaning if clients quote it, and a row in docs/architecture.md', () => {
    const upToFiveDigits = Array.from({ length: 100_010 }, (_, n) => String(n - 10));
    const known = upToFiveDigits.filter((errcode) => !/unknown error/.test(errcodeError(errcode).message));
    expect(known).toEqual(QUOTED.map(([code]) => code));
    expect([...kinds.keys()].filter((code) => code !== 'any other').sort()).toEqual(known.toSorted());
  });

  test.each(QUOTED)('%s (%s) fails as documented; the message has the code', (errcode) => {
    const error = errcodeError(errcode);
    expect(error).toMatchObject({ code: `pbx-${errcode.replace('-', 'minus-')}`, kind: kinds.get(errcode) });
    expect(error.message).toContain(`errcode ${errcode}`);
  });

  test.each(['1', '40003', '99999', '-3'])('that is unknown is retried, and is reported: %s', (errcode) => {
    expect(kinds.get('any other')).toBe('transient');
    expect(errcodeError(errcode)).toMatchObject({ kind: 'transient' });
    expect(errcodeError(errcode).message).toContain(`unknown error (errcode ${errcode})`);
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
