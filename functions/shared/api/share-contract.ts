import * as v from 'valibot';
import { MAX_SHARE_DAYS } from '../config/limits.ts';
import { indexedRecordingSchema } from '../recording-index/row.ts';
import { MAX_NOTE_LENGTH, MAX_PASSCODE_LENGTH, MIN_PASSCODE_LENGTH } from './input-limits.ts';

/** What the API accepts and responds with about shares. */

const instant = v.pipe(v.string(), v.isoTimestamp());

const wholeNumber = (max: number) => {
  const message = `should be a whole number from 1 to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(1, message), v.maxValue(max, message));
};

/** A share, as those who may see it get it. Its token is in the response that created it, and nowhere else. */
export const shareSchema = v.object({
  id: v.string(),
  pbx: v.string(),
  recording: v.string(),
  createdBy: v.string(),
  createdAt: instant,
  /** When it ends. */
  endsAt: instant,
  hasPasscode: v.boolean(),
  download: v.boolean(),
  note: v.optional(v.string()),
  /** How often it may be opened, if limited, and how often it has been. */
  maxPlays: v.optional(v.number()),
  plays: v.number(),
  revokedAt: v.optional(instant),
  /** Too many wrong passcodes have ended it. */
  lockedOut: v.optional(v.boolean()),
});

export type Share = v.InferOutput<typeof shareSchema>;

/** Body of `POST /api/shares`. */
export const createShareSchema = v.strictObject({
  pbx: v.string(),
  recording: v.string(),
  /** In how many days it ends: at most `shares.maxDays` of `GET /api/me`. */
  days: v.optional(wholeNumber(MAX_SHARE_DAYS)),
  passcode: v.optional(
    v.pipe(
      v.string(),
      v.trim(),
      v.minLength(MIN_PASSCODE_LENGTH, `should have at least ${MIN_PASSCODE_LENGTH} characters`),
      v.maxLength(MAX_PASSCODE_LENGTH, `should have at most ${MAX_PASSCODE_LENGTH} characters`),
    ),
  ),
  /** How often it may be opened. Absent: any number of times. */
  maxPlays: v.optional(wholeNumber(10_000)),
  /** Whether the recipient may save the file. The maker needs the right `download`. */
  download: v.optional(v.boolean(), false),
  note: v.optional(
    v.pipe(v.string(), v.maxLength(MAX_NOTE_LENGTH, `should have at most ${MAX_NOTE_LENGTH} characters`)),
  ),
});

/** Response to `POST /api/shares`. `url` contains the token after `#`. */
export const createdShareSchema = v.object({ share: shareSchema, url: v.string() });

/** `GET /api/shares` */
export const sharesSchema = v.object({ shares: v.array(shareSchema), cursor: v.optional(v.string()) });

/** Body of `POST /api/shares/open`, which needs no authorization. */
export const openShareSchema = v.strictObject({
  /** What follows `#` in the address. */
  token: v.pipe(v.string(), v.maxLength(100, 'should have at most 100 characters')),
  /** The empty text counts as none. People copy a passcode with the space or the line break around it. */
  passcode: v.optional(
    v.pipe(
      v.string(),
      v.trim(),
      v.maxLength(MAX_PASSCODE_LENGTH, `should have at most ${MAX_PASSCODE_LENGTH} characters`),
    ),
  ),
  /** From an earlier opening. Continues it: this needs no passcode, and does not count as another play. */
  continuation: v.optional(v.pipe(v.string(), v.maxLength(300, 'should have at most 300 characters'))),
});

/**
 * Response to `POST /api/shares/open`: only what the recipient needs. Every share that cannot be opened gets the same
 * 404, whether it needs a passcode, has another, has ended or has never existed.
 */
export const openedShareSchema = v.object({
  url: v.string(),
  expiresAt: instant,
  /** Gets another link for this opening when `url` has expired. */
  continuation: v.string(),
  download: v.boolean(),
  /** When the call began. */
  at: instant,
  timeZone: v.string(),
  /** When the share ends. */
  endsAt: instant,
  /** How often it can still be opened, if limited. */
  playsLeft: v.optional(v.number()),
  seconds: v.optional(v.number()),
  codec: indexedRecordingSchema.entries.codec,
});
