import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { hasStatus } from '../aws-clients.ts';

/** For one request with its repetitions. A lease lasts a minute, and the login has to fit into it as well. */
const TIMEOUT_MS = 4_000;

/** The state of logins to a PBX, which all functions share. Holds no secret. Times are epoch ms. */
const loginStateSchema = v.object({
  /** Version of the session that a login is to replace. When another has replaced it, `login` no longer applies. */
  session: v.optional(v.string()),
  /** A function is logging in, or tried and got no token. No other function tries before `until`. */
  login: v.optional(v.object({ id: v.string(), until: v.number(), failures: v.number() })),
  /** The PBX refused a login. No function logs in before `until`, or while the credentials are unchanged. */
  hold: v.optional(
    v.object({
      code: v.string(),
      until: v.optional(v.number()),
      /** For a person. */
      reason: v.optional(v.string()),
      credentials: v.optional(v.string()),
    }),
  ),
  /** How many logins in a row have been refused for a reason that may have nothing to do with the credentials. */
  doubtfulRefusals: v.optional(v.number()),
});

export type LoginState = v.InferOutput<typeof loginStateSchema>;

export interface LoginSnapshot {
  /** `undefined` if the object does not exist yet. */
  readonly etag: string | undefined;
  readonly state: LoginState;
}

export interface LoginStore {
  read(): Promise<LoginSnapshot>;
  /** Replaces the state in `snapshot`. Returns `undefined` if another function has already replaced it. */
  replace(snapshot: LoginSnapshot, state: LoginState): Promise<LoginSnapshot | undefined>;
}

/**
 * Compare-and-swap on an object, by S3's conditional writes. Not on the session secret: each attempt to log in would use
 * up one of its versions, of which Secrets Manager keeps a hundred and deletes none within a day.
 */
export function createLoginStore(s3: S3Client, bucket: string, pbxId: string): LoginStore {
  const object = { Bucket: bucket, Key: `sessions/${pbxId}.json` };
  const timeout = () => ({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) });

  async function load(): Promise<{ etag: string | undefined; text: string }> {
    try {
      const { ETag, Body } = await s3.send(new GetObjectCommand(object), timeout());
      return { etag: ETag, text: (await Body?.transformToString()) ?? '' };
    } catch (error) {
      if (isNoSuchKey(error)) return { etag: undefined, text: '{}' };
      throw error;
    }
  }

  return {
    async read() {
      const { etag, text } = await load();
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), loginStateSchema), text);
      // State that cannot be parsed counts as empty. The next login replaces it.
      return { etag, state: parsed.success ? parsed.output : {} };
    },
    async replace({ etag }, state) {
      const text = JSON.stringify(state);
      const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
      const write = new PutObjectCommand({
        ...object,
        ...condition,
        Body: text,
        ContentType: 'application/json',
      });
      try {
        const { ETag } = await s3.send(write, timeout());
        return { etag: ETag, state };
      } catch (error) {
        // 409: another write was under way. No such key: the object that was read has been deleted.
        if (!hasStatus(error, 412) && !hasStatus(error, 409) && !isNoSuchKey(error)) throw error;
        // The SDK repeats a write whose response was lost, and S3 refuses the repetition.
        const current = await load();
        return current.text === text ? { etag: current.etag, state } : undefined;
      }
    },
  };
}

/** Not by its status: a bucket that does not exist is 404, too. */
const isNoSuchKey = (error: unknown) => error instanceof S3ServiceException && error.name === 'NoSuchKey';
