import { describe, expect, test } from 'vitest';
import { processJob } from '../../../functions/archive-recording/process-job.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import type { DeadLetterReason } from '../../../functions/shared/jobs/queues.ts';
import { errnoError } from '../../../functions/shared/pbx/s-series/errors.ts';
import type { Archived } from '../../../functions/shared/recordings/archive-recording.ts';
import { Unverified } from '../../../functions/shared/recordings/completeness.ts';
import { Interruption } from '../../../functions/shared/recordings/save-in-parts.ts';
import type { Upload } from '../../../functions/shared/recordings/uploads.ts';
import { metricsFor } from '../../../functions/shared/telemetry/metrics.ts';
import { captureLog } from '../capture-log.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SENT_AT = Date.UTC(2026, 0, 1);

const JOB: Job = {
  version: 1,
  pbx: 'hq',
  recording: '20260101000000-1767225600.7-1001-1003-Internal.wav',
  call: { callId: '1767225600.7' },
  reportedAt: '2026-01-01T00:00:00.000Z',
};
const STORED = { key: 'recordings/hq/a.wav', bytes: 364, crc32: 'AAAAAA==', verifiedBy: 'content-length' };
const ARCHIVED: Archived = { outcome: 'archived', ...STORED };

const OBJECT = {
  bytes: 364,
  crc32: 'AAAAAA==',
  isFullObjectChecksum: true,
  etag: '"1"',
  openedAt: SENT_AT + MINUTE_MS,
  talkSeconds: undefined,
  verifiedBy: 'content-length',
  callId: undefined,
};

const absent = new ArchiveError('pbx-connection', 'The connection to the PBX failed.');
const logLines = captureLog();
const linesOf = (event: string) => logLines.filter((line) => line.event === event);

/** One message in a queue, and a clock that moves only between deliveries. */
function createHarness(body = JSON.stringify(JOB)) {
  const harness = {
    now: SENT_AT,
    attempt: 1,
    delays: [] as number[],
    deadLetters: [] as { body: string; reason: DeadLetterReason }[],
    refusal: undefined as Error | undefined,
    jobs: [] as Job[],
    repeated: [] as boolean[],
    sent: [] as unknown[],
    /** By recording, how the job that was reported then ended. */
    markers: new Map<string, { ending: string; reportedAt: string; isSettled?: true }>(),
    /** What the bucket has. */
    isStored: false,
    /** Whether the PBX has delivered another recording between these times (epoch ms). */
    hasStored: (_from: number, _to: number): boolean => true,
    markerFailure: undefined as Error | undefined,
    settlingFailure: undefined as Error | undefined,
    aborted: [] as Upload[],
  };
  let current = body;
  const queues = {
    async send(...message: unknown[]) {
      if (harness.refusal !== undefined) throw harness.refusal;
      harness.sent.push(message);
      current = JSON.stringify(message[1]);
    },
    async sendDeadLetter(deadBody: string, reason: DeadLetterReason) {
      if (harness.refusal !== undefined) throw harness.refusal;
      harness.deadLetters.push({ body: deadBody, reason });
    },
    async scheduleRetry(queueUrl: string, receiptHandle: string, seconds: number) {
      expect([queueUrl, receiptHandle]).toEqual(['queue:hq', 'receipt']);
      if (harness.refusal !== undefined) throw harness.refusal;
      harness.delays.push(seconds);
    },
  };
  /** Delivers the message once; returns whether it is acknowledged. */
  function deliver(archive: () => Archived): Promise<boolean> {
    const { attempt } = harness;
    const message = {
      body: current,
      queueUrl: 'queue:hq',
      receiptHandle: 'receipt',
      attempt,
      sentAt: SENT_AT,
    };
    return processJob(message, {
      archive: async (job, isRepeated) => {
        harness.jobs.push(job);
        harness.repeated.push(isRepeated);
        return archive();
      },
      queues,
      markers: {
        async markEnded(ending, { recording, reportedAt, earlier }, queuedAt) {
          if (harness.markerFailure !== undefined) throw harness.markerFailure;
          expect(queuedAt).toBe(earlier?.since ?? SENT_AT);
          const marked = harness.markers.get(recording);
          if (marked === undefined) harness.markers.set(recording, { ending, reportedAt });
          if (marked === undefined) return 'first';
          return marked.reportedAt === reportedAt && !marked.isSettled ? 'again' : 'duplicate';
        },
        async markDeadLettered(ending, { recording, reportedAt }) {
          if (harness.settlingFailure !== undefined) throw harness.settlingFailure;
          harness.markers.set(recording, { ending, reportedAt, isSettled: true });
        },
      },
      store: {
        async abort(upload) {
          harness.aborted.push(upload);
        },
        find: async () => (harness.isStored ? OBJECT : undefined),
        hasStoredBetween: async (_, from, to) => harness.hasStored(from, to),
      },
      now: () => harness.now,
    });
  }
  /** Redelivers after each delay, as SQS does, until the job has ended or `until` has passed. */
  async function deliverUntil(until: number, archive: () => Archived): Promise<boolean> {
    while (harness.now <= until) {
      const sent = harness.sent.length;
      const isAcknowledged = await deliver(archive);
      const isRequeued = harness.sent.length > sent;
      if (isAcknowledged && !isRequeued) return true;
      const delay = isRequeued ? (harness.sent.at(-1) as unknown[])[2] : harness.delays.at(-1);
      harness.now += Number(delay) * SECOND_MS;
      harness.attempt = isRequeued ? 1 : harness.attempt + 1;
    }
    return false;
  }
  return Object.assign(harness, { deliver, deliverUntil });
}

const failing = (error: unknown) => () => {
  throw error;
};

test.each<Archived>([
  ARCHIVED,
  { ...ARCHIVED, outcome: 'recording-replaced' },
  { ...ARCHIVED, outcome: 'stored-beside' },
  { outcome: 'already-archived', key: ARCHIVED.key },
])('a job that succeeds is acknowledged, and one log line says how it ended', async (archived) => {
  const harness = createHarness();
  expect(await harness.deliver(() => archived)).toBe(true);
  expect(harness.jobs).toEqual([JOB]);
  expect([harness.delays, harness.deadLetters]).toEqual([[], []]);
  const { outcome, ...details } = archived;
  const { recording, call } = JOB;
  const jobFields = { pbx: 'hq', recording, callId: call.callId, attempt: 1, ms: 0 };
  const delay = outcome === 'already-archived' ? {} : { delayMs: 0 };
  expect(logLines).toEqual([{ level: 'info', event: outcome, ...jobFields, ...details, ...delay }]);
});

test.each([
  ['the end of the call', { endedAt: '2025-12-31T23:59:30.000Z' }, 90],
  ['the report when the end of the call is unknown', {}, 60],
])('the logged delay counts from %s', async (_, end, delaySeconds) => {
  const harness = createHarness(JSON.stringify({ ...JOB, ...end }));
  harness.now += MINUTE_MS;
  await harness.deliver(() => ARCHIVED);
  expect(logLines).toMatchObject([{ event: 'archived', delayMs: delaySeconds * SECOND_MS }]);
});

describe('a job that failed', () => {
  test('is retried after 5, 10, 20 seconds and so on, up to an hour', async () => {
    const harness = createHarness();
    await harness.deliverUntil(SENT_AT + DAY_MS / 4, failing(absent));
    const growing = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560];
    expect(harness.delays.slice(0, 10)).toEqual(growing);
    expect(new Set(harness.delays.slice(10))).toEqual(new Set([3600]));
  });

  test.each([new TypeError('terminated'), 'a thrown string', undefined])(
    'for an unknown reason is retried: %o',
    async (reason) => {
      const harness = createHarness();
      expect(await harness.deliver(failing(reason))).toBe(false);
      expect(harness.delays).toEqual([5]);
    },
  );

  test('is left to the visibility timeout of the queue when its own cannot be set', async () => {
    const harness = createHarness();
    harness.refusal = new Error('SQS is not there.');
    expect(await harness.deliver(failing(absent))).toBe(false);
    expect(logLines).toMatchObject([{ event: 'retry-not-scheduled' }]);
  });

  test('waits until the login lock of the PBX ends', async () => {
    const harness = createHarness();
    const notBefore = SENT_AT + 10 * MINUTE_MS + 1;
    const locked = new ArchiveError('pbx-20002', 'Locked.', { kind: 'login-held', notBefore });
    expect(await harness.deliver(failing(locked))).toBe(false);
    expect(harness.delays).toEqual([601]);
  });

  test('waits for a login lock at least its usual backoff and at most an hour', async () => {
    const harness = createHarness();
    const lock = (notBefore: number) => new ArchiveError('x', 'x', { kind: 'login-held', notBefore });
    harness.attempt = 8;
    await harness.deliver(failing(lock(SENT_AT + SECOND_MS)));
    await harness.deliver(failing(lock(SENT_AT - DAY_MS)));
    await harness.deliver(failing(lock(SENT_AT + DAY_MS)));
    expect(harness.delays).toEqual([640, 640, 3600]);
  });
});

describe('a PBX that is off', () => {
  test('for three days loses nothing', async () => {
    const harness = createHarness();
    const archive = () => {
      if (harness.now < SENT_AT + 3 * DAY_MS) throw absent;
      return ARCHIVED;
    };
    expect(await harness.deliverUntil(SENT_AT + 4 * DAY_MS, archive)).toBe(true);
    // Within an hour after the PBX is back.
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + 3 * DAY_MS + 60 * MINUTE_MS);
    expect(harness.deadLetters).toEqual([]);
  });

  test('for more than ten days leaves a dead letter with the reason', async () => {
    const harness = createHarness();
    expect(await harness.deliverUntil(SENT_AT + 12 * DAY_MS, failing(absent))).toBe(true);
    expect(harness.now).toBeGreaterThan(SENT_AT + 10 * DAY_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + 10 * DAY_MS + 60 * MINUTE_MS);
    const reason = { pbx: 'hq', error: absent, attempts: harness.attempt, firstAt: JOB.reportedAt };
    expect(harness.deadLetters).toMatchObject([{ body: JSON.stringify(JOB), reason }]);
    // Below the redrive policy's maxReceiveCount: otherwise SQS would move the job itself, without a reason.
    expect(harness.attempt).toBeLessThan(400);
  });
});

describe('the error code of the PBX decides how long a job is retried:', () => {
  test.each(['20015', '10003', '20000', '20001'])('%s is dead-lettered at once', async (errno) => {
    const harness = createHarness();
    expect(await harness.deliver(failing(errnoError(errno)))).toBe(true);
    expect(harness.deadLetters.map(({ reason }) => reason.error.code)).toEqual([`pbx-${errno}`]);
    expect(harness.delays).toEqual([]);
  });

  test.each(['20002', '20003', '20004', '20006', '20012', '99999'])(
    '%s is retried for days',
    async (errno) => {
      const harness = createHarness();
      expect(await harness.deliverUntil(SENT_AT + 9 * DAY_MS, failing(errnoError(errno)))).toBe(false);
      expect(harness.deadLetters).toEqual([]);
    },
  );
});

describe('a recording that the PBX does not have', () => {
  const missing = errnoError('20014');

  test('is lost after a day and four more such responses, not earlier, and its job becomes a dead letter', async () => {
    const harness = createHarness();
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(missing))).toBe(true);
    expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + DAY_MS + 3 * HOUR_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + DAY_MS + 5 * HOUR_MS);
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
    await harness.deliverUntil(SENT_AT + DAY_MS - 1, failing(missing));
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

  test('becomes a dead letter after a day and four more such attempts', async () => {
    const harness = createHarness();
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(tooSlow))).toBe(true);
    expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + DAY_MS + 3 * HOUR_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + DAY_MS + 5 * HOUR_MS);
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
  test('is dead-lettered once, after a day and four more responses, and reconciliation is told', async () => {
    const harness = createHarness();
    const empty = new ArchiveError('recording-empty', 'Empty.', { kind: 'empty' });
    expect(await harness.deliverUntil(SENT_AT + 2 * DAY_MS, failing(empty))).toBe(true);
    expect(harness.now).toBeGreaterThanOrEqual(SENT_AT + DAY_MS + 3 * HOUR_MS);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + DAY_MS + 5 * HOUR_MS);
    expect(harness.deadLetters.map(({ reason }) => reason.error.code)).toEqual(['recording-empty']);
    expect(harness.markers.get(JOB.recording)).toMatchObject({ ending: 'dead-lettered' });
    expect(harness.jobs.length).toBeLessThan(50);
  });
});

describe('a download that could not be verified', () => {
  const download = { bytes: 364, crc32: 7, at: SENT_AT };
  const unverified = (notBefore: number) =>
    new Unverified('recording-unverified', 'Odd.', notBefore, download);

  test('is remembered in a new message, which is delivered when it is time to look again', async () => {
    const harness = createHarness();
    harness.attempt = 3;
    expect(await harness.deliver(failing(unverified(SENT_AT + 2 * MINUTE_MS)))).toBe(true);
    const earlier = { attempts: 3, deliveries: 3, since: SENT_AT, download };
    expect(harness.sent).toEqual([['queue:hq', { ...JOB, earlier }, 120]]);
    expect(linesOf('retry-scheduled')).toMatchObject([{ code: 'recording-unverified', retryInSeconds: 120 }]);
  });

  test('is not requeued when it is the same again', async () => {
    const harness = createHarness();
    await harness.deliver(failing(unverified(SENT_AT)));
    const [[, requeued]] = harness.sent as [[string, Job]];
    const again = new Unverified('recording-unverified', 'Odd.', SENT_AT, requeued.earlier?.download);
    expect(await harness.deliver(failing(again))).toBe(false);
    expect(harness.sent).toHaveLength(1);
    // Attempts before the requeue still count for the back-off.
    expect(harness.delays).toEqual([10]);
  });

  test('stays in its queue when the new message cannot be queued', async () => {
    const harness = createHarness();
    harness.refusal = new Error('SQS is not there.');
    expect(await harness.deliver(failing(unverified(SENT_AT)))).toBe(false);
    expect(logLines).toMatchObject([{ event: 'retry-not-scheduled' }]);
  });
});

describe('a PBX that is busy with another download', () => {
  const busy = () => {
    throw new ArchiveError('pbx-70651', 'The PBX is preparing another download.', { kind: 'busy' });
  };

  test('gets the job again in half a minute, as a new message that does not count the attempt', async () => {
    const harness = createHarness();
    harness.attempt = 3;
    expect(await harness.deliver(busy)).toBe(true);
    const earlier = { attempts: 2, deliveries: 2, since: SENT_AT };
    expect(harness.sent).toEqual([['queue:hq', expect.objectContaining({ earlier }), 30]]);
    expect(logLines).toEqual([expect.objectContaining({ event: 'pbx-busy', attempt: 3 })]);
    expect(logLines.flatMap(metricsFor)).toEqual([]);
    harness.attempt = 1;
    expect(await harness.deliver(busy)).toBe(true);
    expect(harness.sent[1]).toEqual(harness.sent[0]);
  });

  test('gets it after a look at the archive: another job may have had its turn', async () => {
    const harness = createHarness();
    expect(await harness.deliver(busy)).toBe(true);
    expect(await harness.deliver(() => ARCHIVED)).toBe(true);
    expect(harness.repeated).toEqual([false, true]);
  });

  test('for ten days leaves a dead letter', async () => {
    const harness = createHarness();
    await harness.deliverUntil(harness.now + 11 * DAY_MS, busy);
    expect(harness.deadLetters).toMatchObject([{ reason: { error: { code: 'pbx-70651' } } }]);
  });

  test('keeps the message when the queue is away', async () => {
    const harness = createHarness();
    harness.refusal = new Error('SQS is away.');
    expect(await harness.deliver(busy)).toBe(false);
  });
});

test('the archive is checked first from the second attempt on, and for what reconciliation found', async () => {
  const harness = createHarness();
  await harness.deliver(failing(absent));
  harness.attempt = 2;
  await harness.deliver(failing(absent));
  const found = createHarness(JSON.stringify({ ...JOB, foundBy: 'reconciliation' }));
  await found.deliver(failing(absent));
  expect([harness.repeated, found.repeated]).toEqual([[false, true], [true]]);
});

describe('a job that continues an upload', () => {
  const stored = { uploadId: 'upload 1', parts: [{ etag: 'e', crc32: 'AAAAAA==' }], bytes: 7, crc32: 8 };
  const EARLIER = { attempts: 40, deliveries: 0, since: SENT_AT - 3 * DAY_MS };
  const body = JSON.stringify({ ...JOB, earlier: EARLIER, progress: stored });
  const uploadOf = (uploadId: string) => ({ key: `recordings/hq/2026/01/01/${JOB.recording}`, uploadId });

  test('is retried soon, but keeps the attempts and the age of its earlier messages', async () => {
    const harness = createHarness(body);
    harness.now += MINUTE_MS;
    expect(await harness.deliver(failing(absent))).toBe(false);
    expect(harness.delays).toEqual([5]);
    const counted = { attempt: 41, ageMs: 3 * DAY_MS + MINUTE_MS };
    expect(logLines).toMatchObject([{ event: 'retry-scheduled', ...counted }]);
    expect([harness.sent, harness.aborted]).toEqual([[], []]);
  });

  test('is dead-lettered ten days after its first message, and its upload is aborted', async () => {
    const harness = createHarness(body);
    harness.now += 7 * DAY_MS + 1;
    expect(await harness.deliver(failing(absent))).toBe(true);
    const firstAt = '2025-12-29T00:00:00.000Z';
    expect(harness.deadLetters).toMatchObject([{ reason: { attempts: 41, firstAt } }]);
    expect(JSON.parse(harness.deadLetters[0]?.body ?? '')).toEqual(JOB);
    expect(harness.aborted).toEqual([uploadOf('upload 1')]);
    expect(logLines).toMatchObject([{ event: 'job-dead-lettered', attempt: 41, ageMs: 10 * DAY_MS + 1 }]);
  });

  test('is dead-lettered, and the upload that its last run began is aborted too', async () => {
    const harness = createHarness(body);
    harness.now += 7 * DAY_MS + 1;
    const interruption = new Interruption(absent, { ...stored, uploadId: 'upload 2' });
    expect(await harness.deliver(failing(interruption))).toBe(true);
    expect(harness.aborted).toEqual([uploadOf('upload 1'), uploadOf('upload 2')]);
    expect(harness.sent).toEqual([]);
  });

  test('is requeued as a new message when another part was stored', async () => {
    const harness = createHarness(body);
    harness.attempt = 2;
    expect(await harness.deliver(failing(new Interruption(absent, { ...stored, bytes: 14 })))).toBe(true);
    const progress = { ...stored, bytes: 14 };
    const earlier = { ...EARLIER, attempts: 42 };
    expect(harness.sent).toEqual([['queue:hq', { ...JOB, earlier, progress }, undefined]]);
    expect([harness.delays, harness.deadLetters, harness.aborted]).toEqual([[], [], []]);
    expect(logLines).toMatchObject([{ level: 'info', event: 'resumed', bytes: 14, attempt: 42 }]);
  });

  test('forgets earlier failures when another part was stored: the PBX sends the recording', async () => {
    const streak = { kind: 'too-slow', since: SENT_AT - DAY_MS, count: 4, lastAt: SENT_AT };
    const earlier = { attempts: 4, deliveries: 4, since: SENT_AT - DAY_MS, streak };
    const harness = createHarness(JSON.stringify({ ...JOB, earlier, progress: stored }));
    await harness.deliver(failing(new Interruption(absent, { ...stored, bytes: 14 })));
    expect(JSON.parse(JSON.stringify(harness.sent))).toMatchObject([
      ['queue:hq', { progress: { bytes: 14 } }, null],
    ]);
    expect(JSON.stringify(harness.sent)).not.toContain('streak');
  });

  test('waits a quarter of an hour when it had to restart', async () => {
    const harness = createHarness(body);
    const interruption = new Interruption(absent, { ...stored, uploadId: 'upload 2' });
    expect(await harness.deliver(failing(interruption))).toBe(true);
    expect(harness.sent).toMatchObject([['queue:hq', { progress: { uploadId: 'upload 2' } }, 900]]);
    expect(harness.aborted).toEqual([uploadOf('upload 1')]);
  });

  test('aborts its upload when the recording is already archived', async () => {
    const harness = createHarness(body);
    await harness.deliver(() => ({ outcome: 'already-archived', key: ARCHIVED.key }));
    expect(harness.aborted).toEqual([uploadOf('upload 1')]);
  });
});

describe('a message that must become a dead letter', () => {
  test.each([
    ['is not JSON', 'hello'],
    ['has another version', JSON.stringify({ ...JOB, version: 2 })],
    ['has an invalid recording name', JSON.stringify({ ...JOB, recording: 'a'.repeat(256) })],
    ['has an invalid PBX id', JSON.stringify({ ...JOB, pbx: 'H Q' })],
  ])('because it %s is kept unchanged, then acknowledged', async (_, body) => {
    const harness = createHarness(body);
    expect(await harness.deliver(() => ARCHIVED)).toBe(true);
    expect(harness.jobs).toEqual([]);
    expect(harness.deadLetters).toMatchObject([{ body, reason: { error: { code: 'job-malformed' } } }]);
  });

  test('stays in its queue while it cannot be marked, so that its recording gets one dead letter only', async () => {
    const harness = createHarness();
    harness.markerFailure = new Error('S3 is not there.');
    expect(await harness.deliver(failing(errnoError('20015')))).toBe(false);
    expect(harness.deadLetters).toEqual([]);
    harness.markerFailure = undefined;
    expect(await harness.deliver(failing(errnoError('20015')))).toBe(true);
    expect(harness.deadLetters).toHaveLength(1);
  });

  test('stays in its queue while the dead-letter queue rejects it', async () => {
    const harness = createHarness();
    harness.refusal = new Error('SQS is not there.');
    expect(await harness.deliver(failing(errnoError('20015')))).toBe(false);
    expect(logLines).toMatchObject([{ level: 'error', event: 'dead-letter-failed' }]);
    harness.refusal = undefined;
    expect(await harness.deliver(failing(errnoError('20015')))).toBe(true);
    expect(harness.deadLetters).toHaveLength(1);
  });
});
