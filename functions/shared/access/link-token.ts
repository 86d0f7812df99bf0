import { type CachedSecret, createCachedSecret } from '../config/cached-secret.ts';
import type { Secrets } from '../config/secrets.ts';
import { ArchiveError } from '../errors.ts';

const MIN_TOKEN_LENGTH = 16;

/** The secret that authorizes requests, or from which keys are derived. */
export const createLinkToken = (secrets: Secrets, secretName: string, now: () => number): CachedSecret =>
  createCachedSecret(async () => {
    const { value } = await secrets.read(secretName);
    if (value.length >= MIN_TOKEN_LENGTH) return value;
    throw new ArchiveError(
      'link-token-missing',
      `The secret ${secretName} must hold a token of at least ${MIN_TOKEN_LENGTH} characters. Enter one.`,
      { kind: 'permanent' },
    );
  }, now);
