import { createHash, timingSafeEqual } from 'node:crypto';

const TTL_MS = 5 * 60 * 1000;
const MIN_REFETCH_MS = 60 * 1000;
const MIN_RETRY_MS = 5 * 1000;

export interface CachedSecret {
  /** Whether `candidate` is the secret, compared in constant time. Fails as `fetch` fails. */
  matches(candidate: string): Promise<boolean>;
}

/**
 * A secret kept in memory for five minutes. A candidate that does not match makes it fetched once more,
 * so that a rotation is noticed at once, but at most once a minute, so that a guesser costs nothing.
 */
export function createCachedSecret(fetch: () => Promise<string>, now: () => number): CachedSecret {
  let cached: { digest: Buffer; fetchedAt: number } | undefined;
  let failed: { error: unknown; at: number } | undefined;

  async function refresh() {
    // A secret that cannot be read just now must not cost a call for each guess either.
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
      const usable = cached !== undefined && now() - cached.fetchedAt < TTL_MS ? cached : undefined;
      const known = usable ?? (await refresh());
      if (timingSafeEqual(known.digest, digest)) return true;
      if (now() - known.fetchedAt < MIN_REFETCH_MS) return false;
      return timingSafeEqual((await refresh()).digest, digest);
    },
  };
}

/** Digests make the lengths equal, which the comparison needs. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
