import * as v from 'valibot';
import type { LogLine } from './log.ts';
import { type Dimension, METRICS, type MetricName } from './metrics.ts';
import { pbxIdSchema } from './pbx-registry.ts';

type Values = Partial<Record<MetricName, unknown>>;

/** What each outcome counts for, by the name it is logged under. */
export const OUTCOMES = new Map(
  Object.entries<(line: LogLine) => Values>({
    'job-queued': () => ({ Reports: 1, ...jobs(1) }),
    'boot-up-reported': report,
    'report-ignored': report,
    'report-dead-lettered': () => ({ Reports: 1, Failures: 1 }),
    'report-too-large': () => ({ Reports: 1, Failures: 1 }),
    'report-not-taken': failure,
    'report-refused': failure,
    archived: ({ bytes, ms, delayMs, attempt }) => ({
      Archived: 1,
      Bytes: bytes,
      Duration: seconds(ms),
      Delay: seconds(delayMs),
      Attempts: attempt,
    }),
    continued: failure,
    postponed: failedAttempt,
    'not-postponed': failedAttempt,
    'dead-letter-refused': failedAttempt,
    'loss-not-noted': failedAttempt,
    'given-up': failure,
    'recording-lost': () => ({ Lost: 1 }),
    'session-kept': () => ({ SessionUp: 1, LoginHeld: 0 }),
    'session-not-kept': ({ outcome }) => ({
      SessionUp: 0,
      LoginHeld: outcome === 'held' ? 1 : 0,
      Failures: 1,
    }),
    'no-credentials': () => ({ SessionUp: 0, LoginHeld: 0 }),
    'login-refused': () => ({ LoginHeld: 1 }),
    reconciled: ({ found, present, queued, oldestMissingMs }) => ({
      ...(queued !== 0 && jobs(queued)),
      Found: found,
      Present: present,
      Queued: queued,
      OldestMissingAge: seconds(oldestMissingMs),
      Reconciled: 1,
    }),
    'reconciliation-failed': () => ({ Reconciled: 0, Failures: 1 }),
  }),
);

function report(): Values {
  return { Reports: 1 };
}

/** The 0 tells "nothing has been archived" from "there was nothing to do". */
function jobs(count: unknown): Values {
  return { Jobs: count, Archived: 0 };
}

function failure(): Values {
  return { Failures: 1 };
}

function failedAttempt({ ageMs }: LogLine): Values {
  return { Failures: 1, JobAge: seconds(ageMs) };
}

function seconds(ms: unknown): number | undefined {
  return typeof ms === 'number' ? ms / 1000 : undefined;
}

/** Values of one outcome that are kept by the same dimensions. */
export interface Measurements {
  /** Each set makes a series of its own, beside the stack's name. */
  dimensions: Record<string, string>[];
  values: { name: MetricName; value: number }[];
}

/** What a line counts for. Of its fields only numbers, a PBX's id and a code get through. */
export function measure(line: LogLine): Measurements[] {
  const values = Object.entries(OUTCOMES.get(line.event)?.(line) ?? {}).flatMap(([name, value]) =>
    typeof value === 'number' && Number.isFinite(value) ? [{ name: name as MetricName, value }] : [],
  );
  const groups = Map.groupBy(values, ({ name }): readonly Dimension[] => METRICS[name].by);
  return [...groups]
    .map(([by, values]) => ({ dimensions: by.flatMap((it) => dimensionOf(it, line)), values }))
    .filter(({ dimensions }) => dimensions.length > 0);
}

function dimensionOf(dimension: Dimension, { event, pbx, code }: LogLine): Record<string, string>[] {
  switch (dimension) {
    case 'stack':
      return [{}];
    case 'pbx':
      // A stranger's report names none, nor does a message that is no job.
      return v.is(pbxIdSchema, pbx) ? [{ pbx }] : [];
    case 'code':
      return [{ code: code === undefined ? event : boundedCode(code) }];
  }
}

/**
 * An `ArchiveError`'s own code, of which there are some dozens. A code may also be the name of any error of the
 * AWS SDK, or hold an error number that the PBX made up.
 */
function boundedCode(code: unknown): string {
  return typeof code === 'string' && /^(?:[a-z]+(?:-[a-z]+)*|pbx-[12]\d{4})$/.test(code) ? code : 'other';
}
