import { createHash, timingSafeEqual } from 'node:crypto';

const TTL_MS = 5 * 60 * 1000;
const MIN_REFETCH_MS = 60 * 1000;
const MIN_RETRY_MS = 5 * 1000;

export interface CachedSecret {
  /** Whether `candidate` is the secret, compared in constant time. Rejects if the secret cannot be fetched. */
  matches(candidate: string): Promise<boolean>;
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
  let cached: { digests: Buffer[]; fetchedAt: number } | undefined;
  let failed: { error: unknown; at: number } | undefined;

  async function refresh() {
    // While the secret cannot be read, a guess must not cost a call either.
    if (failed !== undefined && now() - failed.at < MIN_RETRY_MS) throw failed.error;
    try {
      cached = { digests: [await fetch()].flat().map(sha256), fetchedAt: now() };
      failed = undefined;
      return cached;
    } catch (error) {
      failed = { error, at: now() };
      throw error;
    }
  }

  return {
    async matches(candidate) {
      const digest = sha256(candidate);
      const fresh = cached !== undefined && now() - cached.fetchedAt < TTL_MS ? cached : undefined;
      const secret = fresh ?? (await refresh());
      if (isOneOf(secret.digests, digest)) return true;
      if (now() - secret.fetchedAt < MIN_REFETCH_MS) return false;
      return isOneOf((await refresh()).digests, digest);
    },
  };
}

const isOneOf = (digests: Buffer[], digest: Buffer) =>
  digests.some((known) => timingSafeEqual(known, digest));

/** Digests have equal lengths, which `timingSafeEqual` requires. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
