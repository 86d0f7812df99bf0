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
