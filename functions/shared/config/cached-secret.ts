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
export function createCachedSecret(fetch: () => Promise<string>, now: () => number): CachedSecret {
  let cached: { digest: Buffer; fetchedAt: number } | undefined;
  let failed: { error: unknown; at: number } | undefined;

  async function refresh() {
    // While the secret cannot be read, a guess must not cost a call either.
    if (failed !== undefined && now() - failed.at < MIN_RETRY_MS) throw failed.error;
    try {
      cached = { digest: sha256(await fetch()), fetchedAt: now() };
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
      if (timingSafeEqual(secret.digest, digest)) return true;
      if (now() - secret.fetchedAt < MIN_REFETCH_MS) return false;
      return timingSafeEqual((await refresh()).digest, digest);
    },
  };
}

/** Digests have equal lengths, which `timingSafeEqual` requires. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
