import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { ArchiveError, toArchiveError } from '../../../../functions/shared/errors.ts';
import { createPbxClient } from '../../../../functions/shared/pbx/family-clients.ts';
import { errnoError } from '../../../../functions/shared/pbx/s-series/errors.ts';
import { withToken } from '../../../../functions/shared/session/with-token.ts';
import type { SimulatedPbx, SimulatedPbxOptions } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { startPbxHarness, startReceiver } from '../../../infra/simulated-pbx/harness.ts';
import { captureLog } from '../../capture-log.ts';
import { startSession, WEBHOOK_SECRET } from './session-harness.ts';

const MINUTE_MS = 60_000;
const lines = captureLog();

async function start(options: SimulatedPbxOptions & { entered?: string; reportUrl?: string } = {}) {
  const { entered = 'pbx-password', reportUrl, ...pbxOptions } = options;
  const { pbx, clock, events } = await startPbxHarness(pbxOptions);
  const client = clientOf(pbx, pbxOptions);
  const harness = await startSession(client, {
    clock,
    password: entered,
    ...(reportUrl !== undefined && { reportUrl }),
  });
  return { pbx, clock, events, client, ...harness };
}

function clientOf(pbx: SimulatedPbx, { apiVersion }: Pick<SimulatedPbxOptions, 'apiVersion'> = {}) {
  const settings = v.parse(pbxSchema, {
    baseUrl: pbx.url,
    reportUrl: 'unused',
    credentialsSecret: 'unused',
    sessionSecret: 'unused',
    queueName: 'unused',
    tls: { fingerprint256: pbx.fingerprint256 },
    ...(apiVersion !== undefined && { apiVersion }),
  });
  return createPbxClient(settings);
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'succeeded',
    (error: { code?: string }) => error.code,
  );

describe('a session', () => {
  test('is opened by one login and shared by all functions', async () => {
    const { pbx, session, open } = await start();
    const { token } = await session.current();
    expect((await open().current()).token).toBe(token);
    expect(await open().keepAlive()).toBe('kept-alive');
    expect(pbx.stats).toMatchObject({ logins: 1, heartbeats: 1 });
  });

  test.each([
    ['v1.1.0', {}],
    ['v2.0.0', { reportsIf: expect.stringMatching(/^if the report method .* is HTTP, not TCP$/) }],
  ] as const)('says in its log on what reports depend: %s', async (apiVersion, condition) => {
    const { session } = await start({ apiVersion });
    await session.current();
    expect(lines).toEqual([
      { level: 'info', event: 'session-opened', pbx: expect.any(String), ...condition },
    ]);
  });

  test.each([
    ['TCP', { level: 'warn', postsReports: false, reportsIf: expect.stringContaining('HTTP') }],
    ['HTTP', { level: 'info' }],
  ] as const)(
    'says in its log that the report method is %s, if the PBX says so',
    async (reportMethod, said) => {
      const { session } = await start({ apiVersion: 'v2.0.0', reportMethod });
      await session.current();
      expect(lines).toEqual([{ event: 'session-opened', pbx: expect.any(String), ...said }]);
    },
  );

  test('does not depend on a report method of which API 1.1.0 knows nothing', async () => {
    const { session, store } = await start({ reportMethod: 'TCP' });
    await session.current();
    expect(lines).toEqual([{ level: 'info', event: 'session-opened', pbx: expect.any(String) }]);
    expect((await store.read()).state).not.toHaveProperty('postsReports');
  });

  test('brings reports within an hour after the report method was corrected, with one login an hour until then', async () => {
    const receiver = await startReceiver();
    const { pbx, clock, session } = await start({
      apiVersion: 'v2.0.0',
      reportMethod: 'TCP',
      reportUrl: `http://${receiver.host}`,
    });
    const isReported = async () =>
      (await pbx.postReport(pbx.makeCall({ from: '1001', to: '1003' }).report)).delivered;
    const keepFor = async (minutes: number) => {
      for (let run = 0; run < minutes / 10; run++) {
        clock.now += 10 * MINUTE_MS;
        await session.keepAlive();
      }
    };
    await session.current();
    expect(await isReported()).toBe(false);
    await keepFor(180);
    expect(pbx.stats.logins).toBe(4);
    pbx.setReportMethod('HTTP');
    await keepFor(60);
    expect(await isReported()).toBe(true);
    await keepFor(180);
    expect(pbx.stats.logins).toBe(5);
  });

  test('is opened by one login however many functions ask at the same time', async () => {
    const { pbx, open } = await start();
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(open().current())));
    expect(codes).toContain('succeeded');
    expect(new Set(codes)).toEqual(new Set(['succeeded', 'login-in-progress']));
    expect(pbx.stats.logins).toBe(1);
  });

  test('is kept alive beyond the thirty minutes of its token by heartbeats', async () => {
    const { pbx, clock, session } = await start();
    await session.current();
    for (let run = 0; run < 12; run++) {
      clock.now += 10 * MINUTE_MS;
      expect(await session.keepAlive()).toBe('kept-alive');
    }
    expect(pbx.stats.logins).toBe(1);
  });

  test('is kept alive by token/refresh, with a new pair each time, when the login returned a refresh token', async () => {
    const { pbx, clock, session, store, client } = await start({ refreshTokens: true });
    await session.current();
    for (let run = 0; run < 4; run++) {
      const before = (await store.read()).state;
      clock.now += 20 * MINUTE_MS;
      expect(await session.keepAlive()).toBe('kept-alive');
      const after = (await store.read()).state;
      expect(after.token).not.toBe(before.token);
      expect(after.refreshToken).not.toBe(before.refreshToken);
    }
    await client.deviceInfo((await session.current()).token);
    expect(pbx.stats).toMatchObject({ logins: 1, heartbeats: 0, refreshes: 4 });
  });

  test('is not refreshed before half its lifetime, but an expired one is noticed', async () => {
    const { pbx, clock, session } = await start({ refreshTokens: true });
    await session.current();
    clock.now += 10 * MINUTE_MS;
    expect(await session.keepAlive()).toBe('kept-alive');
    expect(pbx.stats.refreshes).toBe(0);
    pbx.dropTokens();
    expect(await session.keepAlive()).toBe('logged-in');
  });

  test('ends with a logout, if a person wants that', async () => {
    const { session, client, open } = await start();
    const { token } = await session.current();
    await open().end();
    expect(await codeOf(client.deviceInfo(token))).toBe('pbx-20004');
    expect(await open().keepAlive()).toBe('logged-in');
  });

  test.each(['10003', '20016', 'constructor'])(
    'that the PBX does not keep alive, for whatever reason (%s), is opened again',
    async (errno) => {
      const { pbx, session, client } = await start();
      await session.current();
      client.heartbeat = async () => {
        throw errnoError(errno);
      };
      expect(await session.keepAlive()).toBe('logged-in');
      expect(pbx.stats.logins).toBe(2);
    },
  );

  test('is left alone when the PBX cannot be reached', async () => {
    const { pbx, session, store } = await start();
    const { token } = await session.current();
    await pbx.close();
    expect(await codeOf(session.keepAlive())).toBe('pbx-connection');
    expect((await store.read()).state.token).toBe(token);
  });

  test('that has expired is opened again by keepAlive', async () => {
    const { pbx, clock, session } = await start();
    await session.current();
    clock.now += 31 * MINUTE_MS;
    expect(await session.keepAlive()).toBe('logged-in');
    expect(pbx.stats.logins).toBe(2);
  });

  test('that another function has renewed is used without another login', async () => {
    const { pbx, session, open } = await start();
    const dead = await session.current();
    pbx.dropTokens();
    const renewed = await open().renew(dead);
    expect((await session.renew(dead)).token).toBe(renewed.token);
    expect(pbx.stats.logins).toBe(2);
  });

  test('is read once and used until the PBX rejects it', async () => {
    const { pbx, session, store, client } = await start();
    let reads = 0;
    const { read } = store;
    store.read = () => {
      reads += 1;
      return read();
    };
    const use = () => withToken(session, (token) => client.deviceInfo(token));
    await use();
    await use();
    expect(reads).toBe(1);
    pbx.dropTokens();
    await use();
    await use();
    expect([reads, pbx.stats.logins]).toEqual([2, 2]);
  });

  test('that is refreshed while another function is about to use it is renewed again for the same call', async () => {
    const { pbx, clock, session, open, client } = await start({ refreshTokens: true });
    await session.current();
    const keeper = open();
    const refresh = async () => {
      clock.now += 20 * MINUTE_MS;
      await keeper.keepAlive();
    };
    await refresh();
    let calls = 0;
    const info = await withToken(session, async (token) => {
      calls += 1;
      // The function still has the token of the login. What it then reads from the secret is refreshed before it is used.
      if (calls === 2) await refresh();
      return client.deviceInfo(token);
    });
    expect(info).toBeDefined();
    expect([calls, pbx.stats.logins]).toEqual([3, 1]);
  });

  test('that was opened for a call is not opened again for the same one', async () => {
    const { pbx, session, client } = await start();
    let calls = 0;
    const call = withToken(session, async (token) => {
      calls += 1;
      pbx.dropTokens();
      await client.deviceInfo(token);
    });
    expect(await codeOf(call)).toBe('pbx-20004');
    expect(calls).toBe(2);
    expect(pbx.stats.logins).toBe(2);
  });

  test('subscribes the address of the webhook, and reports arrive there', async () => {
    const receiver = await startReceiver();
    const { pbx, session } = await start({ reportUrl: `http://${receiver.host}` });
    await session.current();
    expect(await pbx.postReport(pbx.makeCall({ from: '1001', to: '1003' }).report)).toMatchObject({
      delivered: true,
    });
    expect(receiver.received[0]?.path).toBe(`/reports/test/${WEBHOOK_SECRET}`);
  });

  test('is replaced after a reboot unless it is newer than the reboot', async () => {
    const { pbx, clock, session } = await start();
    await session.current();
    const bootedAt = clock.now + MINUTE_MS;
    clock.now += 2 * MINUTE_MS;
    expect(await session.keepAlive({ bootedAt })).toBe('logged-in');
    expect(await session.keepAlive({ bootedAt })).toBe('kept-alive');
    expect(pbx.stats.logins).toBe(2);
  });

  test('is opened again after the webhook secret was rotated, because the PBX posts to the old address', async () => {
    const { pbx, events, session, enterCredentials } = await start();
    await session.current();
    await enterCredentials({ webhookSecret: 'another-secret-of-the-test' });
    expect(await session.keepAlive()).toBe('logged-in');
    expect(pbx.stats.logins).toBe(2);
    expect(events.findLast(({ type }) => type === 'login')).toMatchObject({
      reportUrl: expect.stringContaining('another-secret-of-the-test'),
    });
  });
});

describe('before credentials are entered', () => {
  test('no request is sent to the PBX', async () => {
    const { pbx, session } = await start({ entered: '' });
    expect(await codeOf(session.keepAlive())).toBe('no-credentials');
    expect(pbx.stats.requests).toEqual([]);
  });
});

describe('a refused password', () => {
  test('is tried once, however many functions ask, now and later', async () => {
    const { pbx, clock, open } = await start({ entered: 'wrong' });
    await Promise.all(Array.from({ length: 8 }, () => codeOf(open().current())));
    for (let day = 0; day < 3; day++) {
      clock.now += 24 * 60 * MINUTE_MS;
      expect(await codeOf(open().current())).toBe('pbx-20003');
      expect(await codeOf(open().keepAlive())).toBe('pbx-20003');
    }
    expect(pbx.stats.refusedLogins).toBe(1);
  });

  test('is forgotten when the credentials change', async () => {
    const { pbx, session, enterCredentials } = await start({ entered: 'wrong' });
    expect(await codeOf(session.current())).toBe('pbx-20003');
    await enterCredentials({ password: 'pbx-password' });
    expect(await codeOf(session.current())).toBe('succeeded');
    expect(pbx.stats).toMatchObject({ logins: 1, refusedLogins: 1 });
  });

  test('is not tried again when only the webhook secret changed', async () => {
    const { pbx, session, enterCredentials } = await start({ entered: 'wrong' });
    expect(await codeOf(session.current())).toBe('pbx-20003');
    await enterCredentials({ webhookSecret: 'another-secret-of-the-test' });
    expect(await codeOf(session.current())).toBe('pbx-20003');
    expect(pbx.stats.refusedLogins).toBe(1);
  });

  test('is tried again when a person asks for it after correcting it in the PBX', async () => {
    const { pbx, session } = await start({ entered: 'right from tomorrow' });
    expect(await codeOf(session.keepAlive())).toBe('pbx-20003');
    pbx.setPassword('right from tomorrow');
    expect(await codeOf(session.keepAlive())).toBe('pbx-20003');
    expect(await session.keepAlive({ retryRefused: true })).toBe('logged-in');
  });

  test('ends only the sessions to come: it holds logins also when a session was open before', async () => {
    const { pbx, clock, session, open, enterCredentials } = await start();
    await session.current();
    await enterCredentials({ password: 'right from tomorrow' });
    pbx.dropTokens();
    for (let run = 0; run < 3; run++) {
      expect(await codeOf(open().keepAlive())).toBe('pbx-20003');
      expect(await codeOf(withToken(open(), (token) => clientOf(pbx).deviceInfo(token)))).toBe('pbx-20003');
      clock.now += 10 * MINUTE_MS;
    }
    expect(pbx.stats.refusedLogins).toBe(1);
    pbx.setPassword('right from tomorrow');
    expect(await open().keepAlive({ retryRefused: true })).toBe('logged-in');
    expect(await open().keepAlive()).toBe('kept-alive');
  });

  test('holds logins although an older session is refreshed', async () => {
    const { pbx, clock, session, open, enterCredentials } = await start({ refreshTokens: true });
    const token = await session.current();
    await enterCredentials({ password: 'wrong' });
    expect(await codeOf(open().renew(token))).toBe('pbx-20003');
    clock.now += 20 * MINUTE_MS;
    expect(await open().keepAlive()).toBe('kept-alive');
    pbx.dropTokens();
    expect(await codeOf(open().keepAlive())).toBe('pbx-20003');
    expect(pbx.stats.refusedLogins).toBe(1);
  });

  test('may be repeated after a person has asked for it, also if an older session was alive then', async () => {
    const { pbx, clock, session, open, enterCredentials } = await start({ refreshTokens: true });
    const token = await session.current();
    await enterCredentials({ password: 'right from tomorrow' });
    expect(await codeOf(open().renew(token))).toBe('pbx-20003');
    pbx.setPassword('right from tomorrow');
    clock.now += 20 * MINUTE_MS;
    expect(await open().keepAlive({ retryRefused: true })).toBe('kept-alive');
    pbx.dropTokens();
    expect(await open().keepAlive()).toBe('logged-in');
  });

  test('is reported as refused, and not tried again at once, even if the hold cannot be saved', async () => {
    const { pbx, session, logins, clock } = await start({ entered: 'wrong' });
    const { replace } = logins;
    logins.replace = async (snapshot, state) => {
      if (state.hold !== undefined) throw new Error('S3 is not there.');
      return replace(snapshot, state);
    };
    expect(await codeOf(session.current())).toBe('pbx-20003');
    clock.now += MINUTE_MS - 1;
    expect(await codeOf(session.current())).toBe('login-in-progress');
    expect(pbx.stats.refusedLogins).toBe(1);
  });

  test('does not affect a session that is still alive', async () => {
    const { pbx, session, enterCredentials } = await start();
    await session.current();
    await enterCredentials({ password: 'wrong' });
    expect(await session.keepAlive()).toBe('kept-alive');
    expect(pbx.stats.refusedLogins).toBe(0);
  });
});

describe('an address that the PBX has locked', () => {
  test('holds all logins for ten minutes, and no longer', async () => {
    const { pbx, clock, session, client } = await start();
    const subscription = { url: 'http://127.0.0.1:9', form: 'url', port: 9 } as const;
    for (let attempt = 0; attempt < 5; attempt++) {
      await codeOf(client.login({ username: 'api', password: 'stranger' }, subscription));
    }
    expect(await codeOf(session.current())).toBe('pbx-20002');
    const requests = pbx.stats.requests.length;
    clock.now += 9 * MINUTE_MS;
    expect(await codeOf(session.current())).toBe('pbx-20002');
    expect(pbx.stats.requests).toHaveLength(requests);
    clock.now += 2 * MINUTE_MS;
    expect(await codeOf(session.current())).toBe('succeeded');
  });
});

describe('a login without a response', () => {
  test('is tried again after a minute, then with growing delays of less than ten minutes', async () => {
    const { pbx, clock, session } = await start();
    await pbx.close();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      expect(await codeOf(session.current())).toBe('pbx-connection');
      const error = await session.current().catch((reason: { notBefore?: number }) => reason);
      const { notBefore = 0 } = error as { notBefore?: number };
      waits.push((notBefore - clock.now) / MINUTE_MS);
      clock.now = notBefore;
    }
    expect(waits).toEqual([1, 2, 4, 8, 8, 8]);
  });
});

describe('an outage of the PBX for days', () => {
  test('uses up no version of the session secret, and one login opens a session as soon as it is over', async () => {
    const { pbx, clock, open, store, written, client } = await start();
    const login = client.login.bind(client);
    let attempts = 0;
    client.login = async () => {
      attempts += 1;
      throw new ArchiveError('pbx-connection', 'The PBX is off.');
    };
    const endsAt = clock.now + 2 * 24 * 60 * MINUTE_MS;
    for (; clock.now < endsAt; clock.now += 20 * MINUTE_MS) await codeOf(open().keepAlive());
    // More than a secret may have versions.
    expect(attempts).toBe(2 * 24 * 3);
    expect(written).toEqual([]);

    client.login = login;
    expect(await open().keepAlive()).toBe('logged-in');
    expect(pbx.stats.logins).toBe(1);
    expect(written).toHaveLength(1);
    expect((await open().current()).token).toBe((await store.read()).state.token);
    expect(await open().keepAlive()).toBe('kept-alive');
  });

  test('leaves a session that was open before untouched', async () => {
    const { pbx, clock, session, open, written } = await start();
    await session.current();
    const { token } = await session.current();
    await pbx.close();
    for (let run = 0; run < 110; run++) {
      clock.now += 10 * MINUTE_MS;
      expect(await codeOf(open().keepAlive())).toBe('pbx-connection');
    }
    expect(written).toHaveLength(1);
    expect((await open().current()).token).toBe(token);
  });
});

describe('refusals and lockouts', () => {
  test('use up no version of the session secret', async () => {
    const { open, written, clock, enterCredentials } = await start({ entered: 'wrong' });
    for (let day = 0; day < 4; day++) {
      await enterCredentials({ password: `wrong ${day}` });
      expect(await codeOf(open().current())).toBe('pbx-20003');
      clock.now += 24 * 60 * MINUTE_MS;
    }
    expect(written).toEqual([]);
  });
});

describe('a secret without room for another version', () => {
  async function startFull() {
    const harness = await start();
    const { store } = harness;
    // One version was created with the secret.
    for (let n = 1; n < 100; n++) await store.replace(await store.read(), {});
    harness.written.length = 0;
    return harness;
  }

  test('refuses it with a code of its own', async () => {
    const { store } = await startFull();
    expect(await codeOf(store.replace(await store.read(), { token: 'new' }))).toBe(
      'secret-versions-exhausted',
    );
  });

  test('leaves the token to the function that has just logged in, which saves it when there is room', async () => {
    const { pbx, session, open, store, clock, client } = await startFull();
    const { token } = await session.current();
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'session-not-saved', code: 'secret-versions-exhausted' }),
    );
    await withToken(session, (current) => client.deviceInfo(current));
    expect(await codeOf(open().current())).toBe('login-in-progress');
    for (let run = 0; run < 24 * 2.5; run++) {
      clock.now += 25 * MINUTE_MS;
      expect(await session.keepAlive()).toBe('kept-alive');
    }
    expect(pbx.stats.logins).toBe(1);
    expect((await store.read()).state.token).toBe(token);
    expect((await open().current()).token).toBe(token);
  });

  test('lets a function whose unsaved token has died log in again', async () => {
    const { pbx, session, clock } = await startFull();
    const dead = await session.current();
    pbx.dropTokens();
    expect(await codeOf(session.renew(dead))).toBe('login-in-progress');
    clock.now += MINUTE_MS;
    expect((await session.renew(dead)).token).not.toBe(dead.token);
    expect(pbx.stats.logins).toBe(2);
  });
});

describe('when S3 cannot be reached', () => {
  test('nobody logs in, but a session that is open is used and kept alive', async () => {
    const { pbx, open, session, closeBucket } = await start();
    await session.current();
    await closeBucket();
    expect(await open().keepAlive()).toBe('kept-alive');
    pbx.dropTokens();
    const failure = await open()
      .keepAlive()
      .catch((error: unknown) => toArchiveError(error));
    expect(failure).toMatchObject({ kind: 'transient', code: 'ECONNREFUSED' });
    expect(pbx.stats.logins).toBe(1);
  });
});
