import { describe, expect, test } from 'vitest';
import { createIdentify } from '../../../../functions/shared/access/identify.ts';
import { createLinkToken } from '../../../../functions/shared/access/link-token.ts';
import { createSessionCookie } from '../../../../functions/shared/access/session-cookie.ts';
import type { Secrets } from '../../../../functions/shared/config/secrets.ts';

const TOKEN = 'link-token-0123456789';

/** A way to identify callers, its clock and its secret; a test may change `secret.value`. */
function createHarness(type: 'token' | 'iam' | 'jwt', value = TOKEN, settings = {}) {
  const secret = { value, reads: [] as string[] };
  const secrets: Secrets = {
    async read(name) {
      secret.reads.push(name);
      return { versionId: 'v', value: secret.value };
    },
    write: () => Promise.reject(new Error('The authorizer must not write secrets.')),
  };
  const clock = { now: 0 };
  const now = () => clock.now;
  const linkToken = createLinkToken(secrets, 'links/token', now);
  const identify = createIdentify({ type, linkToken, sessionCookie: '__Host-session' }, settings, now);
  const isAuthorized = async (authorization: string | undefined, authorizer?: unknown) =>
    (await identify({ authorization, authorizer })) !== undefined;
  return { secret, clock, identify, isAuthorized, linkToken };
}

describe('by token', () => {
  test.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN} `])('%s is accepted', async (header) => {
    const { isAuthorized, secret } = createHarness('token');
    expect(await isAuthorized(header)).toBe(true);
    expect(secret.reads).toEqual(['links/token']);
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer${TOKEN}`,
    `Bearer ${TOKEN} ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN},Bearer wrong`,
    `Bearer ${TOKEN}\n`,
    `xBearer ${TOKEN}`,
  ])('%j is rejected', async (header) => {
    expect(await createHarness('token').isAuthorized(header)).toBe(false);
  });

  test('a header without a bearer token is rejected without reading the secret', async () => {
    const { isAuthorized, secret } = createHarness('token');
    for (const header of [undefined, '', `Basic ${TOKEN}`]) await isAuthorized(header);
    expect(secret.reads).toEqual([]);
  });

  test('a new token is accepted without a restart', async () => {
    const { isAuthorized, secret, clock } = createHarness('token');
    await isAuthorized(`Bearer ${TOKEN}`);
    secret.value = 'another-token-0123456789';
    clock.now = 60_000;
    expect(await isAuthorized('Bearer another-token-0123456789')).toBe(true);
    expect(await isAuthorized(`Bearer ${TOKEN}`)).toBe(false);
  });

  test.each(['', 'short', 'fifteen-letters'])(
    'nobody is let in while the secret is too short: %j',
    async (value) => {
      const { isAuthorized } = createHarness('token', value);
      for (const token of [value, 'x', TOKEN]) {
        const outcome = await isAuthorized(`Bearer ${token}`).catch((error: { code: string }) => error.code);
        expect(outcome).toBe(token === '' ? false : 'link-token-missing');
      }
    },
  );
});

/** `requestContext.authorizer` as in API Gateway's documentation of payload format 2.0. */
const verifiedByGateway = {
  iam: {
    iam: {
      accessKey: 'AKIAIOSFODNN7EXAMPLE',
      accountId: '111122223333',
      callerId: 'AIDACKCEVSQ6C2EXAMPLE',
      cognitoIdentity: null,
      principalOrgId: 'o-a1b2c3d4e5',
      userArn: 'arn:aws:iam::111122223333:user/example-user',
      userId: 'AIDACOSFODNN7EXAMPLE2',
    },
  },
  jwt: { jwt: { claims: { claim1: 'value1', claim2: 'value2' }, scopes: ['scope1', 'scope2'] } },
};

describe.each(['iam', 'jwt'] as const)('by %s', (type) => {
  test('a request is accepted that API Gateway has verified, and no secret is read', async () => {
    const { isAuthorized, secret } = createHarness(type);
    expect(await isAuthorized('AWS4-HMAC-SHA256 Credential=...', verifiedByGateway[type])).toBe(true);
    expect(await isAuthorized(undefined, verifiedByGateway[type])).toBe(true);
    expect(secret.reads).toEqual([]);
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty authorizer', {}],
    ['an authorizer with empty values', { jwt: { claims: null, scopes: null }, iam: { userArn: '' } }],
    ['the other kind of authorizer', verifiedByGateway[type === 'iam' ? 'jwt' : 'iam']],
  ])('a request is rejected for which API Gateway passes on %s', async (_name, authorizer) => {
    const { isAuthorized } = createHarness(type);
    for (const header of [undefined, `Bearer ${TOKEN}`, 'AWS4-HMAC-SHA256 Credential=...']) {
      expect(await isAuthorized(header, authorizer)).toBe(false);
    }
  });
});

test('by token, a caller that API Gateway has verified still needs the token', async () => {
  const { isAuthorized } = createHarness('token');
  for (const authorizer of Object.values(verifiedByGateway)) {
    expect(await isAuthorized('AWS4-HMAC-SHA256 Credential=...', authorizer)).toBe(false);
    expect(await isAuthorized('Bearer some.jwt.here', authorizer)).toBe(false);
  }
});

describe('the person', () => {
  const identifyBy = async (type: 'iam' | 'jwt', authorizer: unknown, settings = {}) =>
    (await createHarness(type, TOKEN, settings).identify({ authorization: undefined, authorizer }))?.person;
  const byClaims = (claims: object, settings = {}) => identifyBy('jwt', { jwt: { claims } }, settings);

  test('with a token is nobody in particular', async () => {
    const { identify } = createHarness('token');
    const principal = await identify({ authorization: `Bearer ${TOKEN}`, authorizer: undefined });
    expect(principal).toMatchObject({ person: 'token', by: 'token' });
  });

  test.each([
    [{ sub: 'u-1' }, 'u-1'],
    [{ sub: 'u-1', username: 'ann' }, 'ann'],
    [{ sub: 'u-1', email: 'ann@example.com', preferred_username: 'ann' }, 'ann@example.com'],
    [{ sub: 'u-1', email: ' \u0000\u202e ' }, 'u-1'],
    [{ sub: 'u-1', email: `a\nb${'c'.repeat(200)}` }, `a b${'c'.repeat(97)}`],
    [{}, 'unknown'],
  ])('with the claims %j is %s', async (claims, person) => {
    expect(await byClaims(claims)).toBe(person);
  });

  test('is named by the configured claim, or by sub if it is absent', async () => {
    const settings = { personClaim: 'name' };
    const claims = { sub: 'u-1', email: 'ann@example.com' };
    expect(await byClaims({ ...claims, name: 'Ann' }, settings)).toBe('Ann');
    expect(await byClaims(claims, settings)).toBe('u-1');
  });

  test.each([
    ['arn:aws:iam::111122223333:user/team/ann', 'ann'],
    ['arn:aws:sts::111122223333:assumed-role/Support/ann@example.com', 'ann@example.com'],
    ['arn:aws:iam::111122223333:root', 'arn:aws:iam::111122223333:root'],
  ])('with the signature of %s is %s', async (userArn, person) => {
    expect(await identifyBy('iam', { iam: { userArn } })).toBe(person);
  });
});

describe('a session', () => {
  const sealFor = async ({ linkToken, clock }: ReturnType<typeof createHarness>) => {
    const cookie = createSessionCookie('__Host-session', await linkToken.digest(), 'Ann', clock.now);
    return { authorization: undefined, authorizer: undefined, cookies: ['a=b', cookie.split(';')[0] ?? ''] };
  };

  test('identifies the person for twelve hours', async () => {
    const harness = createHarness('token');
    const caller = await sealFor(harness);
    harness.clock.now = 12 * 3_600_000 - 1;
    expect(await harness.identify(caller)).toMatchObject({ person: 'Ann', by: 'session' });
    harness.clock.now = 12 * 3_600_000;
    expect(await harness.identify(caller)).toBeUndefined();
  });

  test('ends within five minutes after the link token was replaced', async () => {
    const harness = createHarness('token');
    const caller = await sealFor(harness);
    harness.secret.value = 'another-token-0123456789';
    harness.clock.now = 5 * 60_000;
    expect(await harness.identify(caller)).toBeUndefined();
  });

  test('does not help a request with a wrong bearer token', async () => {
    const harness = createHarness('token');
    const caller = { ...(await sealFor(harness)), authorization: 'Bearer wrong-token-0123456789' };
    expect(await harness.identify(caller)).toBeUndefined();
  });
});
