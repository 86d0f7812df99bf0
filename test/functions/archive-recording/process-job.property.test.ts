import * as v from 'valibot';
import { expect, test } from 'vitest';
import { processJob } from '../../../functions/archive-recording/process-job.ts';
import { ArchiveError, FAILURE_KINDS } from '../../../functions/shared/errors.ts';
import { jobSchema } from '../../../functions/shared/jobs/job.ts';
import { anyText, fc, hostileText } from '../../property.ts';
import { captureLog } from '../capture-log.ts';

const NOW = Date.UTC(2026, 0, 1);

/** The latest date that JavaScript can represent, in epoch ms. */
const LATEST_DATE = 8.64e15;
const count = fc.oneof(
  { weight: 15, arbitrary: fc.nat() },
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, -1),
  fc.double({ noNaN: true }),
);
const instant = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date(253402300799999) })
  .map((date) => date.toISOString());
const time = fc.oneof(
  { weight: 8, arbitrary: instant },
  fc.constantFrom('2026-02-31T00:00:00Z', '2026-01-01T00:00:00+23', '0000-01-01T00:00:00Z'),
  hostileText,
);
const progress = fc.record(
  {
    uploadId: anyText,
    parts: fc.array(fc.record({ etag: anyText, crc32: anyText }), { maxLength: 2 }),
    bytes: count,
    crc32: count,
    totalBytes: count,
  },
  { requiredKeys: ['uploadId', 'parts', 'bytes', 'crc32'] },
);
const date = fc.oneof(count, fc.constant(LATEST_DATE + 1));
const earlier = fc.record(
  {
    attempts: count,
    deliveries: count,
    since: date,
    download: fc.record({ bytes: count, crc32: count, at: date }),
    streak: fc.record({
      kind: fc.constantFrom('missing', 'empty', 'other'),
      since: date,
      count: count,
      lastAt: date,
    }),
  },
  { requiredKeys: ['attempts', 'deliveries', 'since'] },
);
const job = fc
  .record(
    {
      version: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.jsonValue()),
      pbx: fc.oneof({ weight: 9, arbitrary: fc.constant('hq') }, hostileText),
      recording: fc.oneof({ weight: 3, arbitrary: fc.constant('a.wav') }, hostileText),
      call: fc.dictionary(fc.constantFrom('callId', 'from', '__proto__', 'other'), anyText),
      reportedAt: time,
      endedAt: time,
      progress,
      earlier,
    },
    { requiredKeys: ['version', 'pbx', 'recording', 'call', 'reportedAt'] },
  )
  .map((fields) => JSON.stringify(fields));
const body = fc.oneof({ weight: 4, arbitrary: job }, anyText, fc.json());

const isJob = (text: string) => v.is(v.pipe(v.string(), v.parseJson(), jobSchema), text);

/** What archiving may throw; `undefined` is success. */
const failure = fc.oneof(
  fc.constantFrom(undefined, new Error('any'), 'a string', null),
  fc
    .record({
      kind: fc.constantFrom(...FAILURE_KINDS),
      notBefore: fc.double({ noNaN: true }),
    })
    // fast-check prints the message when the property fails.
    .map((options) => new ArchiveError('any', JSON.stringify(options), options)),
);

captureLog();

test('whatever a message holds and archiving throws, the job is done, retried or dead-lettered, and nothing throws', async () => {
  await fc.assert(
    fc.asyncProperty(body, failure, fc.integer({ min: 1, max: 500 }), async (text, error, attempt) => {
      const outcomes: string[] = [];
      const queues = {
        send: async (_url: string, _message: unknown, seconds = 0) => {
          expect(seconds).toBeGreaterThanOrEqual(0);
          expect(seconds).toBeLessThanOrEqual(900);
          outcomes.push('requeued');
        },
        sendDeadLetter: async (deadBody: string) => {
          outcomes.push(isJob(text) ? 'dead-lettered' : `malformed ${deadBody}`);
        },
        scheduleRetry: async (_url: string, _handle: string, seconds: number) => {
          expect(seconds).toBeGreaterThanOrEqual(0);
          expect(seconds).toBeLessThanOrEqual(43_200);
          outcomes.push('retry-scheduled');
        },
      };
      const message = { body: text, queueUrl: 'queue', receiptHandle: 'handle', attempt, sentAt: NOW };
      const isDone = await processJob(message, {
        archive: async () => {
          if (error !== undefined) throw error;
          outcomes.push('archived');
          return { outcome: 'already-archived', key: 'key' };
        },
        queues,
        markers: {
          markEnded: async () => 'first',
          markDeadLettered: async () => {},
          isErased: async () => false,
        },
        store: { abort: async () => {}, find: async () => undefined, hasStoredBetween: async () => true },
        now: () => NOW,
      });
      expect(outcomes).toHaveLength(1);
      const [outcome] = outcomes;
      if (!isJob(text)) expect(outcome).toBe(`malformed ${text}`);
      expect(isDone).toBe(outcome !== 'retry-scheduled');
    }),
  );
});
