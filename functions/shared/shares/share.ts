import * as v from 'valibot';
import type { RefusalReason, Share } from '../api/contract.ts';
import { callFactsSchema } from '../events/schemas.ts';
import { CODECS } from '../recording-index/row.ts';
import { hashedPasscodeSchema } from './passcode.ts';

/** A share accepts as many wrong passcodes, ever. Four digits then hold with a probability of 99.9 %. */
export const MAX_WRONG_PASSCODES = 10;

/** What the maker's right to share rests on: a share works for as long as that does. */
const authoritySchema = v.variant('by', [
  /** The link token, also of a session that began with it: the id of the share, sealed with the token. */
  v.object({ by: v.literal('token'), seal: v.string() }),
  /** The names of the roles in the JWT, and the person that it is about, whose roles may change. */
  v.object({ by: v.literal('jwt'), roles: v.array(v.string()), subject: v.optional(v.string()) }),
]);
export type Authority = v.InferOutput<typeof authoritySchema>;

/** What was known of the call when the share was made: for recipients, roles that are limited to numbers, and events. */
const sharedCallSchema = v.object({
  ...callFactsSchema.entries,
  at: v.string(),
  codec: v.optional(v.picklist(CODECS)),
});

/** A share, as the table has it. */
export const shareRecordSchema = v.object({
  /** SHA-256 of its token. */
  id: v.string(),
  pbx: v.string(),
  recording: v.string(),
  person: v.string(),
  authority: authoritySchema,
  createdAt: v.string(),
  endsAt: v.string(),
  passcode: v.optional(hashedPasscodeSchema),
  /** Passcodes that were wrong or are being compared. */
  wrongPasscodes: v.number(),
  download: v.boolean(),
  note: v.optional(v.string()),
  maxPlays: v.optional(v.number()),
  plays: v.number(),
  revokedAt: v.optional(v.string()),
  call: sharedCallSchema,
});
export type ShareRecord = v.InferOutput<typeof shareRecordSchema>;

/** Why it cannot be opened any more, as far as its record tells. */
export function findEnd(share: ShareRecord, now: number): RefusalReason | undefined {
  if (share.revokedAt !== undefined) return 'revoked';
  if (Date.parse(share.endsAt) <= now) return 'ended';
  if (share.wrongPasscodes >= MAX_WRONG_PASSCODES) return 'locked-out';
  // Last, because an opening that has been counted may go on nevertheless.
  if (share.maxPlays !== undefined && share.plays >= share.maxPlays) return 'used-up';
  return undefined;
}

/** How often it can still be opened, if that is limited. */
export const playsLeftOf = ({ maxPlays, plays }: ShareRecord): number | undefined =>
  maxPlays === undefined ? undefined : Math.max(0, maxPlays - plays);

/** What those who may see the share get to know of it. */
export function describeShare(share: ShareRecord): Share {
  const { id, pbx, recording, createdAt, endsAt, download, note, maxPlays, plays, revokedAt } = share;
  return {
    id,
    pbx,
    recording,
    createdBy: share.person,
    createdAt,
    endsAt,
    hasPasscode: share.passcode !== undefined,
    download,
    plays,
    ...(note !== undefined && { note }),
    ...(maxPlays !== undefined && { maxPlays }),
    ...(revokedAt !== undefined && { revokedAt }),
    ...(share.wrongPasscodes >= MAX_WRONG_PASSCODES && { lockedOut: true }),
  };
}
