import * as v from 'valibot';
import { MAX_SHARE_DAYS } from '../config/limits.ts';
import { indexedRecordingSchema } from '../recording-index/row.ts';

/** What the API under `/api/` accepts and responds with. The page and docs/openapi.json are made from these schemas. */

const instant = v.pipe(v.string(), v.isoTimestamp());

const positiveInteger = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));

/** What a person may do: `listen` includes finding; `download` saves the file; `share` makes links for others. */
export const RIGHTS = ['listen', 'download', 'share', 'audit'] as const;
export type Right = (typeof RIGHTS)[number];

/** `GET /api/config`: what the page has to know before anybody has signed in. */
export const configSchema = v.variant('authorization', [
  v.object({ authorization: v.literal('token') }),
  v.object({ authorization: v.literal('jwt'), issuer: v.string(), clientId: v.string(), scope: v.string() }),
]);

/** `GET /api/me`: who is signed in, and what they may do and see. */
export const meSchema = v.object({
  /** Name of the person as far as known: a claim of the JWT, or what they called themselves when they signed in. */
  person: v.string(),
  rights: v.array(v.picklist(RIGHTS)),
  pbxs: v.array(
    v.object({
      id: v.string(),
      /** IANA name. */
      timeZone: v.string(),
      /** Reconciliation has compared all calls that ended before this. Absent if it never has. */
      completeUpTo: v.optional(instant),
      /** Absent while the session is up, or if nothing is known. */
      sessionDownSince: v.optional(instant),
    }),
  ),
  shares: v.object({ allowed: v.boolean(), maxDays: v.number() }),
});

/** `GET /api/recordings`: one page of a search, newest first. */
export const searchSchema = v.object({
  recordings: v.array(indexedRecordingSchema),
  /** The search has looked at everything from its end back to here. */
  searchedBackTo: instant,
  /** Continues the search; absent at its end. A page may be empty and still have one. */
  cursor: v.optional(v.string()),
});

export const linkSchema = v.object({ url: v.string(), expiresAt: instant });

/** `GET /api/recordings/{pbx}/{recording}`. The link is absent unless the recording is archived. */
export const recordingSchema = v.object({ recording: indexedRecordingSchema, link: v.optional(linkSchema) });

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
export const createShareSchema = v.object({
  pbx: v.string(),
  recording: v.string(),
  /** In how many days it ends: at most `shares.maxDays` of `GET /api/me`. */
  days: v.optional(positiveInteger(MAX_SHARE_DAYS)),
  passcode: v.optional(v.pipe(v.string(), v.minLength(4), v.maxLength(100))),
  /** How often it may be opened. Absent: any number of times. */
  maxPlays: v.optional(positiveInteger(10_000)),
  /** Whether the recipient may save the file. The maker needs the right `download`. */
  download: v.optional(v.boolean(), false),
  note: v.optional(v.pipe(v.string(), v.maxLength(500))),
});

/** Response to `POST /api/shares`. `url` contains the token after `#`. */
export const createdShareSchema = v.object({ share: shareSchema, url: v.string() });

/** `GET /api/shares` */
export const sharesSchema = v.object({ shares: v.array(shareSchema), cursor: v.optional(v.string()) });

/** Body of `POST /api/shares/open`, which needs no authorization. */
export const openShareSchema = v.object({
  /** What follows `#` in the address. */
  token: v.pipe(v.string(), v.maxLength(100)),
  passcode: v.optional(v.pipe(v.string(), v.maxLength(100))),
});

/**
 * Response to `POST /api/shares/open`: only what the recipient needs. Every share that cannot be opened gets the same
 * 404, whether it needs a passcode, has another, has ended or has never existed.
 */
export const openedShareSchema = v.object({
  url: v.string(),
  expiresAt: instant,
  download: v.boolean(),
  /** When the call began. */
  at: instant,
  timeZone: v.string(),
  seconds: v.optional(v.number()),
  codec: indexedRecordingSchema.entries.codec,
});

export const ACCESS_KINDS = [
  'link-created',
  'download-link-created',
  'played',
  'share-created',
  'share-opened',
  'share-refused',
  'share-revoked',
  'refused',
] as const;

/** Body of `POST /api/access`: the player reports how many seconds it has played. */
export const playedSchema = v.object({
  pbx: v.string(),
  recording: v.string(),
  seconds: v.pipe(v.number(), v.minValue(0), v.maxValue(7 * 24 * 3600)),
});

/** One row of the access log: a link that was handed out is not proof that somebody listened. */
export const accessSchema = v.object({
  at: instant,
  kind: v.picklist(ACCESS_KINDS),
  pbx: v.string(),
  recording: v.string(),
  /** Name of the person as far as known; of a share, who made it. */
  person: v.string(),
  /** How they were authorized. */
  by: v.picklist(['token', 'session', 'jwt', 'iam', 'share']),
  address: v.optional(v.string()),
  share: v.optional(v.string()),
  /** What the player reported: how many seconds were played. */
  seconds: v.optional(v.number()),
});

export type Access = v.InferOutput<typeof accessSchema>;

/** `GET /api/access` */
export const accessLogSchema = v.object({ accesses: v.array(accessSchema), cursor: v.optional(v.string()) });

/** Any response with a status of 400 or more. `parameter` is that of a 400. */
export const errorSchema = v.object({
  error: v.string(),
  parameter: v.optional(v.string()),
  message: v.optional(v.string()),
});
