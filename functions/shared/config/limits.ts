/**
 * Limits and periods of the functions and their queues. Each value is defined only here: the stack deploys it, and the
 * local host, the simulation and the functions' own checks use the same.
 */

/** How long each function may run. Lambda allows at most 15 minutes. */
export const TIMEOUT_SECONDS = {
  'archive-page': 10,
  'archive-recording': 15 * 60,
  'cdr-webhook': 10,
  'index-recording': 60,
  'pbx-session': 2 * 60,
  reconcile: 15 * 60,
  'recording-link': 10,
  'archive-api': 10,
} as const;

/** A message must not be redelivered while the function that received it may still be running. */
export const visibilitySecondsFor = (feature: keyof typeof TIMEOUT_SECONDS) => 2 * TIMEOUT_SECONDS[feature];

/** The longest that SQS allows. Dead letters have to be dealt with within this time. */
export const MESSAGE_RETENTION_DAYS = 14;

/** Delay of a job's first attempt: at hang-up the PBX may not have finished the file. */
export const JOB_DELAY_SECONDS = 5;

/**
 * The retry policy ends a job after ten days of growing delays, about 260 receives. This is the backstop for a function
 * that always crashes: each receive then lasts as long as the visibility timeout, and 400 × 30 min = 8.3 days end
 * before the queue deletes the message.
 */
export const JOB_MAX_RECEIVES = 400;

/** By the fifth receive, the schedule has invoked the function as well. */
export const SESSION_REQUEST_MAX_RECEIVES = 5;

/**
 * Then an event of the bucket is a dead letter: after three hours, as each receive lasts as long as the visibility timeout.
 * Most outages of AWS and most mistakes in permissions end sooner, so that nobody has to send back the events meanwhile.
 */
export const INDEX_EVENT_MAX_RECEIVES = 90;

/** A token expires after 30 idle minutes. A run every ten minutes leaves room for two failures. */
export const SESSION_PERIOD_MINUTES = 10;

/** How far a PBX's clock may be off: far more than one that a time server sets ever is. */
export const MAX_CLOCK_SKEW_SECONDS = 5 * 60;

/** Concurrent downloads from one PBX, by default: a PBX is a small machine. */
export const DEFAULT_CONCURRENCY = 2;

/** Largest recording, by default: a week of 16-bit PCM at 8 kHz. */
export const DEFAULT_MAX_RECORDING_MIB = 10 * 1024;

/** S3 accepts 10,000 parts, each of 5 MiB here. */
export const MAX_RECORDING_MIB = 50_000;

/** How often the call logs are compared with the bucket, and how far back, by default. */
export const DEFAULT_RECONCILIATION = {
  recent: { everyHours: 1, overHours: 24 },
  /** Finds what `recent` missed on days when the PBX could not be reached. */
  wide: { everyHours: 24, overHours: 7 * 24 },
} as const;

/**
 * How often a PBX that cannot report may be asked for new recordings. Few values, because PBXs with the same one share a
 * schedule: a schedule each would not fit into a stack of fifty PBXs.
 */
export const DISCOVERY_MINUTES = [5, 10, 15, 20, 30, 60] as const;

/** Going back further may take longer than a function may run. */
export const MAX_RECONCILE_HOURS = 31 * 24;

/** A client needs some time to follow a link. */
export const MIN_LINK_AGE_SECONDS = 60;

/** How long a link is valid by default. */
export const DEFAULT_LINK_SECONDS = 900;

/** A link expires with the session of the role that signed it, so a longer lifetime could not be kept. */
export const DEFAULT_MAX_LINK_AGE_SECONDS = 3600;

/** How long a person who has signed in with the link token stays signed in. */
export const SESSION_HOURS = 12;

/** How long a share may work: by default, and at most by default and by configuration. */
export const DEFAULT_SHARE_DAYS = 7;
export const DEFAULT_MAX_SHARE_DAYS = 30;
export const MAX_SHARE_DAYS = 365;

/** How long the access log is kept, by default: a year, and time to look into it. */
export const DEFAULT_ACCESS_LOG_DAYS = 400;
