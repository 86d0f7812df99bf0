import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deadlineSignal } from '../../../functions/shared/deadline.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the deadline', () => {
  test('is twenty seconds before the end, not earlier', () => {
    const signal = deadlineSignal({ getRemainingTimeInMillis: () => 900_000 });
    vi.advanceTimersByTime(879_999);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
  });

  test.each([20_000, 19_999, 0, -5])('is now when only %s ms are left', (left) => {
    const signal = deadlineSignal({ getRemainingTimeInMillis: () => left });
    vi.advanceTimersByTime(0);
    expect(signal.aborted).toBe(true);
  });

  test('aborts with an error that is retried', () => {
    const signal = deadlineSignal({ getRemainingTimeInMillis: () => 20_001 });
    vi.advanceTimersByTime(1);
    expect(signal.reason).toBeInstanceOf(ArchiveError);
    expect(signal.reason).toMatchObject({ code: 'deadline', kind: 'transient' });
  });

  test('does not keep the process alive', () => {
    const start = vi.spyOn(globalThis, 'setTimeout');
    deadlineSignal({ getRemainingTimeInMillis: () => 900_000 });
    expect(start.mock.results.map(({ value }) => value.hasRef())).toEqual([false]);
  });
});
