import { describe, expect, test } from 'vitest';
import { findCallStart, toEpochMs } from '../../../../functions/shared/pbx/call-start.ts';

const toIso = (epochMs: number | undefined) =>
  epochMs === undefined ? undefined : new Date(epochMs).toISOString().replace('.000Z', 'Z');

describe('a time of the PBX, in the calendar of its zone:', () => {
  // The days on which the clocks change are those of the IANA time zone database.
  test.each([
    ['UTC', '2017-09-14 09:27:25', '2017-09-14T09:27:25Z'],
    ['Asia/Shanghai', '2017-09-14 09:27:25', '2017-09-14T01:27:25Z'],
    ['Asia/Kolkata', '2026-01-01 00:00:00', '2025-12-31T18:30:00Z'],
    ['Europe/Berlin', '2026-03-29 01:59:59', '2026-03-29T00:59:59Z'],
    ['Europe/Berlin', '2026-03-29 03:00:00', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25 01:59:59', '2026-10-24T23:59:59Z'],
    ['Europe/Berlin', '2026-10-25 03:00:00', '2026-10-25T02:00:00Z'],
    ['America/New_York', '2026-03-08 03:00:00', '2026-03-08T07:00:00Z'],
    ['America/New_York', '2026-11-01 02:00:00', '2026-11-01T07:00:00Z'],
    ['Pacific/Kiritimati', '2026-01-01 00:00:00', '2025-12-31T10:00:00Z'],
  ])('%s, %s', (zone, local, expected) => {
    expect(toIso(toEpochMs(local, zone))).toBe(expected);
  });

  // A call that seems to have ended too late is looked for once more; one that seems too early would be missed.
  test.each([
    ['Europe/Berlin', '2026-10-25 02:30:00', '2026-10-25T01:30:00Z'],
    ['America/New_York', '2026-11-01 01:30:00', '2026-11-01T06:30:00Z'],
    // Half an hour is repeated here.
    ['Australia/Lord_Howe', '2026-04-05 01:45:00', '2026-04-04T15:15:00Z'],
  ])('of an hour that is repeated, the later one: %s, %s', (zone, local, expected) => {
    expect(toIso(toEpochMs(local, zone))).toBe(expected);
  });

  // RFC 5545, 3.3.5: such a time is read with the offset before the gap.
  test.each([
    ['Europe/Berlin', '2026-03-29 02:30:00', '2026-03-29T01:30:00Z'],
    ['America/New_York', '2026-03-08 02:30:00', '2026-03-08T07:30:00Z'],
  ])('of an hour that is left out, the one after it: %s, %s', (zone, local, expected) => {
    expect(toIso(toEpochMs(local, zone))).toBe(expected);
  });

  test.each([
    '',
    '2017-09-14',
    '2017-09-14T09:27:25',
    '2017-09-14 09:27',
    '2017-09-31 09:27:25',
    '2017-09-14 24:00:00',
    '14/09/2017 09:27:25',
    ' 2017-09-14 09:27:25',
  ])('is unknown if it is not written as in the guide: %j', (local) => {
    expect(toEpochMs(local, 'UTC')).toBeUndefined();
  });

  test('is unknown in a time zone that does not exist', () => {
    expect(toEpochMs('2017-09-14 09:27:25', 'Europe/Nowhere')).toBeUndefined();
  });
});

describe('a call began', () => {
  // Sample of the vendor's guide: a PBX in the time zone UTC+8.
  const callId = '1505352445.265';
  const local = '2017-09-14 09:27:25';

  test.each(['Asia/Shanghai', 'UTC', 'America/Los_Angeles'])(
    'at the epoch second in its id, even if the time zone is wrong: %s',
    (zone) => {
      expect(toIso(findCallStart(callId, local, zone))).toBe('2017-09-14T01:27:25Z');
    },
  );

  test('at the epoch second in its id, if its start is unknown', () => {
    expect(toIso(findCallStart(callId, '', 'UTC'))).toBe('2017-09-14T01:27:25Z');
  });

  test.each(['', '7', '7.265', '15053524450.265', 'x1505352445.265', '1505352445'])(
    'at its start if its id has no epoch second: %j',
    (id) => {
      expect(toIso(findCallStart(id, local, 'Asia/Shanghai'))).toBe('2017-09-14T01:27:25Z');
      expect(findCallStart(id, '', 'Asia/Shanghai')).toBeUndefined();
    },
  );

  // Zones are at most 26 hours apart: UTC+14 and UTC-12.
  test('at its start if no wrong time zone explains how far the id is from that', () => {
    expect(toIso(findCallStart(callId, '2017-09-15 03:27:25', 'UTC'))).toBe('2017-09-14T01:27:25Z');
    expect(toIso(findCallStart(callId, '2017-09-15 03:27:26', 'UTC'))).toBe('2017-09-15T03:27:26Z');
    expect(toIso(findCallStart(callId, '2000-01-01 00:00:12', 'UTC'))).toBe('2000-01-01T00:00:12Z');
  });
});
