import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { captureLog } from '../capture-log.ts';
import { bearer, HOST, TOKEN, useApi } from './api-harness.ts';

const logLines = captureLog();
const api = await useApi({ hq: {} });
const ask = await api.load();

let visitors = 0;
/** An address from which nobody has tried to sign in yet. */
const newAddress = () => {
  visitors += 1;
  return `198.51.100.${visitors}`;
};
const signIn = (body: unknown = { token: TOKEN }, request: object = {}) =>
  ask('POST /api/session', { body, address: newAddress(), ...request });

/** What a browser sends back of a `Set-Cookie`. */
const cookieOf = ([cookie = '']: string[]) => cookie.split(';').slice(0, 1);

const ORIGIN = { origin: `https://${HOST}` };

describe('signing in', () => {
  test('sets a cookie that only this host gets back, over HTTPS, and that scripts cannot read', async () => {
    const { status, body, cookies } = await signIn({ token: TOKEN, name: ' Ann \n Example ' });
    expect({ status, body }).toEqual({ status: 204, body: undefined });
    const [cookie = ''] = cookies;
    expect(cookie.split('; ').slice(1).sort()).toEqual([
      'HttpOnly',
      'Max-Age=43200',
      'Path=/',
      'SameSite=Strict',
      'Secure',
    ]);
    expect(cookie).toMatch(/^__Host-session=[\w-]+;/);
    const me = await ask('GET /api/me', { cookies: cookieOf(cookies) });
    expect(me.body).toMatchObject({
      person: 'Ann Example',
      rights: ['listen', 'download', 'share', 'audit'],
    });
  });

  test('needs no name', async () => {
    const me = await ask('GET /api/me', { cookies: cookieOf((await signIn()).cookies) });
    expect(me.body.person).toBe('token');
  });

  test.each([
    ['another token', { token: 'wrong-token-0123456789' }, 401, { error: 'unauthorized' }],
    ['no token', {}, 400, { parameter: 'token', message: 'is missing' }],
    ['an empty token', { token: '' }, 400, { parameter: 'token', message: 'should not be empty' }],
    ['a number', { token: 7 }, 400, { parameter: 'token', message: 'should be string' }],
    ['an unknown field', { token: TOKEN, admin: true }, 400, { parameter: 'admin' }],
    ['no JSON', '{"token":', 400, { parameter: 'body' }],
    ['no object', '7', 400, { parameter: 'body', message: 'should be Object' }],
    ['too much', { token: TOKEN, name: 'x'.repeat(20_000) }, 413, { error: 'body-too-large' }],
  ])('with %s is refused, and sets no cookie', async (_, body, status, expected) => {
    const response = await signIn(body);
    expect(response).toMatchObject({ status, body: expected, cookies: [] });
    expect(JSON.stringify(response.body)).not.toContain('wrong-token');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'with the type %j, which a form of another site can send, is refused',
    async (type) => {
      const response = await signIn({ token: TOKEN }, { headers: { 'content-type': type } });
      expect(response).toMatchObject({ status: 415, cookies: [] });
    },
  );

  test('is refused for a page of another origin', async () => {
    const headers = { origin: 'https://other.example' };
    expect(await signIn({ token: TOKEN }, { headers })).toMatchObject({
      status: 403,
      body: { error: 'foreign-origin' },
    });
    expect(await signIn({ token: TOKEN }, { headers: ORIGIN })).toMatchObject({ status: 204 });
  });
});

describe('a session', () => {
  test('ends in the browser when somebody signs out', async () => {
    const { cookies } = await signIn();
    const out = await ask('DELETE /api/session', { cookies: cookieOf(cookies), headers: ORIGIN });
    expect(out.status).toBe(204);
    expect(out.cookies).toEqual(['__Host-session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure']);
  });

  test.each([
    ['none', []],
    ['an empty one', ['__Host-session=']],
    ['another one', ['session=abc']],
    ['one that somebody made up', ['__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']],
  ])('is not opened by a wrong cookie: %s', async (_, cookies) => {
    expect(await ask('GET /api/me', { cookies })).toMatchObject({ status: 401 });
  });

  test('is not opened by a cookie of which a character was changed', async () => {
    const [cookie = ''] = cookieOf((await signIn()).cookies);
    const value = cookie.slice('__Host-session='.length);
    for (const index of [0, 20, value.length - 1]) {
      const other = value[index] === 'A' ? 'B' : 'A';
      const changed = value.slice(0, index) + other + value.slice(index + 1);
      expect(await ask('GET /api/me', { cookies: [`__Host-session=${changed}`] })).toMatchObject({
        status: 401,
      });
    }
  });

  test('is no bearer token, and the token is no session', async () => {
    const [cookie = ''] = cookieOf((await signIn()).cookies);
    const authorization = `Bearer ${cookie.slice('__Host-session='.length)}`;
    expect((await ask('GET /api/me', { headers: { authorization } })).status).toBe(401);
    expect((await ask('GET /api/me', { cookies: [`__Host-session=${TOKEN}`] })).status).toBe(401);
  });
});

describe('wrong tokens', () => {
  const wrong = { token: 'wrong-token-0123456789' };

  test('from one address are limited to five a minute: then the right one is refused, too', async () => {
    const address = newAddress();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      statuses.push((await signIn(wrong, { address })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    const response = await signIn({ token: TOKEN }, { address });
    expect(response).toMatchObject({ status: 429, body: { error: 'too-many-attempts' }, cookies: [] });
    expect(response.headers['retry-after']).toBe('60');
    expect((await signIn()).status).toBe(204);
    expect((await ask('GET /api/me', { headers: bearer, address })).status).toBe(200);
  });

  test('are limited even if they come at the same time', async () => {
    const address = newAddress();
    const responses = await Promise.all(Array.from({ length: 12 }, () => signIn(wrong, { address })));
    const statuses = responses.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(5).fill(401), ...Array(7).fill(429)]);
  });

  test('do not count the right ones', async () => {
    const address = newAddress();
    for (let attempt = 0; attempt < 8; attempt++) {
      expect((await signIn({ token: TOKEN }, { address })).status).toBe(204);
    }
  });
});

test('no log line has a token, a cookie or a name', async () => {
  await signIn({ token: TOKEN, name: 'Ann Example' });
  await signIn({ token: 'wrong-token-0123456789' });
  expect(logLines.map(({ event }) => event)).toEqual(['signed-in', 'sign-in-refused']);
  expect(JSON.stringify(logLines)).not.toMatch(/wrong-token|Ann|session=/);
});

test('with iam and jwt there are no sessions, and a cookie opens nothing', async () => {
  const { cookies } = await signIn();
  for (const type of ['iam', 'jwt'] as const) {
    const askOther = await api.load(type);
    const body = { token: TOKEN };
    expect((await askOther('POST /api/session', { body })).status).toBe(404);
    expect((await askOther('GET /api/me', { cookies: cookieOf(cookies), headers: bearer })).status).toBe(401);
  }
});

test('a replaced link token ends all sessions', async () => {
  const { cookies } = await signIn();
  const secrets = new SecretsManagerClient();
  const replace = (SecretString: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId: 'links/token', SecretString }));
  await replace('another-token-0123456789');
  // An instance that starts now; others notice it within five minutes.
  const askLater = await api.load();
  expect((await askLater('GET /api/me', { cookies: cookieOf(cookies) })).status).toBe(401);
  await replace(TOKEN);
});
