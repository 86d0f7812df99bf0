import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS } from '../../../../../functions/shared/errors.ts';
import {
  countFailure,
  outageDoubtedSince,
  type Streak,
} from '../../../../../functions/shared/jobs/retry-policy/persistent-failures.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 20);

const inSeconds = (seconds: number) => NOW + 1000 * seconds;

const PERSISTENT = ['missing', 'empty', 'too-slow'] as const;
const first = (kind: Streak['kind']): Streak => ({ kind, since: NOW, count: 0, lastAt: NOW });

describe.each(PERSISTENT)('of failures that are %s', (kind) => {
  test('others count from 20 hours after the first one', () => {
    const streak = countFailure(undefined, { kind }, NOW);
    expect(streak).toEqual(first(kind));
    expect(countFailure(streak, { kind }, inSeconds(20 * HOUR - 1))).toBe(streak);
    const at = inSeconds(20 * HOUR);
    expect(countFailure(streak, { kind }, at)).toEqual({ ...streak, count: 1, lastAt: at });
  });

  test('one an hour counts', () => {
    const streak = { ...first(kind), count: 1, lastAt: inSeconds(DAY) };
    expect(countFailure(streak, { kind }, inSeconds(DAY + HOUR - 1))).toBe(streak);
    const at = inSeconds(DAY + HOUR);
    expect(countFailure(streak, { kind }, at)).toEqual({ ...streak, count: 2, lastAt: at });
  });
});

test.each([
  ['missing', HOUR],
  ['empty', HOUR],
  ['too-slow', 20 * HOUR],
] as const)('for an unanswered call, another that is %s counts after %i seconds', (kind, seconds) => {
  const streak = first(kind);
  expect(countFailure(streak, { kind, isUnanswered: true }, inSeconds(seconds - 1))).toBe(streak);
  expect(countFailure(streak, { kind, isUnanswered: true }, inSeconds(seconds))).toMatchObject({ count: 1 });
});

describe('the storage may be away while a recording is missing, unless the PBX has delivered another one', () => {
  const doubtedAfter = (seconds: number, count = 1) =>
    outageDoubtedSince({ ...first('missing'), count, lastAt: inSeconds(seconds) });

  test('in the last two hours', () => {
    expect(doubtedAfter(DAY, 2)).toBe(inSeconds(DAY - 2 * HOUR));
  });

  test('since no download can still be under way that began before the first response', () => {
    expect(doubtedAfter(HOUR)).toBe(inSeconds(15 * MINUTE));
  });

  test('or three days have passed', () => {
    expect(doubtedAfter(3 * DAY - 1)).toBe(inSeconds(3 * DAY - 1 - 2 * HOUR));
    expect(doubtedAfter(3 * DAY)).toBeUndefined();
  });

  test('which matters only when a failure counts', () => {
    expect(outageDoubtedSince(first('missing'))).toBeUndefined();
  });

  test('which matters only for what ends without a dead letter that says what it was', () => {
    const isDoubted = (kind: Streak['kind'], isUnanswered: boolean) =>
      outageDoubtedSince({ ...first(kind), count: 1, lastAt: inSeconds(DAY), isUnanswered }) !== undefined;
    expect([isDoubted('missing', false), isDoubted('empty', false)]).toEqual([true, false]);
    expect([isDoubted('missing', true), isDoubted('empty', true)]).toEqual([true, true]);
    expect([isDoubted('too-slow', false), isDoubted('too-slow', true)]).toEqual([false, false]);
  });
});

test.each(PERSISTENT.flatMap((before) => PERSISTENT.map((kind) => ({ before, kind }))))(
  'what was $before and is now $kind is counted anew, unless it is the same',
  ({ before, kind }) => {
    const counted = { kind: before, since: NOW - 1000 * DAY, count: 9, lastAt: NOW };
    const now = NOW + 1000;
    const anew = { kind, since: now, count: 0, lastAt: now };
    expect(countFailure(counted, { kind }, now)).toEqual(before === kind ? counted : anew);
  },
);

test.each(FAILURE_KINDS.filter((kind) => !PERSISTENT.some((known) => known === kind)))(
  'a failure that is %s neither counts nor interrupts the others',
  (kind) => {
    const counted: Streak = { kind: 'too-slow', since: NOW, count: 1, lastAt: NOW };
    expect(countFailure(counted, { kind }, NOW + 1000 * DAY)).toBe(counted);
    expect(countFailure(undefined, { kind }, NOW)).toBeUndefined();
  },
);
