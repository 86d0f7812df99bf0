import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS, type FailureKind } from '../../../../../functions/shared/errors.ts';
import {
  type Decision,
  decide,
  type FailedAttempt,
} from '../../../../../functions/shared/jobs/retry-policy/decide.ts';
import type { JobHistory } from '../../../../../functions/shared/jobs/retry-policy/history.ts';
import {
  countFailure,
  type Streak,
} from '../../../../../functions/shared/jobs/retry-policy/persistent-failures.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 20);

/** How long ago, in seconds. */
interface Past {
  queued?: number;
  /** Since when attempts have failed in the same way, how often that counted, and how long ago the last time. */
  failing?: number;
  count?: number;
  counted?: number;
  deliveries?: number;
  attempts?: number;
  resumedFrom?: string;
}

const secondsAgo = (seconds: number) => NOW - 1000 * seconds;

function historyOf(
  { queued = 0, failing, count = 4, counted = 0, deliveries = 1, ...rest }: Past,
  kind: FailedAttempt['kind'],
): JobHistory {
  const { attempts = deliveries, resumedFrom } = rest;
  const first = failing === undefined ? undefined : countFailure(undefined, { kind }, secondsAgo(failing));
  const streak = first && { ...first, count, lastAt: secondsAgo(counted) };
  return { attempts, deliveries, resumedFrom, streak, firstQueuedAt: secondsAgo(queued) };
}

const inSeconds = (seconds: number) => NOW + 1000 * seconds;

const retry = (afterSeconds: number): Decision => ({ action: 'retry', afterSeconds });
const hold = (afterSeconds: number): Decision => ({ action: 'hold', afterSeconds });
const wait: Decision = { action: 'wait', afterSeconds: 30 };
const deadLetter: Decision = { action: 'dead-letter' };
const lost = (afterSeconds: number) => ({ action: 'lost', afterSeconds }) as const;
/** The whole policy: the failure, what happened before it, and the decision. */
const POLICY: [string, FailedAttempt, Past, Decision][] = [
  ['the first failure: after 5 seconds', { kind: 'transient' }, {}, retry(5)],
  ['the second: after twice as long', { kind: 'transient' }, { deliveries: 2 }, retry(10)],
  ['the tenth', { kind: 'transient' }, { deliveries: 10 }, retry(2560)],
  ['later failures: every hour', { kind: 'transient' }, { deliveries: 11 }, retry(HOUR)],
  ['the 260th, after ten days', { kind: 'transient' }, { deliveries: 260, queued: 10 * DAY }, retry(HOUR)],
  ['a failure after more than ten days', { kind: 'transient' }, { queued: 10 * DAY + 1 }, deadLetter],
  [
    'an expired session after more than ten days',
    { kind: 'session-expired' },
    { queued: 10 * DAY + 1 },
    deadLetter,
  ],
  ['a session that expired twice in one run', { kind: 'session-expired' }, {}, retry(5)],

  ['a held login', { kind: 'login-held' }, {}, hold(5)],
  ['a hold that ends in ten minutes', { kind: 'login-held', notBefore: inSeconds(600) }, {}, hold(600)],
  ['a hold that ends within a second', { kind: 'login-held', notBefore: NOW + 1 }, {}, hold(5)],
  ['a hold that ends in two hours', { kind: 'login-held', notBefore: inSeconds(2 * HOUR) }, {}, hold(HOUR)],
  ['a hold that has ended', { kind: 'login-held', notBefore: secondsAgo(9) }, { deliveries: 4 }, hold(40)],
  ['another login in progress', { kind: 'transient', notBefore: inSeconds(60) }, {}, retry(60)],
  ['a login held for more than ten days', { kind: 'login-held' }, { queued: 10 * DAY + 1 }, deadLetter],

  ['the first response that a recording is missing', { kind: 'missing' }, { failing: 0, count: 0 }, retry(5)],
  [
    'the first response that it is missing, after ten days with other failures: not lost',
    { kind: 'missing' },
    { queued: 10 * DAY + 1, failing: 0, count: 0 },
    deadLetter,
  ],
  [
    'a recording that is missing for the third time that counts',
    { kind: 'missing' },
    { failing: 2 * DAY, count: 3 },
    retry(5),
  ],
  [
    'a recording that is missing for the fourth time that counts',
    { kind: 'missing' },
    { failing: DAY + 3 * HOUR, deliveries: 30 },
    lost(HOUR),
  ],
  [
    'a recording that is missing for a time that does not count',
    { kind: 'missing' },
    { failing: 2 * DAY, counted: 1 },
    retry(5),
  ],
  ['a recording that is empty for the third time', { kind: 'empty' }, { failing: DAY, count: 3 }, retry(5)],
  ['a recording that is empty for the fourth time', { kind: 'empty' }, { failing: DAY }, deadLetter],

  [
    'the first response that the recording of an unanswered call is missing, after a week',
    { kind: 'missing', isUnanswered: true },
    { queued: 7 * DAY, failing: 0, count: 0 },
    retry(5),
  ],
  [
    'the first that counts: the caller may have spoken to a machine, but not for that long',
    { kind: 'missing', isUnanswered: true },
    { failing: HOUR, count: 1 },
    { action: 'not-recorded', afterSeconds: 5 },
  ],
  [
    'an unanswered call whose PBX is off',
    { kind: 'transient', isUnanswered: true },
    { failing: DAY },
    retry(5),
  ],

  ['a PBX that does one download at a time', { kind: 'busy' }, { deliveries: 9 }, wait],
  ['a PBX that has been busy for more than ten days', { kind: 'busy' }, { queued: 10 * DAY + 1 }, deadLetter],

  ['a connection too slow for one run', { kind: 'too-slow' }, { deliveries: 3 }, retry(20)],
  [
    'a connection too slow for the first time, after a day with other failures',
    { kind: 'too-slow' },
    { queued: DAY + 1, failing: 0, count: 0 },
    retry(5),
  ],
  ['a connection too slow for the third time', { kind: 'too-slow' }, { failing: DAY, count: 3 }, retry(5)],
  ['a connection too slow for the fourth time', { kind: 'too-slow' }, { failing: DAY }, deadLetter],
  [
    'the same for an unanswered call, with a message of a mailbox',
    { kind: 'too-slow', isUnanswered: true },
    { failing: HOUR, count: 2 },
    retry(5),
  ],

  [
    'a recording that the PBX has moved away',
    { kind: 'moved-away' },
    {},
    { action: 'moved-away', afterSeconds: 5 },
  ],
  ['the same for more than ten days', { kind: 'moved-away' }, { queued: 10 * DAY + 1 }, deadLetter],
  ['a permanent failure', { kind: 'permanent' }, {}, deadLetter],
  ['a permanent failure after another part was stored', { kind: 'permanent', storedIn: 'a' }, {}, deadLetter],

  ['an interrupted first run', { kind: 'transient', storedIn: 'a' }, {}, { action: 'resume' }],
  [
    'an interrupted run that had resumed',
    { kind: 'transient', storedIn: 'a' },
    { resumedFrom: 'a', deliveries: 5, attempts: 40 },
    { action: 'resume' },
  ],
  [
    'a job that had to restart: with exponential backoff over all its attempts',
    { kind: 'transient', storedIn: 'b' },
    { resumedFrom: 'a', attempts: 5 },
    { action: 'resume', afterSeconds: 80 },
  ],
  [
    'a job that had to restart: at most the longest delay that SQS allows',
    { kind: 'transient', storedIn: 'b' },
    { resumedFrom: 'a', attempts: 40 },
    { action: 'resume', afterSeconds: 900 },
  ],
  [
    'an interrupted run of a job more than ten days old',
    { kind: 'transient', storedIn: 'a' },
    { resumedFrom: 'a', queued: 10 * DAY + 1 },
    deadLetter,
  ],
];

test.each(POLICY)('%s: %j with %j -> %j', (_, failure, past, decision) => {
  expect(decide(failure, historyOf(past, failure.kind), NOW)).toEqual(decision);
});

describe('over its whole life, a job', () => {
  /** Fails every attempt with `kind` until the policy ends the job; returns all decisions and the time it took. */
  function runToTheEnd(kind: FailedAttempt['kind']) {
    const decisions: Decision[] = [];
    let streak: Streak | undefined;
    for (let now = NOW, deliveries = 1; ; deliveries += 1) {
      streak = countFailure(streak, { kind }, now);
      const history = { attempts: deliveries, deliveries, firstQueuedAt: NOW, streak };
      const decision = decide({ kind }, history, now);
      decisions.push(decision);
      if (decision.action !== 'retry') return { decisions, seconds: (now - NOW) / 1000 };
      now += 1000 * decision.afterSeconds;
    }
  }

  test('is retried for ten days, with fewer deliveries than SQS allows', () => {
    const { decisions, seconds } = runToTheEnd('transient');
    expect(decisions.at(-1)).toEqual(deadLetter);
    expect(seconds).toBeGreaterThan(10 * DAY);
    expect(seconds).toBeLessThanOrEqual(10 * DAY + HOUR);
    // Well below maxReceiveCount (400), at which SQS would move the job to the dead-letter queue without a reason.
    expect(decisions.length).toBeLessThan(300);
  });

  test('whose recording is missing is retried for about a day', () => {
    const { decisions, seconds } = runToTheEnd('missing');
    expect(decisions.at(-1)).toEqual(lost(HOUR));
    expect(seconds).toBeGreaterThanOrEqual(23 * HOUR);
    expect(seconds).toBeLessThanOrEqual(25 * HOUR);
  });
});

describe('the table in docs/architecture.md', () => {
  const [, section = ''] = readFileSync('docs/architecture.md', 'utf8').split('### A job');
  const rows = Array.from(
    section.matchAll(/^\| `([\w-]+)` \| [^|]+ \| (?:(\d+|about a) days?|not retried) \|([^|]*)\| (.+) \|$/gm),
    ([, kind, days, countedFrom = '', ending]) => ({ kind, days, countedFrom: countedFrom.trim(), ending }),
  );

  test('has a row for each kind of failure', () => {
    expect(rows.map(({ kind }) => kind)).toEqual([...FAILURE_KINDS]);
  });

  test.each(rows)('says of $kind what the policy does', ({ kind, days, countedFrom, ending }) => {
    const actions: Partial<Record<string, Decision['action']>> = {
      lost: 'lost',
      'dead letter, unless it is archived': 'moved-away',
    };
    const end = { action: actions[ending ?? ''] ?? 'dead-letter' };
    const isCounted = days === 'about a';
    expect(countedFrom === 'first such failure').toBe(isCounted);
    const decideAfter = (seconds: number) => {
      const failure = { kind: kind as FailureKind };
      if (!isCounted) return decide(failure, historyOf({ queued: seconds }, failure.kind), NOW);
      let streak: Streak | undefined;
      for (let at = seconds % HOUR; at <= seconds; at += HOUR)
        streak = countFailure(streak, failure, inSeconds(at));
      return decide(failure, { ...historyOf({}, failure.kind), streak }, inSeconds(seconds));
    };
    if (days === undefined) return expect(decideAfter(0)).toMatchObject(end);
    const [notYet, then] = isCounted
      ? [22 * HOUR, 24 * HOUR]
      : [Number(days) * DAY - 1, Number(days) * DAY + 1];
    expect(['retry', 'hold', 'wait']).toContain(decideAfter(notYet).action);
    return expect(decideAfter(then)).toMatchObject(end);
  });
});
