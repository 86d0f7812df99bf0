import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS, type FailureKind } from '../../../../functions/shared/errors.ts';
import {
  type Absence,
  countAbsence,
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
  /** When the PBX first said that it has no recording, and how often that counted. */
  absent?: number;
  responses?: number;
  isUnanswered?: boolean;
  deliveries?: number;
  attempts?: number;
  resumedFrom?: string;
}

const secondsAgo = (seconds: number) => NOW - 1000 * seconds;

function historyOf(
  { queued = 0, absent, responses = 4, deliveries = 1, ...rest }: Past,
  kind: FailedAttempt['kind'],
): JobHistory {
  const { attempts = deliveries, resumedFrom, isUnanswered = false } = rest;
  const absence =
    absent === undefined
      ? undefined
      : { kind: absentKindOf(kind), since: secondsAgo(absent), responses, lastAt: NOW };
  return { attempts, deliveries, resumedFrom, isUnanswered, absence, firstQueuedAt: secondsAgo(queued) };
}

const absentKindOf = (kind: FailedAttempt['kind']): Absence['kind'] => (kind === 'empty' ? kind : 'missing');

const inSeconds = (seconds: number) => NOW + 1000 * seconds;

const retry = (afterSeconds: number): Decision => ({ action: 'retry', afterSeconds });
const hold = (afterSeconds: number): Decision => ({ action: 'hold', afterSeconds });
const wait: Decision = { action: 'wait', afterSeconds: 30 };
const deadLetter: Decision = { action: 'dead-letter' };
const lost = (afterSeconds: number) => ({ action: 'lost', afterSeconds }) as const;
/** A download of 15 minutes may have begun before the storage went away. */
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

  [
    'the first response that a recording is missing',
    { kind: 'missing' },
    { absent: 0, responses: 1 },
    retry(5),
  ],
  [
    'the first response that it is missing, after ten days with other failures: not lost',
    { kind: 'missing' },
    { queued: 10 * DAY + 1, absent: 0, responses: 1 },
    deadLetter,
  ],
  [
    'a recording missing for less than a day',
    { kind: 'missing' },
    { absent: DAY - 1, responses: 24 },
    retry(5),
  ],
  [
    'a recording missing for a day, by three responses',
    { kind: 'missing' },
    { absent: DAY, responses: 3 },
    retry(5),
  ],
  [
    'a recording missing for a day',
    { kind: 'missing' },
    { absent: DAY, deliveries: 30 },
    lostUnlessOutage(DAY, HOUR),
  ],
  [
    'a recording missing for less than three days',
    { kind: 'missing' },
    { absent: 3 * DAY - 1 },
    lostUnlessOutage(3 * DAY - 1),
  ],
  ['a recording missing for three days', { kind: 'missing' }, { absent: 3 * DAY }, lost(5)],
  ['an empty recording', { kind: 'empty' }, { absent: DAY - 1 }, retry(5)],
  ['a recording that has been empty for a day', { kind: 'empty' }, { absent: DAY }, deadLetter],

  [
    'a missing recording of an unanswered call',
    { kind: 'missing' },
    { absent: HOUR - 1, isUnanswered: true },
    retry(5),
  ],
  [
    'a recording of an unanswered call that has been missing for an hour',
    { kind: 'missing' },
    { absent: HOUR, responses: 2, isUnanswered: true },
    // The storage may be away, and the caller may have spoken to a machine.
    { action: 'not-recorded', afterSeconds: 5, ...unlessOutage(HOUR) },
  ],
  [
    'a recording of an unanswered call that has been missing for three days',
    { kind: 'missing' },
    { absent: 3 * DAY, isUnanswered: true },
    { action: 'not-recorded', afterSeconds: 5 },
  ],
  [
    'the first response that it is missing, for an unanswered call of last week',
    { kind: 'missing' },
    { queued: 7 * DAY, absent: 0, responses: 1, isUnanswered: true },
    retry(5),
  ],
  [
    'an unanswered call whose PBX is off',
    { kind: 'transient' },
    { absent: DAY, isUnanswered: true },
    retry(5),
  ],

  ['a PBX that does one download at a time', { kind: 'busy' }, { deliveries: 9 }, wait],
  ['a PBX that has been busy for more than ten days', { kind: 'busy' }, { queued: 10 * DAY + 1 }, deadLetter],

  ['a connection too slow for one run', { kind: 'too-slow' }, { deliveries: 3 }, retry(20)],
  ['a connection too slow for more than a day', { kind: 'too-slow' }, { queued: DAY + 1 }, deadLetter],

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
    let absence: Absence | undefined;
    for (let now = NOW, deliveries = 1; ; deliveries += 1) {
      absence = countAbsence(absence, absentKindOf(kind), now);
      const history = { attempts: deliveries, deliveries, firstQueuedAt: NOW, absence };
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

test('responses within an hour count once', () => {
  const first = countAbsence(undefined, 'missing', NOW);
  expect(first).toEqual({ kind: 'missing', since: NOW, responses: 1, lastAt: NOW });
  expect(countAbsence(first, 'missing', NOW + 1000 * HOUR - 1)).toBe(first);
  const later = NOW + 1000 * HOUR;
  expect(countAbsence(first, 'missing', later)).toEqual({ ...first, responses: 2, lastAt: later });
});

test.each(['missing', 'empty'] as const)('no more responses are counted than decide: %s', (kind) => {
  let absence: Absence | undefined;
  for (let hours = 0; hours < 72; hours += 1)
    absence = countAbsence(absence, kind, NOW + 1000 * hours * HOUR);
  expect(absence).toEqual({ kind, since: NOW, responses: 4, lastAt: NOW + 1000 * 3 * HOUR });
});

test.each([
  ['missing', 'empty'],
  ['empty', 'missing'],
] as const)('a recording that was %s and is now %s is counted anew', (before, kind) => {
  const counted = { kind: before, since: NOW - 1000 * DAY, responses: 9, lastAt: NOW };
  const now = NOW + 1000;
  expect(countAbsence(counted, kind, now)).toEqual({ kind, since: now, responses: 1, lastAt: now });
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
    const actions: Partial<Record<string, Decision['action']>> = {
      lost: 'lost',
      'dead letter, unless it is archived': 'moved-away',
    };
    const end = { action: actions[ending ?? ''] ?? 'dead-letter' };
    const decideAfter = (seconds: number) => {
      const past = countedFrom === 'first such response' ? { absent: seconds } : { queued: seconds };
      return decide({ kind: kind as FailureKind }, historyOf(past, kind as FailureKind), NOW);
    };
    if (days === undefined) return expect(decideAfter(0)).toMatchObject(end);
    expect(['retry', 'hold', 'wait']).toContain(decideAfter(Number(days) * DAY - 1).action);
    return expect(decideAfter(Number(days) * DAY + 1)).toMatchObject(end);
  });
});
