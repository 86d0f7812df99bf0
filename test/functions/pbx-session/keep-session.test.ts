import { describe, expect, test } from 'vitest';
import { keepSessions as keepAndCheck } from '../../../functions/pbx-session/keep-session.ts';
import type { SessionRequest } from '../../../functions/pbx-session/session-request.ts';
import { ArchiveError, type FailureKind } from '../../../functions/shared/errors.ts';
import type { KeepOptions, Session } from '../../../functions/shared/session/session.ts';
import { captureLog } from '../capture-log.ts';

type KeepAlive = Session['keepAlive'];

const unexpected = () => Promise.reject(new Error('Not what this function needs.'));

/** PBXs by id, each with the `keepAlive` of its session. */
function fakePbxs(sessions: Record<string, KeepAlive>) {
  return {
    ids: Object.keys(sessions),
    get(pbxId: string): { session: Session } {
      const keepAlive = sessions[pbxId];
      if (keepAlive === undefined) throw fail('unknown-pbx', 'permanent');
      const end = async () => {
        ended.push(pbxId);
      };
      return { session: { current: unexpected, renew: unexpected, keepAlive, end } };
    },
  };
}

/** The PBXs whose sessions were ended. */
const ended: string[] = [];
const checked: string[] = [];
/** What each clock is ahead by, in seconds. The others do not show their time. */
const skews: Record<string, number> = { early: 90 };
const keepSessions = (requests: SessionRequest[], pbxs: ReturnType<typeof fakePbxs>) =>
  keepAndCheck(requests, pbxs, async (pbxId) => {
    checked.push(pbxId);
    const skewSeconds = skews[pbxId];
    return skewSeconds === undefined ? {} : { skewSeconds };
  });

const fail = (code: string, kind: FailureKind) => new ArchiveError(code, `Words for ${code}.`, { kind });
const alive: KeepAlive = async () => 'kept-alive';
const failing =
  (error: unknown): KeepAlive =>
  async () => {
    throw error;
  };

const ask = (request: Partial<SessionRequest> = {}): SessionRequest => ({
  pbx: undefined,
  bootedAt: undefined,
  retryLogin: false,
  message: undefined,
  ...request,
});
/** A request from a queue. */
const deliver = (id: string, pbx: string, attempt = 1) => ask({ pbx, message: { id, attempt } });

const logLines = captureLog();

test('a session that a person wants to end is ended, not kept alive', async () => {
  const pbxs = fakePbxs({ hq: failing(new Error('not asked for')), branch: alive });
  const { sessions } = await keepSessions([ask({ pbx: 'hq', endSession: true })], pbxs);
  expect(sessions).toEqual([{ pbx: 'hq', outcome: 'ended' }]);
  expect(ended).toEqual(['hq']);
});

test('the response says by how much the clock of each PBX is ahead, where it is known', async () => {
  const { sessions } = await keepSessions(
    [ask()],
    fakePbxs({ early: alive, silent: alive, down: failing(fail('pbx-connection', 'transient')) }),
  );
  expect(sessions).toEqual([
    { pbx: 'early', outcome: 'kept-alive', skewSeconds: 90 },
    { pbx: 'silent', outcome: 'kept-alive' },
    { pbx: 'down', outcome: 'failed', code: 'pbx-connection', message: 'Words for pbx-connection.' },
  ]);
});

describe('a scheduled run', () => {
  test('keeps the session of every PBX and reports the outcome of each', async () => {
    const pbxs = fakePbxs({ hq: alive, branch: async () => 'logged-in' });
    expect(await keepSessions([ask()], pbxs)).toEqual({
      sessions: [
        { pbx: 'hq', outcome: 'kept-alive' },
        { pbx: 'branch', outcome: 'logged-in' },
      ],
      batchItemFailures: [],
    });
    expect(logLines).toEqual([
      { level: 'info', event: 'session-up', pbx: 'hq', outcome: 'kept-alive' },
      { level: 'info', event: 'session-up', pbx: 'branch', outcome: 'logged-in' },
    ]);
  });

  test('continues with the others when one PBX fails', async () => {
    const pbxs = fakePbxs({
      first: alive,
      failing: failing(fail('pbx-connection', 'transient')),
      last: alive,
    });
    expect(await keepSessions([ask()], pbxs)).toEqual({
      sessions: [
        { pbx: 'first', outcome: 'kept-alive' },
        {
          pbx: 'failing',
          outcome: 'failed',
          code: 'pbx-connection',
          message: 'Words for pbx-connection.',
        },
        { pbx: 'last', outcome: 'kept-alive' },
      ],
      batchItemFailures: [],
    });
  });

  test('does not make the others wait for one slow PBX', async () => {
    const lastHadItsTurn = Promise.withResolvers<'kept-alive'>();
    const pbxs = fakePbxs({
      slow: () => lastHadItsTurn.promise,
      last: async () => {
        lastHadItsTurn.resolve('kept-alive');
        return 'kept-alive';
      },
    });
    const { sessions } = await keepSessions([ask()], pbxs);
    expect(sessions.map(({ pbx }) => pbx)).toEqual(['slow', 'last']);
  });
});

describe('a session that is down', () => {
  test('for lack of credentials is logged as a warning, not as an error', async () => {
    const { sessions } = await keepSessions(
      [ask()],
      fakePbxs({ hq: failing(fail('no-credentials', 'login-held')) }),
    );
    expect(sessions).toEqual([
      { pbx: 'hq', outcome: 'no-credentials', message: 'Words for no-credentials.' },
    ]);
    expect(logLines).toEqual([
      { level: 'warn', event: 'no-credentials', pbx: 'hq', message: 'Words for no-credentials.' },
    ]);
  });

  test.each<[string, FailureKind, string]>([
    ['pbx-20003', 'login-held', 'held'],
    ['pbx-20002', 'login-held', 'held'],
    ['pbx-connection', 'transient', 'failed'],
    ['pbx-10003', 'permanent', 'failed'],
    ['pbx-20004', 'session-expired', 'failed'],
  ])('because of %s (%s) is reported as %s', async (code, kind, outcome) => {
    const { sessions } = await keepSessions([ask()], fakePbxs({ hq: failing(fail(code, kind)) }));
    const reported = { pbx: 'hq', outcome, code, message: `Words for ${code}.` };
    expect(sessions).toEqual([reported]);
    expect(logLines).toEqual([{ level: 'error', event: 'session-down', ...reported }]);
  });

  test('for an unexpected reason is reported as failed', async () => {
    const { sessions } = await keepSessions([ask()], fakePbxs({ hq: failing(new TypeError('Oops.')) }));
    expect(sessions).toEqual([{ pbx: 'hq', outcome: 'failed', code: 'TypeError', message: 'Oops.' }]);
  });
});

describe('a request for one PBX', () => {
  test('leaves the others alone', async () => {
    const pbxs = fakePbxs({ hq: alive, branch: failing(fail('pbx-connection', 'transient')) });
    expect((await keepSessions([ask({ pbx: 'hq' })], pbxs)).sessions).toEqual([
      { pbx: 'hq', outcome: 'kept-alive' },
    ]);
  });

  test('passes on when the PBX booted and whether to try refused credentials again', async () => {
    const asked: (KeepOptions | undefined)[] = [];
    const pbxs = fakePbxs({
      hq: async (options) => {
        asked.push(options);
        return 'logged-in';
      },
    });
    await keepSessions([ask({ pbx: 'hq', bootedAt: 42 }), ask({ pbx: 'hq', retryLogin: true })], pbxs);
    expect(asked).toEqual([
      { bootedAt: 42, retryRefused: false },
      { bootedAt: undefined, retryRefused: true },
    ]);
  });

  test('throws when the configuration has no such PBX', async () => {
    const pbxs = fakePbxs({ hq: alive });
    await expect(keepSessions([ask({ pbx: 'nowhere' })], pbxs)).rejects.toMatchObject({
      code: 'unknown-pbx',
    });
    await expect(keepSessions([deliver('m1', 'nowhere')], pbxs)).rejects.toMatchObject({
      code: 'unknown-pbx',
    });
  });
});

describe('of the messages of a queue,', () => {
  const pbxs = fakePbxs({
    hq: alive,
    away: failing(fail('pbx-connection', 'transient')),
    refusing: failing(fail('pbx-20003', 'login-held')),
    new: failing(fail('no-credentials', 'login-held')),
  });

  test('only those that failed are reported as failed: redelivery does not help one that is held', async () => {
    const requests = ['hq', 'away', 'refusing', 'new'].map((pbx) => deliver(`message-${pbx}`, pbx));
    const { sessions, batchItemFailures } = await keepSessions(requests, pbxs);
    expect(sessions.map(({ outcome }) => outcome)).toEqual([
      'kept-alive',
      'failed',
      'held',
      'no-credentials',
    ]);
    expect(batchItemFailures).toEqual([{ itemIdentifier: 'message-away' }]);
  });

  test.each([
    [1, true],
    [2, true],
    [3, true],
    [4, false],
    [5, false],
  ])('one whose attempt %s failed is reported as failed: %s', async (attempt, isReported) => {
    const { batchItemFailures } = await keepSessions([deliver('m1', 'away', attempt)], pbxs);
    expect(batchItemFailures).toEqual(isReported ? [{ itemIdentifier: 'm1' }] : []);
  });

  test('one for every PBX is reported as failed when a single PBX failed', async () => {
    const request = ask({ message: { id: 'm1', attempt: 1 } });
    expect((await keepSessions([request], pbxs)).batchItemFailures).toEqual([{ itemIdentifier: 'm1' }]);
  });
});

test('the clock of a PBX is checked when its session is up, and only then', async () => {
  checked.length = 0;
  const pbxs = fakePbxs({ up: alive, down: failing(fail('pbx-connection', 'transient')) });
  await keepSessions([ask()], pbxs);
  expect(checked).toEqual(['up']);
});
