import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS, type FailureKind } from '../../../../functions/shared/errors.ts';
import {
  countFailure,
  type Decision,
  decide,
  type FailedAttempt,
  type JobHistory,
  type Streak,
} from '../../../../functions/shared/jobs/retry-policy.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 20);

/** How long ago, in seconds. */
interface Past {
  queued?: number;
  /** Since when attempts have failed in the same way, and how often that counted. */
  failing?: number;
  count?: number;
  isUnanswered?: boolean;
  deliveries?: number;
  attempts?: number;
  resumedFrom?: string;
}

const secondsAgo = (seconds: number) => NOW - 1000 * seconds;

function historyOf(
  { queued = 0, failing, count = 4, deliveries = 1, ...rest }: Past,
  kind: FailedAttempt['kind'],
): JobHistory {
  const { attempts = deliveries, resumedFrom, isUnanswered = false } = rest;
  const first = failing === undefined ? undefined : countFailure(undefined, kind, secondsAgo(failing));
  const streak = first && { ...first, count, lastAt: NOW };
  return { attempts, deliveries, resumedFrom, isUnanswered, streak, firstQueuedAt: secondsAgo(queued) };
}

const inSeconds = (seconds: number) => NOW + 1000 * seconds;

const retry = (afterSeconds: number): Decision => ({ action: 'retry', afterSeconds });
const hold = (afterSeconds: number): Decision => ({ action: 'hold', afterSeconds });
const wait: Decision = { action: 'wait', afterSeconds: 30 };
const deadLetter: Decision = { action: 'dead-letter' };
const lost = (afterSeconds: number) => ({ action: 'lost', afterSeconds }) as const;
/** The PBX has delivered another recording since a quarter of an hour after the first response, and in the last two hours. */
const unlessOutage = (seconds: number) => ({
  unlessOutageSince: secondsAgo(Math.min(seconds - 15 * 60, 2 * HOUR)),
});
const lostUnlessOutage = (seconds: number, afterSeconds = 5): Decision => ({
  ...lost(afterSeconds),
  ...unlessOutage(seconds),
});

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

  ['the first response that a recording is missing', { kind: 'missing' }, { failing: 0, count: 1 }, retry(5)],
  [
    'the first response that it is missing, after ten days with other failures: not lost',
    { kind: 'missing' },
    { queued: 10 * DAY + 1, failing: 0, count: 1 },
    deadLetter,
  ],
  ['a recording missing for less than a day', { kind: 'missing' }, { failing: DAY - 1, count: 24 }, retry(5)],
  [
    'a recording missing for a day, for the third time',
    { kind: 'missing' },
    { failing: DAY, count: 3 },
    retry(5),
  ],
  [
    'a recording missing for a day',
    { kind: 'missing' },
    { failing: DAY, deliveries: 30 },
    lostUnlessOutage(DAY, HOUR),
  ],
  [
    'a recording missing for less than three days',
    { kind: 'missing' },
    { failing: 3 * DAY - 1 },
    lostUnlessOutage(3 * DAY - 1),
  ],
  ['a recording missing for three days', { kind: 'missing' }, { failing: 3 * DAY }, lost(5)],
  ['an empty recording', { kind: 'empty' }, { failing: DAY - 1 }, retry(5)],
  ['a recording that has been empty for a day', { kind: 'empty' }, { failing: DAY }, deadLetter],

  [
    'a missing recording of an unanswered call',
    { kind: 'missing' },
    { failing: HOUR - 1, isUnanswered: true },
    retry(5),
  ],
  [
    'a recording of an unanswered call that has been missing for an hour',
    { kind: 'missing' },
    { failing: HOUR, count: 2, isUnanswered: true },
    // The storage may be away, and the caller may have spoken to a machine.
    { action: 'not-recorded', afterSeconds: 5, ...unlessOutage(HOUR) },
  ],
  [
    'a recording of an unanswered call that has been missing for three days',
    { kind: 'missing' },
    { failing: 3 * DAY, isUnanswered: true },
    { action: 'not-recorded', afterSeconds: 5 },
  ],
  [
    'the first response that it is missing, for an unanswered call of last week',
    { kind: 'missing' },
    { queued: 7 * DAY, failing: 0, count: 1, isUnanswered: true },
    retry(5),
  ],
  [
    'an unanswered call whose PBX is off',
    { kind: 'transient' },
    { failing: DAY, isUnanswered: true },
    retry(5),
  ],

  ['a PBX that does one download at a time', { kind: 'busy' }, { deliveries: 9 }, wait],
  ['a PBX that has been busy for more than ten days', { kind: 'busy' }, { queued: 10 * DAY + 1 }, deadLetter],

  ['a connection too slow for one run', { kind: 'too-slow' }, { deliveries: 3 }, retry(20)],
  [
    'a connection too slow for the first time, after a day with other failures',
    { kind: 'too-slow' },
    { queued: DAY + 1, failing: 0, count: 1 },
    retry(5),
  ],
  ['a connection too slow for less than a day', { kind: 'too-slow' }, { failing: DAY - 1 }, retry(5)],
  ['a connection too slow for a day', { kind: 'too-slow' }, { failing: DAY }, deadLetter],
  [
    'the same for an unanswered call, with a message of a mailbox',
    { kind: 'too-slow' },
    { failing: HOUR, count: 2, isUnanswered: true },
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
      streak = countFailure(streak, kind, now);
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

  test('whose recording is missing is retried for a day', () => {
    const { decisions, seconds } = runToTheEnd('missing');
    expect(decisions.at(-1)).toMatchObject({
      action: 'lost',
      unlessOutageSince: NOW + 1000 * (seconds - 2 * HOUR),
    });
    expect(seconds).toBeGreaterThanOrEqual(DAY);
    expect(seconds).toBeLessThanOrEqual(DAY + HOUR);
  });
});

test('failures within an hour count once', () => {
  const first = countFailure(undefined, 'missing', NOW);
  expect(first).toEqual({ kind: 'missing', since: NOW, count: 1, lastAt: NOW });
  expect(countFailure(first, 'missing', NOW + 1000 * HOUR - 1)).toBe(first);
  const later = NOW + 1000 * HOUR;
  expect(countFailure(first, 'missing', later)).toEqual({ ...first, count: 2, lastAt: later });
});

const PERSISTENT = ['missing', 'empty', 'too-slow'] as const;

test.each(PERSISTENT)('no more failures are counted than decide: %s', (kind) => {
  let streak: Streak | undefined;
  for (let hours = 0; hours < 72; hours += 1) streak = countFailure(streak, kind, NOW + 1000 * hours * HOUR);
  expect(streak).toEqual({ kind, since: NOW, count: 4, lastAt: NOW + 1000 * 3 * HOUR });
});

test.each(PERSISTENT.flatMap((before) => PERSISTENT.map((kind) => ({ before, kind }))))(
  'what was $before and is now $kind is counted anew, unless it is the same',
  ({ before, kind }) => {
    const counted = { kind: before, since: NOW - 1000 * DAY, count: 9, lastAt: NOW };
    const now = NOW + 1000;
    const anew = { kind, since: now, count: 1, lastAt: now };
    expect(countFailure(counted, kind, now)).toEqual(before === kind ? counted : anew);
  },
);

test.each(FAILURE_KINDS.filter((kind) => !PERSISTENT.some((known) => known === kind)))(
  'a failure that is %s neither counts nor interrupts the others',
  (kind) => {
    const counted: Streak = { kind: 'too-slow', since: NOW, count: 1, lastAt: NOW };
    expect(countFailure(counted, kind, NOW + 1000 * DAY)).toBe(counted);
    expect(countFailure(undefined, kind, NOW)).toBeUndefined();
  },
);

describe('the table in docs/architecture.md', () => {
  const [, section = ''] = readFileSync('docs/architecture.md', 'utf8').split('### A job');
  const rows = Array.from(
    section.matchAll(/^\| `([\w-]+)` \| [^|]+ \| (?:(\d+) days?|not retried) \|([^|]*)\| (.+) \|$/gm),
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
    const decideAfter = (seconds: number) => {
      const past = countedFrom === 'first such failure' ? { failing: seconds } : { queued: seconds };
      return decide({ kind: kind as FailureKind }, historyOf(past, kind as FailureKind), NOW);
    };
    if (days === undefined) return expect(decideAfter(0)).toMatchObject(end);
    expect(['retry', 'hold', 'wait']).toContain(decideAfter(Number(days) * DAY - 1).action);
    return expect(decideAfter(Number(days) * DAY + 1)).toMatchObject(end);
  });
});
