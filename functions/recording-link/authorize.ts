import * as v from 'valibot';
import { createCachedSecret } from '../shared/config/cached-secret.ts';
import type { Secrets } from '../shared/config/secrets.ts';
import { ArchiveError } from '../shared/errors.ts';
import type { envSchema } from './env.ts';

const MIN_TOKEN_LENGTH = 16;

export interface Caller {
  /** The `Authorization` header. */
  authorization: string | undefined;
  /** What API Gateway found out about the caller, if it verified one. */
  authorizer: unknown;
}

/**
 * What API Gateway passes on after it has verified a signature or a JWT. While the kind of authorization is being
 * changed, CloudFormation may have updated the function and not yet the routes, so requests arrive that nobody has
 * verified.
 */
const verified = {
  iam: v.object({ iam: v.object({ userArn: v.pipe(v.string(), v.nonEmpty()) }) }),
  jwt: v.object({ jwt: v.object({ claims: v.record(v.string(), v.unknown()) }) }),
};

/** Returns a function that decides whether a caller may get links. */
export function createAuthorizer(
  env: v.InferOutput<typeof envSchema>,
  secrets: Secrets,
  now: () => number,
): (caller: Caller) => Promise<boolean> {
  if (env.LINK_AUTHORIZATION !== 'token') {
    const schema = verified[env.LINK_AUTHORIZATION];
    return async ({ authorizer }) => v.is(schema, authorizer);
  }

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
  return async ({ authorization = '' }) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    return token !== undefined && (await linkToken.matches(token));
  };
}
