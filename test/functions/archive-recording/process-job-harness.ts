import { expect } from 'vitest';
import { processJob } from '../../../functions/archive-recording/process-job.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import type { DeadLetterReason } from '../../../functions/shared/jobs/queues.ts';
import type { Archived } from '../../../functions/shared/recordings/archive-recording.ts';
import type { Upload } from '../../../functions/shared/recordings/uploads.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const SENT_AT = Date.UTC(2026, 0, 1);

export const JOB: Job = {
  version: 1,
  pbx: 'hq',
  recording: '20260101000000-1767225600.7-1001-1003-Internal.wav',
  call: { callId: '1767225600.7' },
  reportedAt: '2026-01-01T00:00:00.000Z',
};
const STORED = { key: 'recordings/hq/a.wav', bytes: 364, crc32: 'AAAAAA==', verifiedBy: 'content-length' };
export const ARCHIVED = { outcome: 'archived', ...STORED } as const satisfies Archived;

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

export const absent = new ArchiveError('pbx-connection', 'The connection to the PBX failed.');
/** One message in a queue, and a clock that moves only between deliveries. */
export function createHarness(body = JSON.stringify(JOB)) {
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
    isErased: false,
    /** How often the bucket was asked whether the recording has been erased. */
    askedWhetherErased: 0,
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
      archive: async (job, { isRepeated }) => {
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
        async isErased() {
          harness.askedWhetherErased += 1;
          return harness.isErased;
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

export const failing = (error: unknown) => () => {
  throw error;
};
