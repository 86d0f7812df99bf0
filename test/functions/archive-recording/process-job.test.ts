import { describe, expect, test } from 'vitest';
import type { Archived } from '../../../functions/archive-recording/archive-recording.ts';
import { processJob } from '../../../functions/archive-recording/process-job.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/job.ts';
import { errnoError } from '../../../functions/shared/pbx/errno.ts';
import type { DeadLetterReason } from '../../../functions/shared/queues.ts';
import { captureLog } from '../capture-log.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SENT_AT = Date.UTC(2026, 0, 1);

const JOB: Job = {
  version: 1,
  pbx: 'hq',
  recording: '20260101000000-1767225600.7-1001-1003-Internal.wav',
  call: { callId: '1767225600.7' },
  reportedAt: '2026-01-01T00:00:00.000Z',
};
const ARCHIVED: Archived = { outcome: 'archived', key: 'recordings/hq/a.wav', bytes: 364, crc32: 'AAAAAA==' };

const absent = new ArchiveError('pbx-connection', 'The connection to the PBX failed.', { action: 'retry' });
const logLines = captureLog();

/** A message in a queue, with a clock that stands still between its deliveries. */
function createBench(body = JSON.stringify(JOB)) {
  const bench = {
    now: SENT_AT,
    attempt: 1,
    delays: [] as number[],
    deadLetters: [] as { body: string; reason: DeadLetterReason }[],
    refusal: undefined as Error | undefined,
    jobs: [] as Job[],
  };
  const queues = {
    send: () => Promise.reject(new Error('A job sends no other.')),
    async sendDeadLetter(deadBody: string, reason: DeadLetterReason) {
      if (bench.refusal !== undefined) throw bench.refusal;
      bench.deadLetters.push({ body: deadBody, reason });
    },
    async postpone(queueUrl: string, receiptHandle: string, seconds: number) {
      expect([queueUrl, receiptHandle]).toEqual(['queue:hq', 'receipt']);
      if (bench.refusal !== undefined) throw bench.refusal;
      bench.delays.push(seconds);
    },
  };
  /** One delivery; returns whether the message is done with. */
  function deliver(archive: () => Archived): Promise<boolean> {
    const { attempt } = bench;
    const message = { body, queueUrl: 'queue:hq', receiptHandle: 'receipt', attempt, sentAt: SENT_AT };
    return processJob(message, {
      archive: async (job) => {
        bench.jobs.push(job);
        return archive();
      },
      queues,
      now: () => bench.now,
    });
  }
  /** Delivers as SQS does, after each delay, until the message is done with or `until` has come. */
  async function deliverUntil(until: number, archive: () => Archived): Promise<boolean> {
    while (bench.now <= until) {
      if (await deliver(archive)) return true;
      bench.now += (bench.delays.at(-1) ?? 0) * SECOND_MS;
      bench.attempt += 1;
    }
    return false;
  }
  return Object.assign(bench, { deliver, deliverUntil });
}

const failing = (error: unknown) => () => {
  throw error;
};

test.each([ARCHIVED, { outcome: 'already-archived', key: ARCHIVED.key } as const])(
  'a job that is done is done with, and one line says so',
  async (archived) => {
    const bench = createBench();
    expect(await bench.deliver(() => archived)).toBe(true);
    expect(bench.jobs).toEqual([JOB]);
    expect([bench.delays, bench.deadLetters]).toEqual([[], []]);
    const { outcome, ...details } = archived;
    const { recording, call } = JOB;
    const about = { pbx: 'hq', recording, callId: call.callId, attempt: 1, ms: 0 };
    expect(logLines).toEqual([{ level: 'info', event: outcome, ...about, ...details }]);
  },
);

describe('a job that failed', () => {
  test('comes again after 5, 10, 20 seconds and so on, up to an hour', async () => {
    const bench = createBench();
    await bench.deliverUntil(SENT_AT + DAY_MS / 4, failing(absent));
    const growing = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560];
    expect(bench.delays.slice(0, 10)).toEqual(growing);
    expect(new Set(bench.delays.slice(10))).toEqual(new Set([3600]));
  });

  test.each([new TypeError('terminated'), 'a thrown string', undefined])(
    'for an unknown reason comes again: %o',
    async (reason) => {
      const bench = createBench();
      expect(await bench.deliver(failing(reason))).toBe(false);
      expect(bench.delays).toEqual([5]);
    },
  );

  test('comes again when the visibility cannot be changed, by the timeout it has', async () => {
    const bench = createBench();
    bench.refusal = new Error('SQS is not there.');
    expect(await bench.deliver(failing(absent))).toBe(false);
    expect(logLines).toMatchObject([{ event: 'not-postponed' }]);
  });

  test('waits until the lock on logins has passed', async () => {
    const bench = createBench();
    const notBefore = SENT_AT + 10 * MINUTE_MS + 1;
    const locked = new ArchiveError('pbx-20002', 'Locked.', { action: 'hold', notBefore });
    expect(await bench.deliver(failing(locked))).toBe(false);
    expect(bench.delays).toEqual([601]);
  });

  test('waits no less than its turn, and no more than an hour, for a lock', async () => {
    const bench = createBench();
    const lock = (notBefore: number) => new ArchiveError('x', 'x', { action: 'hold', notBefore });
    bench.attempt = 8;
    await bench.deliver(failing(lock(SENT_AT + SECOND_MS)));
    await bench.deliver(failing(lock(SENT_AT - DAY_MS)));
    await bench.deliver(failing(lock(SENT_AT + DAY_MS)));
    expect(bench.delays).toEqual([640, 640, 3600]);
  });
});

describe('a PBX that is off', () => {
  test('for three days loses nothing', async () => {
    const bench = createBench();
    const archive = () => {
      if (bench.now < SENT_AT + 3 * DAY_MS) throw absent;
      return ARCHIVED;
    };
    expect(await bench.deliverUntil(SENT_AT + 4 * DAY_MS, archive)).toBe(true);
    // It is fetched within the hour after the PBX is back.
    expect(bench.now).toBeLessThanOrEqual(SENT_AT + 3 * DAY_MS + 60 * MINUTE_MS);
    expect(bench.deadLetters).toEqual([]);
  });

  test('for more than ten days is given up, and the reason is kept beside the job', async () => {
    const bench = createBench();
    expect(await bench.deliverUntil(SENT_AT + 12 * DAY_MS, failing(absent))).toBe(true);
    expect(bench.now).toBeGreaterThan(SENT_AT + 10 * DAY_MS);
    expect(bench.now).toBeLessThanOrEqual(SENT_AT + 10 * DAY_MS + 60 * MINUTE_MS);
    const reason = { pbx: 'hq', error: absent, attempts: bench.attempt, firstAt: JOB.reportedAt };
    expect(bench.deadLetters).toMatchObject([{ body: JSON.stringify(JOB), reason }]);
    // Below the redrive policy's maxReceiveCount: otherwise SQS would move the job itself, without a reason.
    expect(bench.attempt).toBeLessThan(400);
  });
});

describe('what the PBX says decides how long it is worth it', () => {
  test('a recording that it does not have (20014) is given up after a day, not before', async () => {
    const bench = createBench();
    expect(await bench.deliverUntil(SENT_AT + 2 * DAY_MS, failing(errnoError('20014')))).toBe(true);
    expect(bench.now).toBeGreaterThan(SENT_AT + DAY_MS);
    expect(bench.now).toBeLessThanOrEqual(SENT_AT + DAY_MS + 60 * MINUTE_MS);
    expect(bench.deadLetters.map(({ reason }) => reason.error.code)).toEqual(['pbx-20014']);
  });

  test.each(['20015', '10003', '20000', '20001'])('%s is given up at once', async (errno) => {
    const bench = createBench();
    expect(await bench.deliver(failing(errnoError(errno)))).toBe(true);
    expect(bench.deadLetters.map(({ reason }) => reason.error.code)).toEqual([`pbx-${errno}`]);
    expect(bench.delays).toEqual([]);
  });

  test.each(['20002', '20003', '20004', '20006', '20012', '99999'])('%s is tried for days', async (errno) => {
    const bench = createBench();
    expect(await bench.deliverUntil(SENT_AT + 9 * DAY_MS, failing(errnoError(errno)))).toBe(false);
    expect(bench.deadLetters).toEqual([]);
  });
});

describe('what is given up', () => {
  test.each([
    ['not JSON', 'hello'],
    ['of another version', JSON.stringify({ ...JOB, version: 2 })],
    ['with a name that is none', JSON.stringify({ ...JOB, recording: '../a.wav' })],
    ['with a PBX that is none', JSON.stringify({ ...JOB, pbx: 'H Q' })],
  ])('at once: a message %s, which is kept as it came, and then acknowledged', async (_, body) => {
    const bench = createBench(body);
    expect(await bench.deliver(() => ARCHIVED)).toBe(true);
    expect(bench.jobs).toEqual([]);
    expect(bench.deadLetters).toMatchObject([{ body, reason: { error: { code: 'job-malformed' } } }]);
  });

  test('stays in its queue as long as the dead-letter queue refuses it', async () => {
    const bench = createBench();
    bench.refusal = new Error('SQS is not there.');
    expect(await bench.deliver(failing(errnoError('20015')))).toBe(false);
    expect(logLines).toMatchObject([{ level: 'error', event: 'dead-letter-refused' }]);
    bench.refusal = undefined;
    expect(await bench.deliver(failing(errnoError('20015')))).toBe(true);
    expect(bench.deadLetters).toHaveLength(1);
  });
});
