/**
 * All log events, grouped by the part of the product. Operators search for these names; docs/operations.md
 * explains them.
 */
export const LOG_EVENTS = [
  // Reports
  'job-queued',
  'boot-up-reported',
  'report-ignored',
  'report-rejected',
  'report-too-large',
  'report-malformed',
  'report-dead-lettered',
  'report-failed',
  // Archiving a recording
  'random-received',
  'download-started',
  'download-progress',
  'restarted',
  'archived',
  'recording-replaced',
  'stored-beside',
  'already-archived',
  'retry-scheduled',
  'retry-not-scheduled',
  'pbx-busy',
  'resumed',
  'resume-failed',
  'job-dead-lettered',
  'dead-letter-failed',
  'recording-lost',
  'loss-not-confirmed',
  'not-recorded',
  'duplicate-dropped',
  'erased-dropped',
  'marker-failed',
  'upload-abort-failed',
  // Sessions
  'session-opened',
  'session-ended',
  'session-up',
  'session-down',
  'session-rejected-by-pbx',
  'login-refused',
  'session-not-saved',
  'hold-not-saved',
  'no-credentials',
  'pbx-clock-wrong',
  // Reconciliation
  'reconciled',
  'reconciliation-failed',
  'reconciliation-skipped',
  'missing-recording-queued',
  'cdr-rows-unreadable',
  'recording-search-empty',
  // The index of the recordings
  'recording-indexed',
  'recording-unindexed',
  'indexing-failed',
  'index-repaired',
  'index-repair-failed',
  'status-not-saved',
  // Links
  'link-created',
  'link-not-found',
  'link-unauthorized',
  'link-failed',
  // Search API
  'searched',
  'api-unauthorized',
  'api-failed',
  'signed-in',
  'sign-in-refused',
  'sign-in-throttled',
  // Shares and the access log
  'share-created',
  'share-opened',
  'share-continued',
  'share-refused',
  'share-revoked',
  'access-not-logged',
  'access-not-published',
  // The local host
  'polling-failed',
  'schedule-failed',
] as const;

export type LogEvent = (typeof LOG_EVENTS)[number];
