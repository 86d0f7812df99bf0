import * as v from 'valibot';

/**
 * What is known of a recording:
 * - `archived`: it is in the bucket;
 * - `waiting`: reconciliation has queued a job for it;
 * - `lost`: the PBX no longer has it;
 * - `dead-lettered`: its job was given up.
 */
const RECORDING_STATES = ['archived', 'waiting', 'lost', 'dead-lettered'] as const;
export type RecordingState = (typeof RECORDING_STATES)[number];

/** Coding of the audio, as far as the first bytes tell. Browsers play `gsm` through the page's own decoder only. */
export const CODECS = [
  'pcm',
  'alaw',
  'ulaw',
  'gsm',
  'mp3',
  'aac',
  'opus',
  'vorbis',
  'flac',
  'adpcm',
  'other',
] as const;
export type Codec = (typeof CODECS)[number];

const text = v.optional(v.string());

/** A recording, as the index has it and the search API returns it. */
export const indexedRecordingSchema = v.object({
  pbx: v.string(),
  /** Its name at the PBX, which the key in the bucket follows from. */
  recording: v.string(),
  state: v.picklist(RECORDING_STATES),
  /** When the call began: ISO 8601, UTC, with milliseconds. */
  at: v.pipe(v.string(), v.isoTimestamp()),
  callId: text,
  from: text,
  to: text,
  /** As the PBX reported it: `Inbound`, `Outbound`, `Internal`, … */
  type: text,
  /** As the PBX reported it: `ANSWERED`, … */
  status: text,
  did: text,
  trunk: text,
  bytes: v.optional(v.number()),
  /** Duration of the audio if its header or its codec's fixed rate tells, else the talk time that the PBX reported. */
  seconds: v.optional(v.number()),
  codec: v.optional(v.picklist(CODECS)),
  contentType: text,
  /** Base64, as in S3's API. */
  crc32: text,
  /** What the completeness of the recording was verified by, and doubts (recordings/verified-by.ts). */
  verifiedBy: v.optional(v.array(v.string()), []),
  /** When the object was written: ISO 8601, UTC. */
  archivedAt: text,
});

export type IndexedRecording = v.InferOutput<typeof indexedRecordingSchema>;
