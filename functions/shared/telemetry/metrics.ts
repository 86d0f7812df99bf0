import * as v from 'valibot';
import { pbxIdSchema } from '../config/pbx-registry.ts';
import { isSound } from '../recordings/verified-by.ts';
import { boundedCode } from './bounded-code.ts';
import type { LogEvent } from './events.ts';
import type { LogLine } from './log.ts';
import { type Dimension, METRICS, type MetricName } from './metric-definitions.ts';

type Values = Partial<Record<MetricName, unknown>>;

/** Metric values of an event. Events that are not listed here are not counted. */
const VALUES: Readonly<Partial<Record<LogEvent, (line: LogLine) => Values>>> = {
  'job-queued': (line) => ({ Reports: 1, ...job(line) }),
  'boot-up-reported': report,
  'report-ignored': report,
  'report-dead-lettered': () => ({ Reports: 1, Failures: 1 }),
  'report-too-large': () => ({ Reports: 1, Failures: 1 }),
  'report-malformed': () => ({ Reports: 1, Failures: 1 }),
  'report-failed': failure,
  'report-rejected': failure,
  archived: stored,
  'recording-replaced': (line) => ({ ...stored(line), Replaced: 1 }),
  'stored-beside': (line) => ({ ...stored(line), StoredBeside: 1 }),
  'already-archived': settled,
  'duplicate-dropped': settled,
  'erased-dropped': settled,
  resumed: failure,
  'retry-scheduled': failedAttempt,
  'retry-not-scheduled': failedAttempt,
  'dead-letter-failed': failedAttempt,
  'marker-failed': failedAttempt,
  'loss-not-confirmed': failedAttempt,
  'job-dead-lettered': failure,
  'recording-lost': () => ({ Lost: 1 }),
  'not-recorded': () => ({ NotRecorded: 1 }),
  'session-up': () => ({ SessionUp: 1, LoginHeld: 0 }),
  'session-down': ({ outcome }) => ({
    SessionUp: 0,
    LoginHeld: outcome === 'held' ? 1 : 0,
    Failures: 1,
  }),
  'no-credentials': () => ({ SessionUp: 0, LoginHeld: 0 }),
  'login-refused': () => ({ LoginHeld: 1 }),
  'session-not-saved': failure,
  'indexing-failed': failure,
  'index-repair-failed': failure,
  'index-repaired': ({ written, deleted }) => ({ IndexRepairs: Number(written) + Number(deleted) }),
  'pbx-clock-wrong': ({ skewSeconds }) => ({ ClockSkew: Math.abs(Number(skewSeconds)) }),
  'missing-recording-queued': (line) => {
    const values = job(line);
    return { ...values, Queued: values.Jobs };
  },
  reconciled: ({ found, present, unreadable, oldestMissingMs, ...line }) => ({
    Found: found,
    Present: present,
    // Those that it queued have been counted one by one.
    Queued: 0,
    OldestMissingAge: seconds(oldestMissingMs),
    UnreadableRows: unreadable,
    ...failedRuns(line),
  }),
  // Counts only the days that were compared. If there were none, 0 would say that their rows can be read.
  'reconciliation-failed': ({ unreadable, ...line }) => ({
    ...(unreadable !== 0 && { UnreadableRows: unreadable }),
    ...failedRuns(line),
    Failures: 1,
  }),
};

function stored({ bytes, ms, delayMs, attempt, verifiedBy }: LogLine): Values {
  return {
    Archived: 1,
    Bytes: bytes,
    Duration: seconds(ms),
    Delay: seconds(delayMs),
    Attempts: attempt,
    Doubtful: typeof verifiedBy === 'string' ? Number(!isSound(verifiedBy)) : undefined,
  };
}

function report(): Values {
  return { Reports: 1 };
}

/**
 * The 0 distinguishes "nothing was archived" from "there was nothing to archive". The PBX may have no recording of a call
 * that nobody answered, so that nothing archived is no sign of trouble.
 */
function job({ unanswered }: LogLine): Values {
  return unanswered === true ? {} : { Jobs: 1, Archived: 0 };
}

function failedRuns({ schedule, failedInARow }: Record<string, unknown>): Values {
  if (schedule === 'recent') return { FailedReconciliations: failedInARow };
  return schedule === 'wide' ? { FailedWideReconciliations: failedInARow } : {};
}

function settled(): Values {
  return { Settled: 1 };
}

function failure(): Values {
  return { Failures: 1 };
}

/** The job of an unanswered call may wait for days until it is certain that there is no recording. No alarm for that. */
function failedAttempt({ ageMs, unanswered }: LogLine): Values {
  return { Failures: 1, JobAge: unanswered === true ? undefined : seconds(ageMs) };
}

function seconds(ms: unknown): number | undefined {
  return typeof ms === 'number' ? ms / 1000 : undefined;
}

/** Values of one outcome that have the same dimensions. */
export interface Measurements {
  /** Each set creates a series of its own. The stack's name is added to every set. */
  dimensions: Record<string, string>[];
  values: { name: MetricName; value: number }[];
}

/** Metrics of a log line. Of its fields, only numbers, a PBX's id and a code are used. */
export function metricsFor(line: LogLine): Measurements[] {
  const values = Object.entries(VALUES[line.event]?.(line) ?? {}).flatMap(([name, value]) =>
    typeof value === 'number' && Number.isFinite(value) ? [{ name: name as MetricName, value }] : [],
  );
  const groups = Map.groupBy(values, ({ name }): readonly Dimension[] => METRICS[name].by);
  return [...groups]
    .map(([by, values]) => ({
      dimensions: by.flatMap((dimension) => dimensionsFor(dimension, line)),
      values,
    }))
    .filter(({ dimensions }) => dimensions.length > 0);
}

function dimensionsFor(dimension: Dimension, { event, pbx, code }: LogLine): Record<string, string>[] {
  switch (dimension) {
    case 'stack':
      return [{}];
    case 'pbx':
      // A report for an unknown PBX or a message that is not a job names none.
      return v.is(pbxIdSchema, pbx) ? [{ pbx }] : [];
    case 'code':
      return [{ code: code === undefined ? event : boundedCode(code) }];
  }
}
