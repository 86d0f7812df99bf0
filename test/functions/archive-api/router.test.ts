import { describe, expect, test } from 'vitest';
import { createRouter } from '../../../functions/archive-api/router.ts';
import type { Principal } from '../../../functions/shared/access/principal.ts';
import { captureLog } from '../capture-log.ts';

const logLines = captureLog();
const HOST = 'archive.example';
const signedIn: Principal = { person: 'Ann', by: 'session', grants: [] };
const token: Principal = { person: 'token', by: 'token', grants: [] };

/** What the router makes of a request by `principal`. */
async function ask(
  method: string,
  headers: Record<string, string>,
  principal: Principal | undefined = signedIn,
  pageOrigin?: string,
) {
  const done = async () => ({ status: 200 });
  const route = createRouter(
    {
      'GET /api/things': { respond: done },
      'POST /api/things': { respond: done },
      'DELETE /api/things/{id}': { respond: async ({ params }) => ({ status: 200, body: params }) },
      'POST /api/public': { isPublic: true, respond: done },
      'GET /api/fails': { respond: () => Promise.reject(new Error('secret of the error')) },
    },
    async () => principal,
    pageOrigin,
  );
  const [verb = '', path = '/api/things'] = method.split(/ (.*)/s);
  const query = {};
  const rest = { query, cookies: [], body: '', address: '192.0.2.1', authorizer: undefined };
  return route({ method: verb, path, headers: { host: HOST, ...headers }, ...rest });
}

describe('a request that a cookie authorizes', () => {
  test.each(['POST', 'DELETE /api/things/7'])(
    'and that changes something has to come from the own page: %s',
    async (method) => {
      expect((await ask(method, { origin: `https://${HOST}` })).status).toBe(200);
      for (const origin of [
        'https://other.example',
        `https://${HOST}.other.example`,
        `https://${HOST}:8443`,
        'null',
        '',
        HOST,
      ]) {
        expect(await ask(method, { origin })).toMatchObject({
          status: 403,
          body: { error: 'foreign-origin' },
        });
      }
      expect((await ask(method, {})).status).toBe(403);
    },
  );

  test('may come from the configured origin of the page, although a proxy names the host of the API', async () => {
    const page = 'https://recordings.example.com';
    expect((await ask('POST', { origin: page })).status).toBe(403);
    expect((await ask('POST', { origin: page }, signedIn, page)).status).toBe(200);
    expect((await ask('POST /api/public', { origin: page }, signedIn, page)).status).toBe(200);
    expect((await ask('POST', { origin: `https://${HOST}` }, signedIn, page)).status).toBe(200);
    for (const origin of [
      'http://recordings.example.com',
      `${page}:8443`,
      `${page}.other.example`,
      'https://other.example',
      'null',
    ])
      expect((await ask('POST', { origin }, signedIn, page)).status).toBe(403);
    expect((await ask('POST', {}, signedIn, page)).status).toBe(403);
  });

  test('and that only reads may come from anywhere: SameSite and CORS keep the response from other pages', async () => {
    expect((await ask('GET', {})).status).toBe(200);
  });
});

test('a request with a token may come from another page, which has to know the token', async () => {
  expect((await ask('POST', { origin: 'https://crm.example' }, token)).status).toBe(200);
  expect((await ask('POST', {}, token)).status).toBe(200);
});

test('a public request that changes something may come from a program or the own page, not from another one', async () => {
  expect((await ask('POST /api/public', {})).status).toBe(200);
  expect((await ask('POST /api/public', { origin: `https://${HOST}` })).status).toBe(200);
  expect((await ask('POST /api/public', { origin: 'https://other.example' })).status).toBe(403);
});

test('a failure becomes 503, and neither response nor log has its message', async () => {
  const response = await ask('GET /api/fails', {});
  expect(response).toMatchObject({ status: 503, body: { error: 'unavailable' } });
  expect(logLines).toMatchObject([{ event: 'api-failed', route: 'GET /api/fails', code: 'Error' }]);
  expect(JSON.stringify([response, logLines])).not.toContain('secret');
});

test('the parts of a path reach the use case', async () => {
  const { body } = await ask('DELETE /api/things/a+b c', { origin: `https://${HOST}` });
  expect(body).toEqual({ id: 'a+b c' });
});
