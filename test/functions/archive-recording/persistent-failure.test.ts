import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { errnoError } from '../../../functions/shared/pbx/s-series/errors.ts';
import { metricsFor } from '../../../functions/shared/telemetry/metrics.ts';
import { captureLog } from '../capture-log.ts';
import {
  ARCHIVED,
  absent,
  createHarness,
  DAY_MS,
  failing,
  HOUR_MS,
  JOB,
  MINUTE_MS,
  SECOND_MS,
  SENT_AT,
} from './process-job-harness.ts';

const logLines = captureLog();
const linesOf = (event: string) => logLines.filter((line) => line.event === event);

describe('a recording that the PBX does not have', () => {
  const missing = errnoError('20014');

  test('is lost after four more such responses at the end of a day, and its job becomes a dead letter', async () => {
    const harness = createHarness();
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(missing))).toBe(true);
    expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + 23 * HOUR_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + 25 * HOUR_MS);
    expect(harness.deadLetters.map(({ reason }) => reason.error.code)).toEqual(['pbx-20014']);
    // What the job found out is not sent back with it.
    expect(JSON.parse(harness.deadLetters[0]?.body ?? '')).toEqual(JOB);
    const { recording, call } = JOB;
    const lost = { level: 'error', pbx: 'hq', recording, callId: call.callId, code: 'pbx-20014' };
    expect(linesOf('recording-lost')).toMatchObject([lost]);
  });

  test('is not lost at the first response, however long ago its call was', async () => {
    const harness = createHarness(JSON.stringify({ ...JOB, endedAt: '2025-12-01T00:00:00.000Z' }));
    harness.now += 9 * DAY_MS;
    await harness.deliver(failing(missing));
    expect([linesOf('recording-lost'), harness.deadLetters]).toEqual([[], []]);
    const streak = { kind: 'missing', since: harness.now, count: 0, lastAt: harness.now };
    expect(harness.sent).toMatchObject([['queue:hq', { earlier: { attempts: 1, streak } }, 5]]);
  });

  test('is requeued when a response counts, and never with a longer delay than SQS accepts', async () => {
    const harness = createHarness();
    await harness.deliverUntil(SENT_AT + 20 * HOUR_MS - 1, failing(missing));
    expect(harness.sent).toHaveLength(1);
    await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(missing));
    expect(harness.sent).toHaveLength(4);
    for (const [, , delay] of harness.sent as unknown[][]) expect(delay).toBeLessThanOrEqual(900);
  });

  test('is found when the storage of the PBX is back after half a day, and nothing is lost', async () => {
    const harness = createHarness();
    const archive = () => {
      if (harness.now < SENT_AT + DAY_MS / 2) throw missing;
      return ARCHIVED;
    };
    expect(await harness.deliverUntil(SENT_AT + DAY_MS, archive)).toBe(true);
    expect(linesOf('archived')).toHaveLength(1);
    expect(harness.deadLetters).toEqual([]);
  });

  test('is held for three days while the PBX delivers nothing else', async () => {
    const harness = createHarness();
    harness.hasStored = () => false;
    expect(await harness.deliverUntil(SENT_AT + 4 * DAY_MS, failing(missing))).toBe(true);
    expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + 3 * DAY_MS + 3 * HOUR_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + 3 * DAY_MS + 5 * HOUR_MS);
    expect(linesOf('recording-lost')).toHaveLength(1);
  });

  test.each([
    ['and the PBX delivers others again', 2 * DAY_MS, true],
    ['and the whole PBX for two more', 4 * DAY_MS, false],
  ])(
    'is not lost at the next such response when the storage was away for two days, %s',
    async (_, backAfterMs, hasOthers) => {
      const harness = createHarness();
      const backAt = SENT_AT + backAfterMs;
      harness.hasStored = () => hasOthers && harness.now >= backAt;
      let responses = 0;
      const archive = () => {
        if (harness.now < SENT_AT + 2 * DAY_MS) throw missing;
        if (harness.now < backAt) throw absent;
        if (++responses < 4) throw missing;
        return ARCHIVED;
      };
      expect(await harness.deliverUntil(backAt + DAY_MS, archive)).toBe(true);
      expect(linesOf('archived')).toHaveLength(1);
      expect([linesOf('recording-lost'), harness.deadLetters]).toEqual([[], []]);
    },
  );

  test('is not lost because of a recording that the PBX delivered after it had denied this one', async () => {
    const since = SENT_AT - DAY_MS;
    const streak = { kind: 'missing', since, count: 3, lastAt: SENT_AT - HOUR_MS };
    const earlier = { attempts: 9, deliveries: 9, since, streak };
    const harness = createHarness(JSON.stringify({ ...JOB, earlier }));
    let storedAt: number | undefined;
    harness.hasStored = (from, to) => storedAt !== undefined && storedAt > from && storedAt <= to;
    const archive = () => {
      if (storedAt !== undefined) return ARCHIVED;
      // The storage comes back while the archive looks, for a minute, whether it has the recording.
      storedAt = harness.now + 10 * SECOND_MS;
      harness.now += MINUTE_MS;
      throw missing;
    };
    expect(await harness.deliverUntil(SENT_AT + DAY_MS, archive)).toBe(true);
    expect(linesOf('archived')).toHaveLength(1);
    expect([linesOf('recording-lost'), harness.deadLetters]).toEqual([[], []]);
  });

  test('is not lost when the archive has it, because another job stored it before this one was reported', async () => {
    const harness = createHarness();
    harness.isStored = true;
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(missing))).toBe(true);
    expect(linesOf('already-archived')).toHaveLength(1);
    expect([linesOf('recording-lost'), harness.deadLetters, [...harness.markers]]).toEqual([[], [], []]);
  });

  const missingForDays = JSON.stringify({
    ...JOB,
    earlier: {
      attempts: 9,
      deliveries: 9,
      since: SENT_AT - 4 * DAY_MS,
      streak: { kind: 'missing', since: SENT_AT - 4 * DAY_MS, count: 9, lastAt: SENT_AT - DAY_MS },
    },
  });

  test('is counted as lost once, and has one dead letter, however often its job is delivered', async () => {
    const harness = createHarness(missingForDays);
    for (const refusal of [new Error('SQS is not there.'), undefined, undefined]) {
      harness.refusal = refusal;
      expect(await harness.deliver(failing(missing))).toBe(refusal === undefined);
    }
    expect(linesOf('recording-lost')).toHaveLength(1);
    expect(harness.deadLetters).toHaveLength(1);
    expect(linesOf('duplicate-dropped')).toHaveLength(1);
  });

  test('is lost all the same if it cannot be marked that the dead letter is written', async () => {
    const harness = createHarness(missingForDays);
    harness.settlingFailure = new Error('S3 is not there.');
    expect(await harness.deliver(failing(missing))).toBe(true);
    expect(harness.deadLetters).toHaveLength(1);
    expect(linesOf('marker-failed')).toMatchObject([{ level: 'warn', marker: 'lost' }]);
  });

  test('leaves one dead letter, even if a report and a reconciliation both queued a job for it', async () => {
    const harness = createHarness(missingForDays);
    harness.markers.set(JOB.recording, { ending: 'lost', reportedAt: '2026-01-01T00:30:00.000Z' });
    expect(await harness.deliver(failing(missing))).toBe(true);
    expect([linesOf('recording-lost'), harness.deadLetters]).toEqual([[], []]);
    expect(linesOf('duplicate-dropped')).toMatchObject([{ recording: JOB.recording, code: 'pbx-20014' }]);
  });

  test('stays in its queue while it cannot be marked as lost', async () => {
    const harness = createHarness(missingForDays);
    harness.markerFailure = new Error('S3 is not there.');
    expect(await harness.deliver(failing(missing))).toBe(false);
    expect(logLines).toMatchObject([{ level: 'error', event: 'marker-failed', marker: 'lost' }]);
    expect(harness.deadLetters).toEqual([]);
    harness.markerFailure = undefined;
    expect(await harness.deliver(failing(missing))).toBe(true);
    expect(linesOf('recording-lost')).toHaveLength(1);
    expect(harness.deadLetters).toHaveLength(1);
  });

  test('is not lost because of another failure, however old the job is', async () => {
    const harness = createHarness();
    harness.now += 11 * DAY_MS;
    expect(await harness.deliver(failing(absent))).toBe(true);
    expect(harness.markers.get(JOB.recording)).toMatchObject({ ending: 'dead-lettered' });
  });

  test.each(['NO ANSWER', 'BUSY', 'FAILED', 'CONGESTION'])(
    'and never had, because nobody answered the call (%s), ends after an hour without a dead letter',
    async (status) => {
      const harness = createHarness(JSON.stringify({ ...JOB, call: { status, talkSeconds: '0' } }));
      expect(await harness.deliverUntil(SENT_AT + DAY_MS, failing(missing))).toBe(true);
      expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + 60 * MINUTE_MS);
      expect(harness.now).toBeLessThanOrEqual(SENT_AT + 120 * MINUTE_MS);
      expect(harness.deadLetters).toEqual([]);
      expect(harness.markers.get(JOB.recording)).toMatchObject({ ending: 'not-recorded' });
      expect(linesOf('not-recorded')).toMatchObject([{ level: 'info', recording: JOB.recording }]);
    },
  );

  test('of a call that nobody answered is held for as long, and its age is no reason for an alarm', async () => {
    const call = { status: 'NO ANSWER', talkSeconds: '0' };
    const harness = createHarness(JSON.stringify({ ...JOB, call }));
    harness.hasStored = () => false;
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(missing))).toBe(false);
    const retries = linesOf('retry-scheduled');
    expect(retries.length).toBeGreaterThan(0);
    const names = retries.flatMap(metricsFor).flatMap(({ values }) => values.map(({ name }) => name));
    expect(new Set(names)).toEqual(new Set(['Failures']));
    expect(await harness.deliverUntil(SENT_AT + 4 * DAY_MS, failing(missing))).toBe(true);
    expect(harness.deadLetters).toEqual([]);
    expect(harness.markers.get(JOB.recording)).toMatchObject({ ending: 'not-recorded' });
  });

  test.each([
    ['FAILED', '3'],
    ['ANSWERED', '0'],
    ['VOICEMAIL', '0'],
    [undefined, '0'],
  ])('is lost as any other if somebody may have talked: status %s, %s s', async (status, talkSeconds) => {
    const harness = createHarness(JSON.stringify({ ...JOB, call: { status, talkSeconds } }));
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(missing))).toBe(true);
    expect(harness.deadLetters).toHaveLength(1);
  });
});

describe('a recording that the line is too slow for', () => {
  const tooSlow = new ArchiveError('too-slow', 'too slow', { kind: 'too-slow' });
  const unreachable = new ArchiveError('pbx-connection', 'no connection');

  test('becomes a dead letter after four more such attempts at the end of a day', async () => {
    const harness = createHarness();
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(tooSlow))).toBe(true);
    expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + 23 * HOUR_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + 25 * HOUR_MS);
    expect(harness.deadLetters.map(({ reason }) => reason.error.code)).toEqual(['too-slow']);
  });

  test('does not become one at the first time, however long other failures have gone on', async () => {
    const harness = createHarness();
    await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(unreachable));
    expect(await harness.deliverUntil(SENT_AT + 2.5 * DAY_MS, failing(tooSlow))).toBe(false);
    expect(harness.deadLetters).toEqual([]);
  });
});

describe('a recording with 0 bytes', () => {
  test('is dead-lettered once, after four more responses at the end of a day, and reconciliation is told', async () => {
    const harness = createHarness();
    const empty = new ArchiveError('recording-empty', 'Empty.', { kind: 'empty' });
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(empty))).toBe(true);
    expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + 23 * HOUR_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + 25 * HOUR_MS);
    expect(harness.deadLetters.map(({ reason }) => reason.error.code)).toEqual(['recording-empty']);
    expect(harness.markers.get(JOB.recording)).toMatchObject({ ending: 'dead-lettered' });
    expect(harness.jobs.length).toBeLessThan(50);
  });
});
