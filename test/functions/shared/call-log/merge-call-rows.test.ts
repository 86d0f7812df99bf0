import { describe, expect, test } from 'vitest';
import {
  addRow,
  isWrittenBeforeEnd,
  type Recorded,
} from '../../../../functions/shared/call-log/merge-call-rows.ts';
import type { Call } from '../../../../functions/shared/jobs/call.ts';

const NOON = Date.parse('2026-11-26T12:00:00Z');
const MINUTE_MS = 60_000;
const NAME = 'call.wav';

interface Row extends Call {
  /** Minutes after noon. */
  ended?: number;
}

/** What the rows of one recording say, in this order. */
function read(...rows: Row[]): Recorded {
  const recorded = new Map<string, Recorded>();
  for (const { ended, ...call } of rows) {
    const endedAt = ended === undefined ? undefined : NOON + ended * MINUTE_MS;
    addRow(recorded, NAME, { call, endedAt });
  }
  return recorded.get(NAME) as Recorded;
}

const answered = (ended: number, seconds: number, to = 'x'): Row => ({
  ended,
  talkSeconds: String(seconds),
  status: 'ANSWERED',
  to,
});

/** Each order of two rows: call logs are sorted in either direction. */
const inBothOrders = (one: Row, other: Row) => [read(one, other), read(other, one)];

test('one row is the call itself', () => {
  const row = answered(0, 30);
  expect(read(row)).toMatchObject({ call: { talkSeconds: '30' }, endedAt: NOON, hasSeveralEnds: false });
});

describe('the rows of a transferred call', () => {
  test('end with the last one, and have the details of the longest conversation', () => {
    for (const recorded of inBothOrders(answered(0, 300, '1001'), answered(1, 60, '1002'))) {
      expect(recorded).toMatchObject({
        call: { to: '1001' },
        callEndedAt: NOON,
        endedAt: NOON + MINUTE_MS,
        hasSeveralEnds: true,
      });
    }
  });

  test('are those of one call if the second begins up to ten minutes after the end of the first', () => {
    // Ended at 12:30 after 20 minutes, so it began at 12:10.
    for (const recorded of inBothOrders(answered(0, 1800, '1001'), answered(30, 1200, '1002')))
      expect(recorded.call.to).toBe('1001');
  });

  test('have one end if all end together', () => {
    expect(read(answered(0, 300), answered(0, 60))).toMatchObject({ hasSeveralEnds: false, endedAt: NOON });
  });

  test('end when the only row ends that says so', () => {
    for (const recorded of inBothOrders(answered(0, 300), { talkSeconds: '60', status: 'ANSWERED' }))
      expect(recorded).toMatchObject({ endedAt: NOON, hasSeveralEnds: false });
  });
});

describe('two calls with one name', () => {
  test('have the details of the last one, if the second begins more than ten minutes after the end of the first', () => {
    for (const recorded of inBothOrders(answered(0, 1800, '1001'), answered(30, 1199, '1002')))
      expect(recorded).toMatchObject({ call: { to: '1002' }, endedAt: NOON + 30 * MINUTE_MS });
  });

  test('have those of the last one that was answered: its recording is what the PBX has', () => {
    const unanswered: Row = { ended: 60, talkSeconds: '0', status: 'NO ANSWER', to: '1002' };
    for (const recorded of inBothOrders(answered(0, 30, '1001'), unanswered)) {
      expect(recorded.call.to).toBe('1001');
      expect(recorded.callEndedAt).toBe(NOON);
    }
  });
});

describe('an object lacks the end of the call', () => {
  const transferred = read(answered(0, 300), answered(5, 60));
  const end = NOON + 5 * MINUTE_MS;

  test('if it was written before the last end', () => {
    expect(isWrittenBeforeEnd(end - 1, transferred, end)).toBe(true);
    expect(isWrittenBeforeEnd(end, transferred, end)).toBe(false);
  });

  test('unless that end is in the future, or the call has a single one: the clock of the PBX is wrong', () => {
    expect(isWrittenBeforeEnd(end - 2, transferred, end - 1)).toBe(false);
    expect(isWrittenBeforeEnd(NOON - 1, read(answered(0, 300)), end)).toBe(false);
  });

  test('unless nobody knows when it was written', () => {
    expect(isWrittenBeforeEnd(undefined, transferred, end)).toBe(false);
  });
});
