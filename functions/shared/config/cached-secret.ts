import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '../sha256.ts';

const TTL_MS = 5 * 60 * 1000;
const MIN_REFETCH_MS = 60 * 1000;
const MIN_RETRY_MS = 5 * 1000;

/** Every method rejects if the secret cannot be fetched. */
export interface CachedSecret {
  /** Whether `candidate` is the secret, compared in constant time. */
  matches(candidate: string): Promise<boolean>;
  /** SHA-256 of the secret, to derive keys from. */
  digest(): Promise<Buffer>;
  /** What `attempt` returns for the secret's digest, unless it is `undefined`. Fetches again as `matches` does. */
  tryDigests<T>(attempt: (digest: Buffer) => T | undefined): Promise<T | undefined>;
  /** Whether something was made with the secret, such as a signature. */
  satisfies(isRight: (secret: string) => boolean): Promise<boolean>;
}

/**
 * Keeps a secret in memory for five minutes. After a mismatch it is fetched again, so that a rotation takes effect at
 * once, but at most once a minute, so that guessing costs nothing.
 */
export function createCachedSecret(
  /** Several values count as the secret, each of them. */
  fetch: () => Promise<string | string[]>,
  now: () => number,
): CachedSecret {
  let cached: { secrets: string[]; fetchedAt: number } | undefined;
  let failed: { error: unknown; at: number } | undefined;

  async function refresh() {
    // While the secret cannot be read, a guess must not cost a call either.
    if (failed !== undefined && now() - failed.at < MIN_RETRY_MS) throw failed.error;
    try {
      cached = { secrets: [await fetch()].flat(), fetchedAt: now() };
      failed = undefined;
      return cached;
    } catch (error) {
      failed = { error, at: now() };
      throw error;
    }
  }

  async function current() {
    const fresh = cached !== undefined && now() - cached.fetchedAt < TTL_MS ? cached : undefined;
    return fresh ?? (await refresh());
  }

  async function trySecrets<T>(attempt: (secret: string) => T | undefined): Promise<T | undefined> {
    const known = await current();
    const result = firstOf(known.secrets, attempt);
    if (result !== undefined || now() - known.fetchedAt < MIN_REFETCH_MS) return result;
    return firstOf((await refresh()).secrets, attempt);
  }

  const tryDigests: CachedSecret['tryDigests'] = (attempt) => trySecrets((secret) => attempt(sha256(secret)));

  return {
    async matches(candidate) {
      const digest = sha256(candidate);
      return (await tryDigests((known) => timingSafeEqual(known, digest) || undefined)) ?? false;
    },
    async digest() {
      const [secret] = (await current()).secrets;
      if (secret === undefined) throw new Error('The secret has no value.');
      return sha256(secret);
    },
    tryDigests,
    satisfies: async (isRight) => (await trySecrets((secret) => isRight(secret) || undefined)) ?? false,
  };
}

function firstOf<T>(secrets: string[], attempt: (secret: string) => T | undefined): T | undefined {
  for (const secret of secrets) {
    const result = attempt(secret);
    if (result !== undefined) return result;
  }
  return undefined;
}
