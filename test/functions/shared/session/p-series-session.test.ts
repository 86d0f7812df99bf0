import { describe, expect, test } from 'vitest';
import type { ArchiveError } from '../../../../functions/shared/errors.ts';
import { withToken } from '../../../../functions/shared/session/with-token.ts';
import type { SimulatedPSeriesOptions } from '../../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { startPSeriesHarness } from '../../../infra/simulated-pbx/p-series-harness.ts';
import { captureLog } from '../../capture-log.ts';
import { pSeriesClientOf } from '../pbx/p-series/p-series-client.ts';
import { startScriptedPbx } from '../pbx/scripted-pbx.ts';
import { startSession } from './session-harness.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const lines = captureLog();

async function start({
  entered = 'client-secret',
  wait = async () => {},
  ...options
}: SimulatedPSeriesOptions & { entered?: string; wait?: (ms: number) => Promise<void> } = {}) {
  const { pbx, clock, events } = await startPSeriesHarness(options);
  const client = pSeriesClientOf(pbx);
  const account = { family: 'p-series', username: 'client-id', password: entered } as const;
  return { pbx, clock, events, client, ...(await startSession(client, { clock, wait, ...account })) };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'succeeded',
    (error: { code?: string }) => error.code,
  );

describe('the one token', () => {
  test('is shared by all functions, however many ask at the same time', async () => {
    const { pbx, open } = await start();
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(open().current())));
    expect(new Set(codes)).toEqual(new Set(['succeeded', 'login-in-progress']));
    const tokens = await Promise.all([open().current(), open().current()]);
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
    expect(pbx.stats).toMatchObject({ getTokens: 1, maxValidTokens: 1 });
  });

  test('says in its log that reports need a webhook', async () => {
    const { session } = await start();
    await session.current();
    expect(lines).toMatchObject([{ event: 'session-opened', reportsIf: 'if its webhook is set up' }]);
  });

  test('is refreshed for days by its refresh token, with one more get_token only if that is refused', async () => {
    const { pbx, clock, session, client } = await start();
    await session.current();
    for (let run = 0; run < 2 * 24 * 3; run++) {
      clock.now += 20 * MINUTE_MS;
      expect(await session.keepAlive()).toBe('kept-alive');
    }
    await client.deviceInfo((await session.current()).token);
    expect(pbx.stats).toMatchObject({ getTokens: 1, refusedTokens: 0 });
    expect(pbx.stats.maxValidTokens).toBeLessThanOrEqual(2);
    // The PBX has been restarted: neither token nor refresh token are known.
    pbx.reboot();
    expect(await session.keepAlive()).toBe('logged-in');
    expect(pbx.stats).toMatchObject({ getTokens: 2, refusedTokens: 1 });
  });

  test('that has died is replaced by its refresh token: no slot is taken', async () => {
    const { pbx, clock, session, client } = await start();
    await session.current();
    clock.now += 31 * MINUTE_MS;
    await withToken(session, (token) => client.deviceInfo(token));
    expect(pbx.stats).toMatchObject({ getTokens: 1, refreshes: 1, maxValidTokens: 1 });
  });

  test('is asked for anew if the refresh token is older than a day', async () => {
    const { pbx, clock, session, client } = await start();
    await session.current();
    clock.now += 24 * HOUR_MS;
    await withToken(session, (token) => client.deviceInfo(token));
    expect(pbx.stats).toMatchObject({ getTokens: 2, refreshes: 0 });
  });

  test('that another function has renewed is taken from it', async () => {
    const { pbx, clock, session, open, client } = await start();
    const other = open();
    await Promise.all([session.current(), other.current()].map((current) => current.catch(() => {})));
    await other.current();
    clock.now += 31 * MINUTE_MS;
    await withToken(session, (token) => client.deviceInfo(token));
    await withToken(other, (token) => client.deviceInfo(token));
    expect(pbx.stats).toMatchObject({ getTokens: 1, refreshes: 1 });
  });

  test('is stored before it is used; if that fails, this is said, and the pair is not lost', async () => {
    const { clock, session, store, open, client } = await start();
    await session.current();
    clock.now += 31 * MINUTE_MS;
    const calls: string[] = [];
    const { replace } = store;
    store.replace = async (...change) => {
      calls.push('stored');
      return replace(...change);
    };
    await withToken(session, async (token) => {
      await client.deviceInfo(token);
      calls.push('used');
    });
    expect(calls).toEqual(['stored', 'used']);
    clock.now += 31 * MINUTE_MS;
    store.replace = async () => {
      throw new Error('Secrets Manager is away.');
    };
    const unsaved = await session.renew(await session.current());
    expect(lines).toContainEqual(expect.objectContaining({ event: 'session-not-saved' }));
    await client.deviceInfo(unsaved.token);
    expect(await codeOf(open().renew(await open().current()))).toBe('login-in-progress');
  });

  test('is renewed in each call of a function if it has died again', async () => {
    const { pbx, session, client } = await start();
    for (let call = 1; call <= 3; call++) {
      await withToken(session, (token) => client.deviceInfo(token));
      expect(pbx.stats.getTokens).toBe(call);
      pbx.dropTokens();
    }
  });

  test('is awaited by a function whose token another one has just refreshed, but not saved yet', async () => {
    const [refreshed, isWaiting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const keeping: Promise<unknown>[] = [];
    const wait = async () => {
      isWaiting.resolve();
      await Promise.all(keeping);
    };
    const { pbx, clock, session, open, store, client } = await start({ wait });
    await session.current();
    clock.now += 20 * MINUTE_MS;
    const { replace } = store;
    store.replace = async (...change) => {
      refreshed.resolve();
      await isWaiting.promise;
      return replace(...change);
    };
    keeping.push(open().keepAlive());
    await refreshed.promise;
    await withToken(session, (token) => client.deviceInfo(token));
    expect((await session.current()).token).toBe((await open().current()).token);
    expect(pbx.stats).toMatchObject({ getTokens: 1, refreshes: 1 });
  });

  test('is awaited for seconds, and only during the first attempt to get one', async () => {
    const waits: number[] = [];
    const { pbx, clock, session, open } = await start({ wait: async (ms) => void waits.push(ms) });
    const dead = await session.current();
    const renew = () => codeOf(open().renew(dead));
    pbx.dropTokens();
    pbx.refuse('get_token', -2);
    expect(await renew()).toBe('pbx-minus-2');
    expect(await renew()).toBe('login-in-progress');
    expect(waits).toEqual([500, 500, 500, 500, 500]);
    // An attempt is a refresh and, if that is refused, a login.
    clock.now += 2 * MINUTE_MS;
    expect(await renew()).toBe('pbx-minus-2');
    expect(await renew()).toBe('login-in-progress');
    expect(waits).toHaveLength(5);
  });

  test('never has more than a few beside it, even if refresh tokens work twice or tokens end each other', async () => {
    for (const options of [{ reusableRefreshTokens: true }, { endsOldTokens: true }]) {
      const { pbx, clock, open, client } = await start(options);
      const functions = Array.from({ length: 6 }, open);
      for (let run = 0; run < 30; run++) {
        clock.now += 7 * MINUTE_MS;
        await Promise.all(
          functions.map((session) => codeOf(withToken(session, (token) => client.deviceInfo(token)))),
        );
        clock.now += 2 * MINUTE_MS;
        await codeOf(open().keepAlive());
      }
      expect(pbx.stats.maxValidTokens).toBeLessThanOrEqual(3);
      expect(pbx.stats.getTokens).toBeLessThanOrEqual(2);
    }
  });
});

describe('the end of a session', () => {
  test('revokes the token, which frees its slot; the next function asks for another', async () => {
    const { session, open, client, pbx } = await start();
    const { token } = await session.current();
    await open().end();
    expect(await codeOf(client.deviceInfo(token))).toBe('pbx-10004');
    expect(pbx.stats.requests.at(-2)).toBe('GET /openapi/v1.0/del_token');
    expect(await open().keepAlive()).toBe('logged-in');
  });

  test('is the same if the token is dead, or if there is none', async () => {
    const { session, open, pbx, store } = await start();
    await session.end();
    await session.current();
    pbx.dropTokens();
    await open().end();
    expect((await store.read()).state).toEqual({});
  });
});

test('an end that the PBX refuses for another reason than a dead token is a failure, and the token stays known', async () => {
  const { pbx, session, store } = await start();
  const { token } = await session.current();
  pbx.refuse('del_token', 10005, 1);
  expect(await codeOf(session.end())).toBe('pbx-10005');
  expect((await store.read()).state).toMatchObject({ token });
  await session.end();
  expect((await store.read()).state).toEqual({});
});

test('a token that comes without a refresh token is replaced by another one when it has died', async () => {
  const { clock, session, client, pbx, store } = await start();
  const { login } = client;
  client.login = async (...args) => ({ token: (await login(...args)).token });
  await session.current();
  clock.now += 20 * MINUTE_MS;
  expect(await session.keepAlive()).toBe('kept-alive');
  clock.now += 20 * MINUTE_MS;
  expect(await session.keepAlive()).toBe('logged-in');
  await client.deviceInfo((await store.read()).state.token ?? '');
  expect(pbx.stats).toMatchObject({ getTokens: 2, refusedTokens: 0 });
});

describe('eight tokens of others', () => {
  test('are no wrong password: logins wait, one by one, until a token has expired', async () => {
    const { pbx, clock, session, client, open } = await start();
    for (let count = 0; count < 8; count++) {
      await client.login({ username: 'client-id', password: 'client-secret' }, SUBSCRIPTION);
    }
    expect(await codeOf(session.current())).toBe('pbx-60002');
    expect(await codeOf(open().current())).toBe('login-in-progress');
    expect(lines).not.toContainEqual(expect.objectContaining({ event: 'login-refused' }));
    const before = pbx.stats.getTokens;
    for (let minute = 0; minute < 30; minute++) {
      clock.now += MINUTE_MS;
      await codeOf(open().current());
    }
    expect(pbx.stats.getTokens - before).toBeLessThanOrEqual(5);
    clock.now += 8 * MINUTE_MS;
    expect(await codeOf(open().current())).toBe('succeeded');
    expect(pbx.stats.refusedTokens).toBe(pbx.stats.getTokens - 9);
  });
});

const SUBSCRIPTION = { url: 'http://unused', form: 'url', port: 80 } as const;
describe('refused credentials', () => {
  test('are tried once, by whichever function, until they change', async () => {
    const { pbx, clock, open, enterCredentials } = await start({ entered: 'wrong' });
    expect(await codeOf(open().current())).toBe('pbx-minus-1');
    for (let hour = 0; hour < 30; hour++) {
      clock.now += HOUR_MS;
      expect(await codeOf(open().keepAlive())).toBe('pbx-minus-1');
    }
    expect(pbx.stats.refusedTokens).toBe(1);
    await enterCredentials({ clientSecret: 'client-secret' });
    expect(await open().keepAlive()).toBe('logged-in');
  });

  test('are tried once although the PBX takes its time for the refresh before, and another function comes', async () => {
    const { pbx, clock, open, client } = await start();
    await open().current();
    pbx.setClientSecret('another');
    pbx.reboot();
    clock.now += HOUR_MS;
    const { refresh, login } = client;
    const others: (string | undefined)[] = [];
    // Each call takes 40 s, and may take 45.
    client.refresh = async (...args) => {
      clock.now += 40_000;
      return refresh(...args);
    };
    client.login = async (...args) => {
      clock.now += 30_000;
      client.login = login;
      others.push(await codeOf(open().keepAlive()));
      clock.now += 10_000;
      return login(...args);
    };
    expect(await codeOf(open().keepAlive())).toBe('pbx-minus-1');
    expect(others).toEqual(['login-in-progress']);
    expect(pbx.stats.getTokens).toBe(2);
  });

  test('can be tried again by a person who has corrected them in the PBX', async () => {
    const { pbx, open } = await start({ entered: 'right-after-all' });
    expect(await codeOf(open().current())).toBe('pbx-minus-1');
    pbx.setClientSecret('right-after-all');
    expect(await codeOf(open().keepAlive())).toBe('pbx-minus-1');
    expect(await open().keepAlive({ retryRefused: true })).toBe('logged-in');
  });

  test('can be tried again like that although an earlier token is still stored', async () => {
    const { pbx, clock, open } = await start();
    await open().current();
    pbx.setClientSecret('another');
    pbx.reboot();
    clock.now += HOUR_MS;
    expect(await codeOf(open().keepAlive())).toBe('pbx-minus-1');
    pbx.setClientSecret('client-secret');
    clock.now += HOUR_MS;
    expect(await codeOf(open().keepAlive())).toBe('pbx-minus-1');
    await open().keepAlive({ retryRefused: true });
    const { token } = await open().current();
    await pSeriesClientOf(pbx).deviceInfo(token);
    expect(pbx.stats).toMatchObject({ getTokens: 3 });
  });

  test.each([-1, 40001, 40002])(
    'are explained by %i, for as long as logins are held for it',
    async (errcode) => {
      const { pbx, clock, open } = await start();
      pbx.refuse('get_token', errcode);
      const refused = {
        code: `pbx-${errcode}`.replace('--', '-minus-'),
        kind: 'login-held',
        message: expect.stringMatching(/client ID or the client secret.*errcode -?\d+.*retryLogin/),
      };
      for (const hours of [1, 24, 1]) {
        await expect(open().keepAlive()).rejects.toMatchObject(refused);
        clock.now += hours * HOUR_MS;
      }
      expect(pbx.stats.requests).toHaveLength(1);
      pbx.refuse('get_token', undefined);
      expect(await open().keepAlive({ retryRefused: true })).toBe('logged-in');
    },
  );

  test.each([10005, 80010, 99999])('may also be what a login with %i means', async (errcode) => {
    const { pbx, clock, open } = await start();
    pbx.refuse('get_token', errcode);
    expect(await codeOf(open().current())).toBe(`pbx-${errcode}`);
    clock.now += 24 * HOUR_MS;
    expect(await codeOf(open().current())).toBe(`pbx-${errcode}`);
    expect(pbx.stats.requests).toHaveLength(1);
  });
});

describe('an HTTP status 401 or 403 of what is in front of the PBX', () => {
  /** A PBX with an API that may be shut: then each request gets this status. */
  async function startBehindProxy(statusCode: number) {
    const proxy = { isShut: true };
    const tokens = { access_token: 'token', refresh_token: 'refresh' };
    const pbx = await startScriptedPbx((response) => {
      if (proxy.isShut) response.writeHead(statusCode).end('Forbidden');
      else response.end(JSON.stringify({ errcode: 0, data: {}, ...tokens }));
    });
    const clock = { now: Date.parse('2026-01-02T03:04:05Z') };
    const account = { family: 'p-series', username: 'client-id', password: 'client-secret' } as const;
    const shared = await startSession(pSeriesClientOf(pbx), { clock, ...account });
    const countLogins = () => pbx.seen.filter(({ path }) => path.endsWith('/get_token')).length;
    return { proxy, clock, countLogins, ...shared };
  }

  test.each([401, 403])(
    '%i at a login does not outlast a firewall that blocks for a minute',
    async (status) => {
      const { proxy, clock, countLogins, open } = await startBehindProxy(status);
      expect(await codeOf(open().current())).toBe('pbx-http-status');
      proxy.isShut = false;
      clock.now += 10 * MINUTE_MS - 1;
      expect(await codeOf(open().keepAlive())).toBe('pbx-http-status');
      clock.now += 1;
      expect(await open().keepAlive()).toBe('logged-in');
      expect(countLogins()).toBe(2);
      // A login that has succeeded begins the count anew. The next one comes when the refresh token is a day old.
      proxy.isShut = true;
      clock.now += 24 * HOUR_MS;
      for (const pause of [10, 60, 60, 24 * 60]) {
        await codeOf(open().keepAlive());
        clock.now += pause * MINUTE_MS;
      }
      expect(countLogins()).toBe(2 + 3);
    },
  );

  test.each([401, 403])(
    '%i at a third login stops all of them until the credentials change',
    async (status) => {
      const { proxy, clock, countLogins, open, enterCredentials } = await startBehindProxy(status);
      const refused = {
        code: 'pbx-http-status',
        kind: 'login-held',
        message: expect.stringMatching(new RegExp(`HTTP status ${status}.*firewall.*pass.*retryLogin`)),
      };
      const logins: number[] = [];
      const { now: startedAt } = clock;
      for (const minute of [0, 9, 10, 69, 70, 130, 24 * 60]) {
        clock.now = startedAt + minute * MINUTE_MS;
        await expect(open().keepAlive()).rejects.toMatchObject(refused);
        if (countLogins() > logins.length) logins.push(minute);
      }
      expect(logins).toEqual([0, 10, 70]);
      proxy.isShut = false;
      await enterCredentials({ clientSecret: 'another' });
      expect(await open().keepAlive()).toBe('logged-in');
    },
  );

  test.each([1, 3])('at %i logins does not keep a person from trying again at once', async (refusals) => {
    const { proxy, clock, countLogins, open } = await startBehindProxy(403);
    while (countLogins() < refusals) {
      await codeOf(open().keepAlive());
      clock.now += 10 * MINUTE_MS;
    }
    clock.now -= 9 * MINUTE_MS;
    expect(await codeOf(open().keepAlive())).toBe('pbx-http-status');
    expect(countLogins()).toBe(refusals);
    proxy.isShut = false;
    expect(await open().keepAlive({ retryRefused: true })).toBe('logged-in');
  });

  test.each([1, 2, 3])(
    'at %i logins, and at the one that a person then asks for, begins no new series',
    async (refusals) => {
      const { proxy, clock, countLogins, open } = await startBehindProxy(403);
      while (countLogins() < refusals) {
        await codeOf(open().keepAlive());
        clock.now += 10 * MINUTE_MS;
      }
      expect(await codeOf(open().keepAlive({ retryRefused: true }))).toBe('pbx-http-status');
      expect(countLogins()).toBe(refusals + 1);
      for (const hours of [1, 1, 24]) {
        clock.now += hours * HOUR_MS;
        expect(await codeOf(open().keepAlive())).toBe('pbx-http-status');
      }
      // Five in a row may block the address (vendor's guide).
      expect(countLogins()).toBe(Math.max(refusals + 1, 3));
      proxy.isShut = false;
      expect(await open().keepAlive({ retryRefused: true })).toBe('logged-in');
    },
  );

  test.each([401, 403])('%i at a refresh is tried again, without a login', async (status) => {
    const { proxy, clock, countLogins, open } = await startBehindProxy(status);
    proxy.isShut = false;
    await open().current();
    proxy.isShut = true;
    for (let hour = 0; hour < 6; hour++) {
      clock.now += HOUR_MS;
      expect(await codeOf(open().keepAlive())).toBe('pbx-http-status');
    }
    proxy.isShut = false;
    clock.now += HOUR_MS;
    expect(await codeOf(open().keepAlive())).toBe('succeeded');
    expect(countLogins()).toBe(1);
  });
});

describe('an address that the PBX does not accept', () => {
  test.each([
    [70004, 'Blocked IPs'],
    [70087, 'IP Restriction'],
  ])('is tried every ten minutes, and the message says what to do (%i)', async (errcode, advice) => {
    const { pbx, clock, open } = await start();
    pbx.refuse('get_token', errcode);
    const error = await open()
      .current()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: `pbx-${errcode}`, kind: 'login-held' });
    const held = (await open()
      .current()
      .catch((thrown: unknown) => thrown)) as ArchiveError;
    expect(held.message).toContain(advice);
    expect(pbx.stats.requests).toHaveLength(1);
    pbx.refuse('get_token', undefined);
    clock.now += 10 * MINUTE_MS;
    expect(await codeOf(open().current())).toBe('succeeded');
  });
});

describe('a refusal that is not one of the token', () => {
  test('never renews it: a wrong parameter is a fault of ours', async () => {
    const { pbx, session, client } = await start();
    await session.current();
    pbx.refuse('system/information', 40002);
    expect(await codeOf(withToken(session, (token) => client.deviceInfo(token)))).toBe('pbx-40002');
    expect(await codeOf(session.keepAlive())).toBe('pbx-40002');
    expect(pbx.stats).toMatchObject({ getTokens: 1, refreshes: 0 });
  });

  test('renews it once if it may be one, and not again while the new one is young', async () => {
    const { pbx, clock, session, client } = await start();
    await session.current();
    pbx.refuse('system/information', 10005);
    clock.now += 20 * MINUTE_MS;
    for (let attempt = 0; attempt < 20; attempt++) {
      expect(await codeOf(withToken(session, (token) => client.deviceInfo(token)))).toBe('pbx-10005');
    }
    expect(pbx.stats).toMatchObject({ getTokens: 1, refreshes: 1 });
  });

  test('a dead token is renewed at once, however young: the PBX may have been restarted', async () => {
    const { pbx, session, client } = await start();
    await session.current();
    pbx.reboot();
    await withToken(session, (token) => client.deviceInfo(token));
    expect(pbx.stats).toMatchObject({ getTokens: 2 });
  });
});
