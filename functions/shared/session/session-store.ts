import * as v from 'valibot';
import type { Secrets } from '../config/secrets.ts';
import { sha256 } from '../sha256.ts';

/** State of a PBX's session that the functions share. Times are epoch ms. */
const sessionStateSchema = v.object({
  token: v.optional(v.string()),
  refreshToken: v.optional(v.string()),
  openedAt: v.optional(v.number()),
  refreshedAt: v.optional(v.number()),
  /** Digest of the report address to which the token's login subscribed. */
  subscription: v.optional(v.string()),
  /** What the response to the token's login said. */
  postsReports: v.optional(v.boolean()),
});

export type SessionState = v.InferOutput<typeof sessionStateSchema>;

export interface Snapshot {
  readonly version: string;
  readonly state: SessionState;
}

export interface SessionStore {
  read(): Promise<Snapshot>;
  /** Replaces the state in `snapshot`. Returns `undefined` if another function has already replaced it. */
  replace(snapshot: Snapshot, state: SessionState): Promise<Snapshot | undefined>;
}

/**
 * Compare-and-swap on a Secrets Manager secret: the id of each version is computed from the id of the version that it
 * replaces, and Secrets Manager refuses a second version with the same id unless it has the same value.
 * (PutSecretValue's `ClientRequestToken`, AWS API reference.)
 */
export function createSessionStore(secretName: string, secrets: Secrets): SessionStore {
  return {
    async read() {
      const { versionId, value } = await secrets.read(secretName);
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), sessionStateSchema), value);
      // State that cannot be parsed counts as empty. The next login replaces it.
      return { version: versionId, state: parsed.success ? parsed.output : {} };
    },
    async replace(snapshot, state) {
      const version = sha256(snapshot.version).toString('hex');
      const written = await secrets.write(secretName, JSON.stringify(state), version);
      return written ? { version, state } : undefined;
    },
  };
}
