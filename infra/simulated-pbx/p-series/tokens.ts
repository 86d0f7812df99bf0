import { randomBytes } from 'node:crypto';
import type { Outcome } from './errcode.ts';

const TOKEN_SECONDS = 1800;
const REFRESH_TOKEN_SECONDS = 86_400;
const MAX_TOKENS = 8;
const FAILURES_BEFORE_BLOCK = 5;

export interface TokenOptions {
  clientId: string;
  clientSecret: string;
  now: () => number;
  /** The guide does not say whether `get_token` ends earlier tokens. */
  endsOldTokens: boolean;
  /** Nor whether a refresh token works twice. */
  reusableRefreshTokens: boolean;
}

interface Pair {
  token: string;
  refreshToken: string;
  issuedAt: number;
  /** An expired token stays expired, even if the clock is set back. */
  isExpired?: boolean;
}

/** Access tokens, at most eight that are valid; refresh tokens; and the addresses that are blocked. */
export class Tokens {
  #options: TokenOptions;
  #pairs: Pair[] = [];
  #failures = new Map<string, number>();
  #blocked = new Set<string>();

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  isBlocked(address: string): boolean {
    return this.#blocked.has(address);
  }

  /** By an administrator; nothing else ends a block. */
  unblock(): void {
    this.#blocked.clear();
    this.#failures.clear();
  }

  get(body: Record<string, unknown>, address: string): Outcome {
    const { clientId, clientSecret, endsOldTokens } = this.#options;
    if (body.username === undefined || body.password === undefined) return 40002;
    if (body.username !== clientId || body.password !== clientSecret) return this.#refuse(address);
    this.#failures.delete(address);
    if (this.countValid() >= MAX_TOKENS) return 60002;
    if (endsOldTokens) this.#pairs = [];
    return this.#issue();
  }

  /** The new pair takes the slot of the old one. */
  refresh(body: Record<string, unknown>): Outcome {
    if (body.refresh_token === undefined) return 40002;
    const old = this.#pairs.find(({ refreshToken }) => refreshToken === body.refresh_token);
    if (!old || this.#ageSeconds(old) >= REFRESH_TOKEN_SECONDS) return 10004;
    if (!this.#isAlive(old) && this.countValid() >= MAX_TOKENS) return 60002;
    if (this.#options.reusableRefreshTokens) old.issuedAt = this.#options.now() - TOKEN_SECONDS * 1000;
    else this.#pairs = this.#pairs.filter((pair) => pair !== old);
    return this.#issue();
  }

  isValid(token: string | undefined): boolean {
    return this.#pairs.some((pair) => pair.token === token && this.#isAlive(pair));
  }

  drop(token: string): void {
    this.#pairs = this.#pairs.filter((pair) => pair.token !== token);
  }

  /** As a restart does. */
  dropAll(): void {
    this.#pairs = [];
  }

  /** As half an hour does. */
  expireAll(): void {
    for (const pair of this.#pairs) pair.issuedAt -= TOKEN_SECONDS * 1000;
  }

  /** By another client of the API. */
  takeAll(): void {
    while (this.countValid() < MAX_TOKENS) this.#issue();
  }

  countValid(): number {
    return this.#pairs.filter((pair) => this.#isAlive(pair)).length;
  }

  setClientSecret(clientSecret: string): void {
    this.#options = { ...this.#options, clientSecret };
  }

  #issue(): Outcome {
    const pair = { token: random(), refreshToken: random(), issuedAt: this.#options.now() };
    this.#pairs.push(pair);
    return {
      access_token_expire_time: TOKEN_SECONDS,
      access_token: pair.token,
      refresh_token_expire_time: REFRESH_TOKEN_SECONDS,
      refresh_token: pair.refreshToken,
    };
  }

  #refuse(address: string): Outcome {
    const count = (this.#failures.get(address) ?? 0) + 1;
    this.#failures.set(address, count);
    if (count >= FAILURES_BEFORE_BLOCK) this.#blocked.add(address);
    return -1;
  }

  #isAlive(pair: Pair): boolean {
    pair.isExpired ||= this.#ageSeconds(pair) >= TOKEN_SECONDS;
    return !pair.isExpired;
  }

  #ageSeconds({ issuedAt }: Pair): number {
    return (this.#options.now() - issuedAt) / 1000;
  }
}

const random = () => randomBytes(16).toString('hex');
