import type * as v from 'valibot';
import { createCachedSecret } from '../shared/config/cached-secret.ts';
import type { Secrets } from '../shared/config/secrets.ts';
import { ArchiveError } from '../shared/errors.ts';
import type { envSchema } from './env.ts';

const MIN_TOKEN_LENGTH = 16;

/** Returns a function that decides by the `Authorization` header whether a caller may get links. */
export function createAuthorizer(
  env: v.InferOutput<typeof envSchema>,
  secrets: Secrets,
  now: () => number,
): (authorization: string | undefined) => Promise<boolean> {
  // API Gateway has verified the caller's signature or JWT before the function runs.
  if (env.LINK_AUTHORIZATION !== 'token') return async () => true;

  const secretName = env.LINK_TOKEN_SECRET;
  const linkToken = createCachedSecret(async () => {
    const { value } = await secrets.read(secretName);
    if (value.length >= MIN_TOKEN_LENGTH) return value;
    throw new ArchiveError(
      'link-token-missing',
      `The secret ${secretName} must hold a token of at least ${MIN_TOKEN_LENGTH} characters. Enter one.`,
      { kind: 'permanent' },
    );
  }, now);
  return async (authorization = '') => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    return token !== undefined && (await linkToken.matches(token));
  };
}
