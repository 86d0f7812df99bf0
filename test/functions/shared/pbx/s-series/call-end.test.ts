import { describe, expect, test } from 'vitest';
import { findCallEnd } from '../../../../../functions/shared/pbx/s-series/call-end.ts';

const end = (cdr: object, timeZone = 'UTC') => {
  const found = findCallEnd(cdr as Parameters<typeof findCallEnd>[0], timeZone);
  return found === undefined ? undefined : new Date(found).toISOString();
};

describe('the end of a call', () => {
  test('is the second in its id plus its duration', () => {
    const cdr = { callid: '1505352445.265', timestart: '2017-09-14 09:27:25', talkduraction: '29' };
    expect(end({ ...cdr, callduraction: '38' })).toBe('2017-09-14T01:28:03.000Z');
    expect(end({ ...cdr, callduration: '38' })).toBe('2017-09-14T01:28:03.000Z');
    // The id is in UTC, so a wrong time zone does no harm.
    expect(end({ ...cdr, callduraction: '38' }, 'America/Los_Angeles')).toBe('2017-09-14T01:28:03.000Z');
  });

  test('is counted from the PBX-local start time when the id has another format', () => {
    const cdr = { timestart: '2026-07-01 12:00:00', callduration: '90' };
    for (const callid of [undefined, '', 'abc', '12.5', '15053524451.2', '1505352445']) {
      expect(end({ ...cdr, callid }, 'Europe/Berlin')).toBe('2026-07-01T10:01:30.000Z');
    }
  });

  test('is counted from the PBX-local start time when the time in the id is far from it', () => {
    const cdr = { callid: '1000000000.7', timestart: '2026-07-01 12:00:00', callduration: '90' };
    expect(end(cdr, 'Europe/Berlin')).toBe('2026-07-01T10:01:30.000Z');
  });

  test('is the later time when the local time is ambiguous or skipped by daylight saving', () => {
    expect(end({ timestart: '2026-10-25 02:30:00' }, 'Europe/Berlin')).toBe('2026-10-25T01:30:00.000Z');
    expect(end({ timestart: '2026-03-29 02:30:00' }, 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
  });

  test('is its start when its duration is not a number of seconds', () => {
    for (const callduration of [undefined, '', '0:38', '-5', '1e3', '99999999999999999']) {
      expect(end({ callid: '1505352445.265', callduration })).toBe('2017-09-14T01:27:25.000Z');
    }
  });

  test('is unknown when neither id nor start time says when it began', () => {
    for (const timestart of [
      undefined,
      '',
      'yesterday',
      '2026-13-01 00:00:00',
      '2026-02-30 00:00:00',
      '17/05/2026 09:00',
    ]) {
      expect(end({ callid: '7', timestart, callduration: '38' })).toBeUndefined();
    }
  });
});
