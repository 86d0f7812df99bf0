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
  /** How many reconciliations of a PBX have failed in a row, at each run of the schedule `recent`, or of `wide`. */
  FailedReconciliations: { unit: 'Count', by: stack },
  FailedWideReconciliations: { unit: 'Count', by: stack },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
