import * as v from 'valibot';
import { indexedRecordingSchema } from '../recording-index/row.ts';

/** What the API under `/api/` accepts and responds with. The page and docs/openapi.json are made from these schemas. */

export * from './access-contract.ts';
export * from './share-contract.ts';

const instant = v.pipe(v.string(), v.isoTimestamp());

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
  /** Whether they may read the access log: with `audit`, unless that is limited to extensions. */
  accessLog: v.boolean(),
  pbxs: v.array(
    v.object({
      id: v.string(),
      /** IANA name. */
      timeZone: v.string(),
      /** Reconciliation has compared all calls that ended before this. Absent if it never has. */
      completeUpTo: v.optional(instant),
      /** The last run of pbx-session that found the session up or opened one, which is every ten minutes. */
      sessionUpAt: v.optional(instant),
      /** Absent while the session is up, or if nothing is known. */
      sessionDownSince: v.optional(instant),
    }),
  ),
  shares: v.object({ allowed: v.boolean(), maxDays: v.number(), defaultDays: v.number() }),
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

/** Any response with a status of 400 or more. `parameter` is that of a 400. */
export const errorSchema = v.object({
  error: v.string(),
  parameter: v.optional(v.string()),
  message: v.optional(v.string()),
});
