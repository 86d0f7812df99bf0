import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS, type FailureKind } from '../../../../functions/shared/errors.ts';
import {
  type Decision,
  decide,
  type FailedAttempt,
  type JobHistory,
} from '../../../../functions/shared/jobs/retry-policy.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 20);

/** How long ago, in seconds. */
interface Past {
  queued?: number;
  callEnded?: number;
  deliveries?: number;
  attempts?: number;
  resumedFrom?: string;
}

const secondsAgo = (seconds: number) => NOW - 1000 * seconds;

function historyOf({ queued = 0, callEnded = queued, deliveries = 1, ...rest }: Past): JobHistory {
  const { attempts = deliveries, resumedFrom } = rest;
  const times = { firstQueuedAt: secondsAgo(queued), callEndedAt: secondsAgo(callEnded) };
  return { attempts, deliveries, resumedFrom, ...times };
}

const inSeconds = (seconds: number) => NOW + 1000 * seconds;

const retry = (afterSeconds: number): Decision => ({ action: 'retry', afterSeconds });
const hold = (afterSeconds: number): Decision => ({ action: 'hold', afterSeconds });
const deadLetter: Decision = { action: 'dead-letter' };
const lost: Decision = { action: 'lost' };

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

  ['a missing recording, right after its call', { kind: 'missing' }, {}, retry(5)],
  [
    'a missing recording, a day after its call',
    { kind: 'missing' },
    { callEnded: DAY, deliveries: 30 },
    retry(HOUR),
  ],
  ['a missing recording, more than a day after its call', { kind: 'missing' }, { callEnded: DAY + 1 }, lost],
  [
    'a missing recording of an old call that was queued just now',
    { kind: 'missing' },
    { queued: 0, callEnded: 30 * DAY },
    lost,
  ],
  [
    'a missing recording whose call is reported to end tomorrow',
    { kind: 'missing' },
    { queued: 9 * DAY, callEnded: -DAY },
    retry(5),
  ],
  [
    'a missing recording whose call is reported to end tomorrow, after ten days',
    { kind: 'missing' },
    { queued: 10 * DAY + 1, callEnded: -DAY },
    lost,
  ],

  ['a connection too slow for one run', { kind: 'too-slow' }, { deliveries: 3 }, retry(20)],
  ['a connection too slow for more than a day', { kind: 'too-slow' }, { queued: DAY + 1 }, deadLetter],

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
  expect(decide(failure, historyOf(past), NOW)).toEqual(decision);
});

describe('over its whole life, a job', () => {
  /** Fails every attempt with `kind` until the policy ends the job; returns all decisions and the time it took. */
  function runToTheEnd(kind: FailedAttempt['kind']) {
    const decisions: Decision[] = [];
    for (let now = NOW, deliveries = 1; ; deliveries += 1) {
      const history = { attempts: deliveries, deliveries, firstQueuedAt: NOW, callEndedAt: NOW };
      const decision = decide({ kind }, history, now);
      decisions.push(decision);
      if (!('afterSeconds' in decision)) return { decisions, seconds: (now - NOW) / 1000 };
      now += 1000 * (decision.afterSeconds ?? 0);
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
    expect(decisions.at(-1)).toEqual(lost);
    expect(seconds).toBeLessThanOrEqual(DAY + HOUR);
  });
});

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
    const end = ending === 'lost' ? lost : deadLetter;
    const since = (seconds: number) => {
      const past = countedFrom === 'end of the call' ? { callEnded: seconds } : { queued: seconds };
      return decide({ kind: kind as FailureKind }, historyOf({ queued: 0, ...past }), NOW);
    };
    if (days === undefined) return expect(since(0)).toEqual(end);
    expect(since(Number(days) * DAY)).toHaveProperty('afterSeconds');
    return expect(since(Number(days) * DAY + 1)).toEqual(end);
  });
});
