import { createHash, timingSafeEqual } from 'node:crypto';

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

  async function current() {
    const fresh = cached !== undefined && now() - cached.fetchedAt < TTL_MS ? cached : undefined;
    return fresh ?? (await refresh());
  }

  async function tryDigests<T>(attempt: (digest: Buffer) => T | undefined): Promise<T | undefined> {
    const secret = await current();
    const result = firstOf(secret.digests, attempt);
    if (result !== undefined || now() - secret.fetchedAt < MIN_REFETCH_MS) return result;
    return firstOf((await refresh()).digests, attempt);
  }

  return {
    async matches(candidate) {
      const digest = sha256(candidate);
      return (await tryDigests((known) => timingSafeEqual(known, digest) || undefined)) ?? false;
    },
    async digest() {
      const [digest] = (await current()).digests;
      if (digest === undefined) throw new Error('The secret has no value.');
      return digest;
    },
    tryDigests,
  };
}

function firstOf<T>(digests: Buffer[], attempt: (digest: Buffer) => T | undefined): T | undefined {
  for (const digest of digests) {
    const result = attempt(digest);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** Digests have equal lengths, which `timingSafeEqual` requires. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
