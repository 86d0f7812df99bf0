import * as v from 'valibot';

/** What the API accepts and responds with about the access log. */

const instant = v.pipe(v.string(), v.isoTimestamp());

export const ACCESS_KINDS = [
  'link-created',
  'download-link-created',
  'played',
  'share-created',
  'share-opened',
  /** The recipient of an opened share got another link. */
  'share-continued',
  'share-refused',
  'share-revoked',
  'refused',
] as const;

const MAX_PLAYED_SECONDS = 7 * 24 * 3600;
const playedSeconds = `should be a number from 0 to ${MAX_PLAYED_SECONDS}`;

/** Body of `POST /api/access`: the player reports how many seconds it has played. */
export const playedSchema = v.strictObject({
  pbx: v.string(),
  recording: v.string(),
  seconds: v.pipe(
    v.number(playedSeconds),
    v.minValue(0, playedSeconds),
    v.maxValue(MAX_PLAYED_SECONDS, playedSeconds),
  ),
});

/** Why something was refused. */
const REFUSAL_REASONS = [
  /** The person lacks the right. */
  'forbidden',
  // A share:
  'ended',
  'revoked',
  'used-up',
  'wrong-passcode',
  'no-passcode',
  /** Too many wrong passcodes. */
  'locked-out',
  /** Its maker could not make it today. */
  'maker-lost-right',
  'shares-not-allowed',
  'not-archived',
  /** It was opened too long ago to go on. */
  'opening-over',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** One row of the access log: a link that was handed out is not proof that somebody listened. */
export const accessSchema = v.object({
  at: instant,
  kind: v.picklist(ACCESS_KINDS),
  /** Of which recording; a refusal may concern none, such as that of a search. */
  pbx: v.optional(v.string()),
  recording: v.optional(v.string()),
  /** Name of the person as far as known; of a share, who made it. */
  person: v.string(),
  /** How they were authorized. */
  by: v.picklist(['token', 'session', 'jwt', 'iam', 'share']),
  address: v.optional(v.string()),
  share: v.optional(v.string()),
  /** What the player reported: how many seconds were played. */
  seconds: v.optional(v.number()),
  reason: v.optional(v.picklist(REFUSAL_REASONS)),
});

export type Access = v.InferOutput<typeof accessSchema>;

/** `GET /api/access` */
export const accessLogSchema = v.object({ accesses: v.array(accessSchema), cursor: v.optional(v.string()) });
