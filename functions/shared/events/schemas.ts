import * as v from 'valibot';
import { accessSchema } from '../api/access-contract.ts';
import { CODECS } from '../recording-index/row.ts';

/** The `detail` of the events that the archive publishes. docs/events has them as JSON Schema. */

const instant = v.pipe(v.string(), v.isoTimestamp());
const text = v.optional(v.string());

/** What is known of a call. */
const call = {
  /** When it began. */
  at: instant,
  callId: text,
  /** Phone numbers: only if `events.numbers` is on. */
  from: text,
  to: text,
  did: text,
  type: text,
  status: text,
  /** Its name, which is often its phone number: only if `events.numbers` is on. */
  trunk: text,
  seconds: v.optional(v.number()),
};
export const callFactsSchema = v.partial(v.object(call));
export type CallFacts = v.InferOutput<typeof callFactsSchema>;

/** What all events say of a recording. Absent if it is not known. */
const about = {
  version: v.literal('1'),
  /** Repeats if the same fact is published again. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  /** Name of the stack. */
  archive: v.string(),
  pbx: v.string(),
  /** The same in all events about the recording, whether or not names are published. */
  recordingId: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** The recording's name, which contains phone numbers: only if `events.numbers` is on. */
  recording: text,
  /** When the bucket changed, or when somebody shared or accessed the recording. */
  occurredAt: instant,
  ...call,
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

const { person, by, address } = accessSchema.entries;
/** Who it was, as the access log has it. */
const who = { person, by, address };

/** Ways of accessing a recording. The other rows of the access log are about shares, and about refusals. */
export const ACCESSES = [
  'link-created',
  'download-link-created',
  'played',
  'share-opened',
  'share-continued',
] as const;

const share = {
  endsAt: instant,
  download: v.boolean(),
  hasPasscode: v.boolean(),
  maxPlays: v.optional(v.number()),
};
export const shareFactsSchema = v.object(share);
export type ShareFacts = v.InferOutput<typeof shareFactsSchema>;

/** By `detail-type`. */
export const EVENT_SCHEMAS = {
  'Recording Archived': v.strictObject({ ...about, ...stored }),
  'Recording Deleted': v.strictObject({ ...about, ...stored }),
  'Recording Lost': v.strictObject(about),
  'Recording Shared': v.strictObject({
    ...about,
    ...who,
    /** Id of the share, with which the API revokes it. It opens nothing. */
    share: v.string(),
    ...share,
  }),
  'Recording Accessed': v.strictObject({
    ...about,
    /** Absent if the recording's name does not say it, and the link API handed out the link. */
    at: v.optional(instant),
    ...who,
    kind: v.picklist(ACCESSES),
    /** Id of the share that was opened or continued. */
    share: text,
    /** How much the player says that it has played. */
    playedSeconds: v.optional(v.number()),
  }),
} as const;

export type EventType = keyof typeof EVENT_SCHEMAS;
