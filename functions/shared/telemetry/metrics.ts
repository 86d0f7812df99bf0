import * as v from 'valibot';
import { pbxIdSchema } from '../config/pbx-registry.ts';
import type { LogEvent } from './events.ts';
import type { LogLine } from './log.ts';

/** Of every stack in an account; the dimension `stack` tells them apart. */
export const NAMESPACE = 'PbxRecordingArchive';

/** What a metric is kept by, beside its stack; `stack` means by that alone. */
export type Dimension = 'stack' | 'pbx' | 'code';

interface Metric {
  unit: 'Count' | 'Seconds' | 'Bytes';
  /** Each makes series of its own, and every series costs money: `stack` only where somebody looks at it. */
  by: readonly Dimension[];
}

// The same array for the same dimensions: such metrics are published together.
const stack = ['stack'] as const;
const pbx = ['pbx'] as const;
const stackAndPbx = ['stack', 'pbx'] as const;
const pbxAndCode = ['pbx', 'code'] as const;

export const METRICS = {
  /** Authentic reports, of calls and of all else. */
  Reports: { unit: 'Count', by: pbx },
  /** Put into the PBX's queue, by the webhook or by a reconciliation. */
  Jobs: { unit: 'Count', by: pbx },
  Archived: { unit: 'Count', by: pbx },
  Bytes: { unit: 'Bytes', by: pbx },
  /** Of the run that completed a recording. */
  Duration: { unit: 'Seconds', by: pbx },
  /** From the end of the call to the stored recording. */
  Delay: { unit: 'Seconds', by: stackAndPbx },
  /** That a recording took until it was stored. */
  Attempts: { unit: 'Count', by: pbx },
  /** What did not end as it should, whether it is tried again or not. */
  Failures: { unit: 'Count', by: pbxAndCode },
  /** 1 or 0 at each run of pbx-session. */
  SessionUp: { unit: 'Count', by: pbx },
  /** 1 where the PBX has refused the login and none is tried; otherwise 0. */
  LoginHeld: { unit: 'Count', by: stack },
  /** Recordings that the PBX no longer has and the archive never got. */
  Lost: { unit: 'Count', by: stackAndPbx },
  /** Of a job, at each attempt that fails. SQS's own age leaves out what has been received three times. */
  JobAge: { unit: 'Seconds', by: pbx },
  /** By a reconciliation in the call log; of those, in the archive; and jobs queued for the rest. */
  Found: { unit: 'Count', by: pbx },
  Present: { unit: 'Count', by: pbx },
  Queued: { unit: 'Count', by: pbx },
  /** Since its call ended; 0 where none is missing. */
  OldestMissingAge: { unit: 'Seconds', by: pbx },
  /** 1 or 0 at each reconciliation of a PBX. */
  Reconciled: { unit: 'Count', by: stack },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

type Values = Partial<Record<MetricName, unknown>>;

/** What an event is worth in metrics. Events that are not listed are not counted. */
const VALUES: Readonly<Partial<Record<LogEvent, (line: LogLine) => Values>>> = {
  'job-queued': () => ({ Reports: 1, ...jobs(1) }),
  'boot-up-reported': report,
  'report-ignored': report,
  'report-dead-lettered': () => ({ Reports: 1, Failures: 1 }),
  'report-too-large': () => ({ Reports: 1, Failures: 1 }),
  'report-failed': failure,
  'report-rejected': failure,
  archived: ({ bytes, ms, delayMs, attempt }) => ({
    Archived: 1,
    Bytes: bytes,
    Duration: seconds(ms),
    Delay: seconds(delayMs),
    Attempts: attempt,
  }),
  resumed: failure,
  'retry-scheduled': failedAttempt,
  'retry-not-scheduled': failedAttempt,
  'dead-letter-failed': failedAttempt,
  'mark-lost-failed': failedAttempt,
  'job-dead-lettered': failure,
  'recording-lost': () => ({ Lost: 1 }),
  'session-up': () => ({ SessionUp: 1, LoginHeld: 0 }),
  'session-down': ({ outcome }) => ({
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
};

export const COUNTED_EVENTS = Object.keys(VALUES) as LogEvent[];

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
export function metricsFor(line: LogLine): Measurements[] {
  const values = Object.entries(VALUES[line.event]?.(line) ?? {}).flatMap(([name, value]) =>
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
