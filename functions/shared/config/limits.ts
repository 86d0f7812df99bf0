/**
 * How the functions and their queues are run. Each value has its only place here: the stack deploys it, and the local
 * host, the simulation and the functions' own checks go by the same.
 */

/** How long each function may run. Lambda's own limit is 15 minutes. */
export const TIMEOUT_SECONDS = {
  'archive-recording': 15 * 60,
  'cdr-webhook': 10,
  'pbx-session': 2 * 60,
  reconcile: 15 * 60,
  'recording-link': 10,
} as const;

/** A message must not be redelivered while the function that received it may still run. */
export const visibilitySecondsFor = (feature: keyof typeof TIMEOUT_SECONDS) => 2 * TIMEOUT_SECONDS[feature];

/** SQS's own limit. Dead letters have to be looked at within this time. */
export const MESSAGE_RETENTION_DAYS = 14;

/** Before a job's first attempt: the PBX may not have finished the file right at hang-up. */
export const JOB_DELAY_SECONDS = 5;

/**
 * The retry policy ends a job after ten days of growing delays, some 260 receives. This is the backstop for a function
 * that only ever crashes: then each receive lasts as long as the visibility timeout, and 400 × 30 min = 8.3 days are over
 * before the queue forgets the message.
 */
export const JOB_MAX_RECEIVES = 400;

/** By the fifth receive the schedule has asked for the session as well. */
export const SESSION_REQUEST_MAX_RECEIVES = 5;

/** A token dies after 30 idle minutes: every ten leaves room for two failures. */
export const SESSION_PERIOD_MINUTES = 10;

/** Recordings fetched at once from one PBX, by default: it is a small machine. */
export const DEFAULT_CONCURRENCY = 2;

/** How often call logs are compared with the bucket, and how far back, by default. */
export const DEFAULT_RECONCILIATION = {
  recent: { everyHours: 1, overHours: 24 },
  /** For what the other one missed: days on which the PBX could not be reached. */
  wide: { everyHours: 24, overHours: 7 * 24 },
} as const;

/** What goes further back may take longer than a function may run. */
export const MAX_RECONCILE_HOURS = 31 * 24;

/** A link dies with the session of the role that signed it, so longer promises would not be kept. */
export const DEFAULT_MAX_LINK_AGE_SECONDS = 3600;
