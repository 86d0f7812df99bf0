import * as v from 'valibot';
import { pbxIdSchema } from '../config/pbx-registry.ts';
import { isSound } from '../recordings/verified-by.ts';
import { boundedCode } from './bounded-code.ts';
import type { LogEvent } from './events.ts';
import type { LogLine } from './log.ts';

/** Shared by every stack in an account; the dimension `stack` tells them apart. */
export const NAMESPACE = 'PbxRecordingArchive';

/** Dimensions of a metric in addition to its stack. `stack` means none. */
export type Dimension = 'stack' | 'pbx' | 'code';

interface Metric {
  unit: 'Count' | 'Seconds' | 'Bytes';
  /** Each creates its own series, and every series costs money: list `stack` only if something reads that series. */
  by: readonly Dimension[];
}

// Metrics that share an array are published together.
const stack = ['stack'] as const;
const pbx = ['pbx'] as const;
const stackAndPbx = ['stack', 'pbx'] as const;
const pbxAndCode = ['pbx', 'code'] as const;

export const METRICS = {
  /** Authentic reports of any kind, not only of calls. */
  Reports: { unit: 'Count', by: pbx },
  /** Queued for the PBX, by the webhook or by a reconciliation, except for calls that nobody answered. */
  Jobs: { unit: 'Count', by: pbx },
  Archived: { unit: 'Count', by: pbx },
  /** Jobs that ended without storing a recording, because that had been decided earlier: there is nothing to do. */
  Settled: { unit: 'Count', by: pbx },
  Bytes: { unit: 'Bytes', by: pbx },
  /** Duration of the run that completed a recording. */
  Duration: { unit: 'Seconds', by: pbx },
  /** From the end of the call to the stored recording. */
  Delay: { unit: 'Seconds', by: stackAndPbx },
  /** Attempts until a recording was stored. */
  Attempts: { unit: 'Count', by: pbx },
  /** Failures of any kind, whether or not they are retried. */
  Failures: { unit: 'Count', by: pbxAndCode },
  /** 1 or 0 at each run of pbx-session. */
  SessionUp: { unit: 'Count', by: pbx },
  /** 1 if the PBX refused the login and no further login is attempted; otherwise 0. */
  LoginHeld: { unit: 'Count', by: stack },
  /** How far the PBX's clock is off, in either direction. Published only while it is wrong. */
  ClockSkew: { unit: 'Seconds', by: stackAndPbx },
  /** Recordings that the PBX no longer has and that were never archived. */
  Lost: { unit: 'Count', by: stackAndPbx },
  /** Recordings that the PBX named for calls that nobody answered, and never had. */
  NotRecorded: { unit: 'Count', by: pbx },
  /** Stored although something speaks against their completeness (metadata `verified-by`); 0 for the others. */
  Doubtful: { unit: 'Count', by: pbx },
  /** Longer recordings that took the place of a shorter one, and different ones that were stored beside. */
  Replaced: { unit: 'Count', by: pbx },
  StoredBeside: { unit: 'Count', by: pbx },
  /** Age of a job at each failed attempt. SQS's own metric leaves out messages that were received three times. */
  JobAge: { unit: 'Seconds', by: pbx },
  /** At each reconciliation: recordings in the call log, those of them in the archive, and `Jobs` for the rest. */
  Found: { unit: 'Count', by: pbx },
  Present: { unit: 'Count', by: pbx },
  Queued: { unit: 'Count', by: pbx },
  /** Time since the end of its call; 0 if none is missing. */
  OldestMissingAge: { unit: 'Seconds', by: pbx },
  /** Rows of the index that a reconciliation found wrong. */
  IndexRepairs: { unit: 'Count', by: stack },
  /** Rows of a PBX's call log that a reconciliation could not use. The log says of which PBX. */
  UnreadableRows: { unit: 'Count', by: stack },
  /** 1 or 0 at each reconciliation of a PBX. */
  Reconciled: { unit: 'Count', by: stack },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

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
  reconciled: ({ found, present, unreadable, oldestMissingMs }) => ({
    Found: found,
    Present: present,
    // Those that it queued have been counted one by one.
    Queued: 0,
    OldestMissingAge: seconds(oldestMissingMs),
    UnreadableRows: unreadable,
    Reconciled: 1,
  }),
  // Counts only the days that were compared. If there were none, 0 would say that their rows can be read.
  'reconciliation-failed': ({ unreadable }) => ({
    ...(unreadable !== 0 && { UnreadableRows: unreadable }),
    Reconciled: 0,
    Failures: 1,
  }),
};

export const COUNTED_EVENTS = Object.keys(VALUES) as LogEvent[];

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
