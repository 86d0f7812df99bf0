import { randomHex } from './sessions.ts';

const LIFETIME_MS = 30_000;
/** How long a random is remembered, so that a refusal of an old one can say why. */
const MEMORY_MS = 600_000;

export type RandomRefusal = 'unknown' | 'reused' | 'expired' | 'other-resource' | 'other-address';

/** Random strings, valid for 30 seconds and one use, for one resource and the addresses that may download it. */
export class Randoms {
  #now: () => number;
  #randoms = new Map<string, { resource: string; addresses: string[]; issuedAt: number; used: boolean }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(resource: string, addresses: string[]): string {
    const issuedAt = this.#now();
    for (const [old, entry] of this.#randoms) {
      if (issuedAt - entry.issuedAt > MEMORY_MS) this.#randoms.delete(old);
    }
    const random = randomHex();
    this.#randoms.set(random, { resource, addresses, issuedAt, used: false });
    return random;
  }

  /** Uses up the random, even if it is presented wrongly. Returns why it is refused, or `undefined`. */
  take(random: string, resource: string, address: string): RandomRefusal | undefined {
    const entry = this.#randoms.get(random);
    if (!entry) return 'unknown';
    if (entry.used) return 'reused';
    entry.used = true;
    if (this.#now() - entry.issuedAt > LIFETIME_MS) return 'expired';
    if (entry.resource !== resource) return 'other-resource';
    return entry.addresses.includes(address) ? undefined : 'other-address';
  }

  dropAll(): void {
    this.#randoms.clear();
  }
}
