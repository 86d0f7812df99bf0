import * as v from 'valibot';
import { CODECS } from '../recording-index/row.ts';

/** The `detail` of the events that the archive publishes. docs/events has them as JSON Schema. */

const instant = v.pipe(v.string(), v.isoTimestamp());
const text = v.optional(v.string());

/** What all events say of a recording. Absent if it is not known. */
const about = {
  version: v.literal('1'),
  /** Repeats if the same fact is published again. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  /** Name of the stack. */
  archive: v.string(),
  pbx: v.string(),
  /** SHA-256 of the recording's name, in hex. It stays the same whether or not names are published. */
  recordingSha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** The recording's name, which contains phone numbers: only if `events.numbers` is on. */
  recording: text,
  /** When the bucket changed. */
  occurredAt: instant,
  /** When the call began. */
  at: instant,
  callId: text,
  /** Phone numbers: only if `events.numbers` is on. */
  from: text,
  to: text,
  did: text,
  type: text,
  status: text,
  trunk: text,
  seconds: v.optional(v.number()),
};

const stored = {
  bytes: v.optional(v.number()),
  codec: v.optional(v.picklist(CODECS)),
  contentType: text,
  /** Base64, as in S3's API. */
  crc32: text,
  /** What the completeness of the recording was verified by, and doubts. */
  verifiedBy: v.array(v.string()),
  archivedAt: instant,
};

/** By `detail-type`. */
export const EVENT_SCHEMAS = {
  'Recording Archived': v.strictObject({ ...about, ...stored }),
  'Recording Deleted': v.strictObject({ ...about, ...stored }),
  'Recording Lost': v.strictObject(about),
} as const;

export type EventType = keyof typeof EVENT_SCHEMAS;
