import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import { errnoError } from '../../../functions/shared/pbx/s-series/errors.ts';
import type { Archived } from '../../../functions/shared/recordings/archive-recording.ts';
import { Unverified } from '../../../functions/shared/recordings/completeness.ts';
import { Interruption } from '../../../functions/shared/recordings/save-in-parts.ts';
import { metricsFor } from '../../../functions/shared/telemetry/metrics.ts';
import { captureLog } from '../capture-log.ts';
import {
  ARCHIVED,
  absent,
  createHarness,
  DAY_MS,
  failing,
  JOB,
  MINUTE_MS,
  SECOND_MS,
  SENT_AT,
} from './process-job-harness.ts';

const logLines = captureLog();
const linesOf = (event: string) => logLines.filter((line) => line.event === event);

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

const UPLOAD = { uploadId: 'upload 1', parts: [{ etag: 'e', crc32: 'AAAAAA==' }], bytes: 7, crc32: 8 };

describe('a recording that was erased on request', () => {
  test.each([
    ['is reported again an hour after its call', {}, 60 * MINUTE_MS],
    ['has a job from a reconciliation', { foundBy: 'reconciliation' }, 0],
    ['has a job that failed before', { earlier: { attempts: 1, deliveries: 1, since: SENT_AT } }, 0],
  ])('is not archived again if it %s', async (_, details, afterMs) => {
    const harness = createHarness(JSON.stringify({ ...JOB, ...details, progress: UPLOAD }));
    harness.isErased = true;
    harness.now += afterMs;
    expect(await harness.deliver(() => ARCHIVED)).toBe(true);
    expect([harness.jobs, harness.deadLetters, harness.delays]).toEqual([[], [], []]);
    expect(harness.aborted).toMatchObject([{ uploadId: UPLOAD.uploadId }]);
    expect(linesOf('erased-dropped')).toMatchObject([{ level: 'info', recording: JOB.recording }]);
  });

  test('costs the first job of a new call no request', async () => {
    const harness = createHarness();
    harness.now += 59 * MINUTE_MS;
    expect(await harness.deliver(() => ARCHIVED)).toBe(true);
    expect(harness.askedWhetherErased).toBe(0);
  });

  test('is looked for if the name does not say when the call was', async () => {
    const harness = createHarness(JSON.stringify({ ...JOB, recording: 'meeting.wav' }));
    expect(await harness.deliver(() => ARCHIVED)).toBe(true);
    expect([harness.jobs.length, harness.askedWhetherErased]).toEqual([1, 1]);
  });
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

test('a PBX that is off for three days loses nothing', async () => {
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

  test('for ten days leaves a dead letter: each new message knows how old the job is', async () => {
    const harness = createHarness();
    await harness.deliverUntil(SENT_AT + 11 * DAY_MS, busy);
    expect(harness.deadLetters).toMatchObject([{ reason: { error: { code: 'pbx-70651' } } }]);
    expect(harness.now).toBeLessThanOrEqual(SENT_AT + 10 * DAY_MS + MINUTE_MS);
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
  const EARLIER = { attempts: 40, deliveries: 0, since: SENT_AT - 3 * DAY_MS };
  const body = JSON.stringify({ ...JOB, earlier: EARLIER, progress: UPLOAD });
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
    const interruption = new Interruption(absent, { ...UPLOAD, uploadId: 'upload 2' });
    expect(await harness.deliver(failing(interruption))).toBe(true);
    expect(harness.aborted).toEqual([uploadOf('upload 1'), uploadOf('upload 2')]);
    expect(harness.sent).toEqual([]);
  });

  test('is requeued as a new message when another part was stored', async () => {
    const harness = createHarness(body);
    harness.attempt = 2;
    expect(await harness.deliver(failing(new Interruption(absent, { ...UPLOAD, bytes: 14 })))).toBe(true);
    const progress = { ...UPLOAD, bytes: 14 };
    const earlier = { ...EARLIER, attempts: 42 };
    expect(harness.sent).toEqual([['queue:hq', { ...JOB, earlier, progress }, undefined]]);
    expect([harness.delays, harness.deadLetters, harness.aborted]).toEqual([[], [], []]);
    expect(logLines).toMatchObject([{ level: 'info', event: 'resumed', bytes: 14, attempt: 42 }]);
  });

  test('forgets earlier failures when another part was stored: the PBX sends the recording', async () => {
    const streak = { kind: 'too-slow', since: SENT_AT - DAY_MS, count: 4, lastAt: SENT_AT };
    const earlier = { attempts: 4, deliveries: 4, since: SENT_AT - DAY_MS, streak };
    const harness = createHarness(JSON.stringify({ ...JOB, earlier, progress: UPLOAD }));
    await harness.deliver(failing(new Interruption(absent, { ...UPLOAD, bytes: 14 })));
    expect(JSON.parse(JSON.stringify(harness.sent))).toMatchObject([
      ['queue:hq', { progress: { bytes: 14 } }, null],
    ]);
    expect(JSON.stringify(harness.sent)).not.toContain('streak');
  });

  test('waits a quarter of an hour when it had to restart', async () => {
    const harness = createHarness(body);
    const interruption = new Interruption(absent, { ...UPLOAD, uploadId: 'upload 2' });
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
