import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import type { Browser, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { HttpHandler } from '../../infra/local/http-event.ts';
import { startHttpServer } from '../../infra/local/http-server.ts';
import { buildPage } from '../../infra/page/build-page.ts';
import { useApi } from '../functions/archive-api/api-harness.ts';
import { useAccessSettings } from '../functions/aws-services.ts';
import { findViolations } from './accessibility.ts';
import { launchBrowser, openPage } from './browser.ts';

const CLIENT_ID = 'archive-page';
const AUDIENCE = 'archive';

/** The name says when the call was, which is how a single recording is found. */
const calledAt = Math.floor(Date.now() / 1000);
const stamp = new Date(calledAt * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
const LOST = `${stamp}-${calledAt}.0-1001-1002-Internal.wav`;

let browser: Browser;
let url: string;
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  browser = await launchBrowser();
  closing.defer(() => browser.close());
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  const routes = Promise.withResolvers<Record<string, HttpHandler>>();
  const server = await startHttpServer(routes.promise, 0, '127.0.0.1');
  closing.defer(() => server.close());
  url = `http://127.0.0.1:${server.port}`;
  const issuer = await startIssuer(privateKey.export({ format: 'jwk' }));

  const { putRows } = await useApi({ 'head-office': { timeZone: 'Europe/Berlin' }, branch: {} });
  await putRows([
    {
      pbx: 'head-office',
      recording: LOST,
      at: new Date(calledAt * 1000).toISOString(),
      from: '1001',
      to: '1002',
      state: 'lost',
    },
    {
      pbx: 'branch',
      recording: 'b.wav',
      at: new Date().toISOString(),
      from: '2001',
      to: '2002',
      state: 'lost',
    },
  ]);
  vi.resetModules();
  await useAccessSettings({
    signIn: { issuer, clientId: CLIENT_ID, scope: 'openid' },
    roles: { claim: 'groups', map: { supervisors: { pbxs: ['head-office'], rights: ['listen'] } } },
    shares: { allowed: true, maxDays: 30, defaultDays: 7 },
  });
  process.env.LINK_AUTHORIZATION = 'jwt';
  const directory = await mkdtemp(join(tmpdir(), 'archive-page-'));
  closing.defer(() => rm(directory, { recursive: true }));
  const pageDirectory = join(directory, 'page');
  buildPage(pageDirectory);
  process.env.PAGE_DIRECTORY = pageDirectory;
  process.env.MEDIA_SOURCES = 'https://recordings.example.com';
  process.env.CONNECT_SOURCES = `https://recordings.example.com ${issuer}`;
  const page: HttpHandler = (await import('../../functions/archive-page/handler.ts')).handler;
  const api = (await import('../../functions/archive-api/handler.ts')).handler as unknown as HttpHandler;

  /** What API Gateway's authorizer does before it invokes the function. */
  const authorized: HttpHandler = async (event) => {
    const [head = '', payload = '', signature = ''] = (event.headers.authorization ?? '').slice(7).split('.');
    const signed = Buffer.from(`${head}.${payload}`);
    if (!verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url')))
      return { statusCode: 401 };
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (claims.iss !== issuer || claims.aud !== AUDIENCE) return { statusCode: 401 };
    // It passes lists on as text.
    const jwt = { claims: { ...claims, groups: `[${claims.groups.join(' ')}]` }, scopes: null };
    return api({
      ...event,
      requestContext: { ...event.requestContext, authorizer: { jwt } },
    } as typeof event);
  };
  routes.resolve({
    'GET /': page,
    'GET /assets/{file}': page,
    'GET /api/config': api,
    'GET /api/{proxy+}': authorized,
    'POST /api/{proxy+}': authorized,
  });
});
afterAll(() => closing.disposeAsync());

/** An identity provider with a page to sign in on. */
async function startIssuer(key: object): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: [`${url}/`],
      },
    ],
    jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256' }] },
    clientBasedCORS: () => true,
    extraTokenClaims: () => ({ groups: ['supervisors'], name: 'Anna Schmidt' }),
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${AUDIENCE}`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'openid',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  server.on('request', provider.callback());
  return issuer;
}

describe('before anybody signs in', () => {
  test.each([
    ['the script', /\/assets\/main-/],
    ['what it imports', /\/assets\/chunk-/],
    ['the texts', /\/assets\/en-/],
    ['the page itself', /\/assets\/archive-page-/],
  ])('the page is not empty if a file is missing: %s', async (_, file) => {
    const page = await openPage(browser);
    await page.route(file, (route) => route.fulfill({ status: 503 }));
    await page.goto(url);
    await page.getByText('This page has not loaded.').waitFor();
  });

  test('the page says so if another language cannot be loaded', async () => {
    const page = await openPage(browser);
    await page.goto(url);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('This page has not loaded.').count()).toBe(0);
    await page.route(/\/assets\/de-/, (route) => route.fulfill({ status: 404 }));
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByText('This part of the page could not be loaded').waitFor();
    await page.unroute(/\/assets\/de-/);
    await page.getByRole('button', { name: 'Reload the page' }).click();
    await page.getByRole('button', { name: 'Anmelden' }).waitFor();
    expect(page.problems).toEqual([]);
  });

  test.each(['jwt', 'token'])('the page loads at most 30 KB, with the authorization %s', async (kind) => {
    const page = await openPage(browser);
    if (kind === 'token')
      await page.route('**/api/config', (route) => route.fulfill({ json: { authorization: kind } }));
    const files: Request[] = [];
    page.on('requestfinished', (request) => {
      if (!new URL(request.url()).pathname.startsWith('/api/')) files.push(request);
    });
    await page.goto(url);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.waitForLoadState('networkidle');
    const sizes = await Promise.all(files.map((request) => request.sizes()));
    const total = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThan(30_000);
  });
});

describe('signing in with OpenID Connect', () => {
  test('returns to the same search and recording, shows what the role allows, and keeps no token in the browser', async () => {
    const page = await openPage(browser);
    const address = `${url}/?number=1001&open=head-office%2F${LOST}`;
    await page.goto(address);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await findViolations(page, 'sign-in with OpenID Connect')).toEqual([]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByPlaceholder('Enter any login').fill('anna');
    await page.getByPlaceholder('and password').fill('anything');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: '1 recording' }).waitFor();
    expect(page.url()).toBe(address);
    await page.getByText('The PBX no longer had this recording').waitFor();
    expect(await findViolations(page, 'a lost recording')).toEqual([]);
    await page.getByRole('button', { name: 'Close player' }).click();
    await expect.poll(() => page.url()).toBe(`${url}/?number=1001`);
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('');
    // The other PBX is not this role's.
    await page.getByRole('heading', { name: '1 recording' }).waitFor();
    expect(await page.getByRole('button', { name: 'Who listened' }).count()).toBe(0);
    // What is not archived cannot be played, and says why.
    await page.getByRole('button', { name: /^Details: .*1001 to 1002/ }).click();
    await page
      .getByRole('region', { name: 'Player' })
      .getByText('The PBX no longer had this recording')
      .waitFor();
    expect(await page.getByRole('button', { name: /^Play/ }).count()).toBe(0);
    const stored = await page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }])',
    );
    expect(stored).not.toMatch(/eyJ|token/);
    expect(page.problems).toEqual([]);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
  });

  test('says whom to ask if the archive does not accept the token that the issuer gave', async () => {
    const page = await openPage(browser);
    // As the authorizer does if the audience is another one, or if the token is no JWT.
    await page.route('**/api/me', (route) =>
      route.fulfill({ status: 401, json: { message: 'Unauthorized' } }),
    );
    await page.goto(url);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByPlaceholder('Enter any login').fill('anna');
    await page.getByPlaceholder('and password').fill('anything');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Tell your administrator: the audience may be set wrong.').waitFor();
    expect(await findViolations(page, 'a token that is not accepted')).toEqual([]);
  });

  test('says so if the issuer refuses', async () => {
    const page = await openPage(browser);
    await page.goto(`${url}/?error=access_denied&state=unknown`);
    await page.getByText('Sign-in failed.').waitFor();
    expect(await findViolations(page, 'sign-in with OpenID Connect failed')).toEqual([]);
    expect(page.url()).toBe(`${url}/`);
  });
});
