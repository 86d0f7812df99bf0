import * as v from 'valibot';
import { pbxIdSchema } from './pbx-registry.ts';
import { findNameProblem } from './recording-name.ts';

/** What the report said of the call, as it said it; absent where it said nothing. */
export const callSchema = v.object({
  callId: v.optional(v.string()),
  from: v.optional(v.string()),
  to: v.optional(v.string()),
  type: v.optional(v.string()),
  status: v.optional(v.string()),
  /** PBX-local time, without a zone. */
  start: v.optional(v.string()),
  talkSeconds: v.optional(v.string()),
  trunk: v.optional(v.string()),
  did: v.optional(v.string()),
  serialNumber: v.optional(v.string()),
});

export type Call = v.InferOutput<typeof callSchema>;

/** One recording to archive. Holds identifiers and facts only: never a URL, a token or a random string. */
export const jobSchema = v.object({
  version: v.literal(1),
  pbx: pbxIdSchema,
  recording: v.pipe(
    v.string(),
    v.check((name) => findNameProblem(name) === undefined, 'cannot be used as a name'),
  ),
  call: callSchema,
  /** ISO 8601, UTC. */
  reportedAt: v.pipe(v.string(), v.isoTimestamp()),
});

export type Job = v.InferOutput<typeof jobSchema>;
