import { describe, expect, test } from 'vitest';
import type { LogEvent } from '../../../../functions/shared/telemetry/events.ts';
import type { LogLine } from '../../../../functions/shared/telemetry/log.ts';
import { metricsFor } from '../../../../functions/shared/telemetry/metrics.ts';

/** The series that a log line adds to, and the values it adds: `{ 'Lost pbx=hq': 1 }`. */
function seriesOf(event: LogEvent, fields: Record<string, unknown> = {}): Record<string, number> {
  const line: LogLine = { level: 'info', event, ...fields };
  return Object.fromEntries(
    metricsFor(line).flatMap(({ dimensions, values }) =>
      dimensions.flatMap((set) => {
        const [[dimension, value] = ['stack', '']] = Object.entries(set);
        const suffix = value === '' ? dimension : `${dimension}=${value}`;
        return values.map((metric) => [`${metric.name} ${suffix}`, metric.value]);
      }),
    ),
  );
}

const pbx = 'hq';

describe('a report counts', () => {
  test('as a job, not yet archived, when it is of a recorded call', () => {
    expect(seriesOf('job-queued', { pbx })).toEqual({
      'Reports pbx=hq': 1,
      'Jobs pbx=hq': 1,
      'Archived pbx=hq': 0,
    });
  });

  test('not as a job when nobody answered the call: the PBX may have no recording of it', () => {
    expect(seriesOf('job-queued', { pbx, unanswered: true })).toEqual({ 'Reports pbx=hq': 1 });
  });

  test.each(['boot-up-reported', 'report-ignored'] as const)('only as a report: %s', (event) => {
    expect(seriesOf(event, { pbx })).toEqual({ 'Reports pbx=hq': 1 });
  });

  test('as a failure too when it cannot be used', () => {
    expect(seriesOf('report-dead-lettered', { pbx, code: 'report-foreign' })).toEqual({
      'Reports pbx=hq': 1,
      'Failures pbx=hq': 1,
      'Failures code=report-foreign': 1,
    });
    expect(seriesOf('report-too-large', { pbx, bytes: 70_000 })).toEqual({
      'Reports pbx=hq': 1,
      'Failures pbx=hq': 1,
      'Failures code=report-too-large': 1,
    });
  });

  test('as a failure, not as a report of the PBX, when it is rejected', () => {
    expect(seriesOf('report-rejected', { pbx })).toEqual({
      'Failures pbx=hq': 1,
      'Failures code=report-rejected': 1,
    });
  });

  test('without a PBX when it is for none of ours or could not be processed', () => {
    expect(seriesOf('report-rejected')).toEqual({ 'Failures code=report-rejected': 1 });
    expect(seriesOf('report-failed', { code: 'AccessDeniedException' })).toEqual({
      'Failures code=other': 1,
    });
  });
});

describe('a job counts', () => {
  test('its size, attempts and times when its recording is stored', () => {
    const fields = { pbx, bytes: 64_044, ms: 1500, delayMs: 9250, attempt: 2 };
    expect(seriesOf('archived', fields)).toEqual({
      'Archived pbx=hq': 1,
      'Bytes pbx=hq': 64_044,
      'Duration pbx=hq': 1.5,
      'Attempts pbx=hq': 2,
      'Delay pbx=hq': 9.25,
      'Delay stack': 9.25,
    });
  });

  test('without a delay when the end of the call is unknown', () => {
    const fields = { pbx, bytes: 64_044, ms: 1500, attempt: 1 };
    expect(Object.keys(seriesOf('archived', fields)).join()).not.toContain('Delay');
  });

  test('only finite numbers', () => {
    const fields = { pbx, bytes: Number.NaN, ms: Number.POSITIVE_INFINITY, delayMs: '9250', attempt: 2 };
    expect(seriesOf('archived', fields)).toEqual({ 'Archived pbx=hq': 1, 'Attempts pbx=hq': 2 });
  });

  test.each(['retry-scheduled', 'retry-not-scheduled', 'dead-letter-failed', 'marker-failed'] as const)(
    'as a failure, with its age, while it stays in the queue: %s',
    (event) => {
      expect(seriesOf(event, { pbx, code: 'pbx-connection', ageMs: 3_600_000 })).toEqual({
        'Failures pbx=hq': 1,
        'Failures code=pbx-connection': 1,
        'JobAge pbx=hq': 3600,
      });
    },
  );

  test.each(['job-dead-lettered', 'resumed'] as const)(
    'as a failure, without its age, when it leaves the queue: %s',
    (event) => {
      expect(seriesOf(event, { pbx, code: 'deadline', ageMs: 5000 })).toEqual({
        'Failures pbx=hq': 1,
        'Failures code=deadline': 1,
      });
    },
  );

  test.each(['already-archived', 'duplicate-dropped', 'erased-dropped'] as const)(
    'as settled when there is nothing to do any more: %s',
    (event) => {
      expect(seriesOf(event, { pbx, ageMs: 5000 })).toEqual({ 'Settled pbx=hq': 1 });
    },
  );

  test('as lost when the PBX no longer has the recording', () => {
    expect(seriesOf('recording-lost', { pbx, code: 'pbx-20014' })).toEqual({
      'Lost pbx=hq': 1,
      'Lost stack': 1,
    });
  });

  test('without a PBX and an age when the message is not a job', () => {
    expect(seriesOf('dead-letter-failed', { code: 'job-malformed', ageMs: 5000 })).toEqual({
      'Failures code=job-malformed': 1,
    });
  });
});

describe('a session counts', () => {
  test.each(['logged-in', 'kept-alive'] as const)('as up when it is %s', (outcome) => {
    expect(seriesOf('session-up', { pbx, outcome })).toEqual({
      'SessionUp pbx=hq': 1,
      'LoginHeld stack': 0,
    });
  });

  test('as held when the PBX has refused the login, and otherwise only as down', () => {
    expect(seriesOf('session-down', { pbx, outcome: 'held', code: 'pbx-20003' })).toEqual({
      'SessionUp pbx=hq': 0,
      'LoginHeld stack': 1,
      'Failures pbx=hq': 1,
      'Failures code=pbx-20003': 1,
    });
    const failed = { pbx, outcome: 'failed', code: 'pbx-connection' };
    expect(seriesOf('session-down', failed)).toMatchObject({
      'SessionUp pbx=hq': 0,
      'LoginHeld stack': 0,
    });
  });

  test('as down before anybody has entered the credentials', () => {
    expect(seriesOf('no-credentials', { pbx })).toEqual({ 'SessionUp pbx=hq': 0, 'LoginHeld stack': 0 });
  });

  test('as held as soon as any function is refused', () => {
    expect(seriesOf('login-refused', { pbx, code: 'pbx-20003' })).toEqual({ 'LoginHeld stack': 1 });
  });
});

describe('a reconciliation counts', () => {
  test('what it found, and no jobs when nothing was missing', () => {
    const counts = { found: 10, present: 10, queued: 0, waiting: 0, ended: 0, unreadable: 0 };
    expect(seriesOf('reconciled', { pbx, ...counts, oldestMissingMs: 0 })).toEqual({
      'Found pbx=hq': 10,
      'Present pbx=hq': 10,
      'Queued pbx=hq': 0,
      'OldestMissingAge pbx=hq': 0,
      'UnreadableRows stack': 0,
    });
  });

  test('each recording that it queued as a job that is not yet archived, and only once', () => {
    expect(seriesOf('missing-recording-queued', { pbx })).toEqual({
      'Jobs pbx=hq': 1,
      'Archived pbx=hq': 0,
      'Queued pbx=hq': 1,
    });
    const counts = { found: 10, present: 7, queued: 3, waiting: 0, ended: 0, unreadable: 0 };
    const series = seriesOf('reconciled', { pbx, ...counts, oldestMissingMs: 7_200_000 });
    expect(series).toMatchObject({ 'Queued pbx=hq': 0, 'OldestMissingAge pbx=hq': 7200 });
    expect(series).not.toHaveProperty(['Jobs pbx=hq']);
  });

  test('no recording of a call that nobody answered', () => {
    expect(seriesOf('missing-recording-queued', { pbx, unanswered: true })).toEqual({});
  });

  test('the rows that it could not read, also when it failed later', () => {
    const counts = { found: 10, present: 10, queued: 0, unreadable: 2 };
    expect(seriesOf('reconciled', { pbx, ...counts })).toMatchObject({ 'UnreadableRows stack': 2 });
    expect(seriesOf('reconciliation-failed', { pbx, code: 'deadline', ...counts })).toEqual({
      'UnreadableRows stack': 2,
      'Failures pbx=hq': 1,
      'Failures code=deadline': 1,
    });
  });

  test('nothing about rows that it has not read', () => {
    const none = { unreadable: 0 };
    expect(seriesOf('reconciliation-failed', { pbx, code: 'deadline', ...none })).not.toHaveProperty(
      'UnreadableRows stack',
    );
    expect(seriesOf('reconciliation-failed', { pbx, code: 'cdr-malformed' })).toEqual({
      'Failures pbx=hq': 1,
      'Failures code=cdr-malformed': 1,
    });
  });
});

describe('a reconciliation that a schedule started counts', () => {
  const counts = { found: 1, present: 1, unreadable: 0 };

  test.each([
    ['recent', 'FailedReconciliations stack'],
    ['wide', 'FailedWideReconciliations stack'],
  ])('how many of %s have failed in a row', (schedule, series) => {
    const metrics = ['FailedReconciliations stack', 'FailedWideReconciliations stack'];
    for (const [event, failedInARow] of [
      ['reconciled', 0],
      ['reconciliation-failed', 2],
    ] as const) {
      const found = seriesOf(event, { pbx, ...counts, schedule, failedInARow });
      expect(metrics.filter((metric) => metric in found)).toEqual([series]);
      expect(found).toHaveProperty(series, failedInARow);
    }
  });
});

describe('a code', () => {
  test.each([
    ['pbx-20014', 'pbx-20014'],
    ['pbx-60001', 'pbx-60001'],
    ['pbx-70651', 'pbx-70651'],
    ['pbx-80010', 'pbx-80010'],
    ['pbx-minus-1', 'pbx-minus-1'],
    ['pbx-bad-response', 'pbx-bad-response'],
    ['pbx-malformed', 'pbx-malformed'],
    ['pbx-none', 'pbx-none'],
    ['pbx-anything', 'other'],
    ['recording-incomplete', 'recording-incomplete'],
    ['AccessDenied', 'other'],
    ['Error', 'other'],
    ['pbx-99999', 'other'],
    ['pbx-4930901820', 'other'],
    ['+4930901820', 'other'],
    ['', 'other'],
    [20_014, 'other'],
  ])('%j is counted as %s, so that the number of series stays limited', (code, kept) => {
    expect(seriesOf('job-dead-lettered', { pbx, code })).toHaveProperty([`Failures code=${kept}`], 1);
  });
});

test('a line that is not an outcome adds to no metric', () => {
  for (const event of ['session-opened', 'download-progress', 'pbx-busy'] as const) {
    expect(metricsFor({ level: 'info', event, pbx, bytes: 1 })).toEqual([]);
  }
});
