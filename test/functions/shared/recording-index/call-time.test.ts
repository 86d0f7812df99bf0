import { describe, expect, test } from 'vitest';
import { callTimeInName, findCallTime } from '../../../../functions/shared/recording-index/call-time.ts';

const at = (iso: string) => Date.parse(iso);
const writtenAt = at('2026-11-26T12:00:00Z');
const inBerlin = { timeZone: 'Europe/Berlin', writtenAt };

describe('by a name alone', () => {
  // The integer part of the id is the epoch second in UTC; the time before it is that of the PBX.
  test.each([
    ['20170901181806-1504261084.7-1001-1003-Internal.wav', '2017-09-01T10:18:04Z'],
    ['20170914092747-1505352445.265-102-1000-Inbound.wav', '2017-09-14T01:27:25Z'],
    ['20251009105326-1760000000.42-5550100-2001-Inbound.wav', '2025-10-09T08:53:20Z'],
  ])('%s began at %s', (name, began) => {
    expect(callTimeInName(name)).toBe(at(began));
  });

  test.each([
    ['of a PBX that had lost its time', '20000101000512-1504261084.7-1001-1003-Internal.wav'],
    ['whose id is no time', '20170901181806-7.7-1001-1003-Internal.wav'],
    ['without an id', '20170901181806.wav'],
    ['with a day that does not exist', '20170231181806-1504261084.7-1001-1003-Internal.wav'],
    ['of another form', 'exten-101-106-20200505-042135-1588641695.1772.wav'],
  ])('that of one %s is unknown', (_, name) => {
    expect(callTimeInName(name)).toBeUndefined();
  });
});

describe('the time of a call is', () => {
  test('that of the id in its name, whatever its report and the time zone say', () => {
    const call = { callId: '1', start: '2017-09-01 18:18:04' };
    const name = '20170901181806-1504261084.7-1001-1003-Internal.wav';
    expect(findCallTime(name, call, inBerlin)).toBe(at('2017-09-01T10:18:04Z'));
  });

  test('that of the id in its report, if its name has none', () => {
    expect(findCallTime('meeting.wav', { callId: '1504261084.7' }, inBerlin)).toBe(
      at('2017-09-01T10:18:04Z'),
    );
  });

  test('else the start in its report, in the time zone of the PBX', () => {
    const call = { callId: '7', start: '2026-07-01 12:00:00' };
    expect(findCallTime('20260701120005-7-1001-1003-Internal.wav', call, inBerlin)).toBe(
      at('2026-07-01T10:00:00Z'),
    );
  });

  test('else the time with which its name begins, in the time zone of the PBX', () => {
    expect(findCallTime('20260701120005-7-1001-1003-Internal.wav', {}, inBerlin)).toBe(
      at('2026-07-01T10:00:05Z'),
    );
    expect(findCallTime('20260101120005-7-1001-1003-Internal.wav', {}, inBerlin)).toBe(
      at('2026-01-01T11:00:05Z'),
    );
  });

  test('else when the object was written', () => {
    expect(findCallTime('meeting.wav', {}, inBerlin)).toBe(writtenAt);
  });
});
