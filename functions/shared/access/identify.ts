import * as v from 'valibot';
import type { AccessSettings } from '../config/access-settings.ts';
import type { CachedSecret } from '../config/cached-secret.ts';
import { EVERYTHING, grantsOfRoles, personOf, rolesOf, tokenOf, toPersonName } from './claims.ts';
import type { Principal } from './principal.ts';
import { findSessionCookie, readSession, type SessionCookie } from './session-cookie.ts';

export interface Caller {
  /** The `Authorization` header. */
  authorization: string | undefined;
  /** What API Gateway found out about the caller, if it verified one. */
  authorizer: unknown;
  cookies?: readonly string[] | undefined;
}

export type Identify = (caller: Caller) => Promise<Principal | undefined>;

export type Authorization =
  | { type: 'iam' | 'jwt' }
  | {
      type: 'token';
      linkToken: CachedSecret;
      /** Sessions are accepted only where a cookie is named. */
      sessionCookie?: SessionCookie;
    };

/**
 * What API Gateway passes on after it has verified a signature or a JWT. While the kind of authorization is being
 * changed, CloudFormation may have updated the function and not yet the routes, so requests arrive that nobody has
 * verified.
 */
const verifiedByIam = v.object({ iam: v.object({ userArn: v.pipe(v.string(), v.nonEmpty()) }) });
const verifiedByJwt = v.object({ jwt: v.object({ claims: v.record(v.string(), v.unknown()) }) });

/** Returns a function that says who a caller is, or `undefined` if nobody has authorized them. */
export function createIdentify(
  authorization: Authorization,
  settings: Pick<AccessSettings, 'personClaim' | 'roles'>,
  now: () => number,
): Identify {
  switch (authorization.type) {
    case 'iam':
      return async ({ authorizer }) => {
        if (!v.is(verifiedByIam, authorizer)) return undefined;
        const person = toPersonName(authorizer.iam.userArn.split('/').at(-1) ?? '');
        return { person, by: 'iam', grants: EVERYTHING };
      };
    case 'jwt':
      return async ({ authorizer }) => {
        if (!v.is(verifiedByJwt, authorizer)) return undefined;
        const { claims } = authorizer.jwt;
        const roles = rolesOf(claims, settings);
        const token = tokenOf(claims);
        return {
          person: personOf(claims, settings),
          by: 'jwt',
          grants: grantsOfRoles(roles, settings),
          roles,
          ...(token !== undefined && { token }),
        };
      };
    case 'token':
      return (caller) => identifyByToken(caller, authorization, now);
  }
}

async function identifyByToken(
  { authorization = '', cookies = [] }: Caller,
  { linkToken, sessionCookie }: Extract<Authorization, { type: 'token' }>,
  now: () => number,
): Promise<Principal | undefined> {
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (token !== undefined) {
    const isRight = await linkToken.matches(token);
    return isRight ? { person: 'token', by: 'token', grants: EVERYTHING } : undefined;
  }
  const session = sessionCookie && findSessionCookie(sessionCookie, cookies);
  if (!session) return undefined;
  const person = await linkToken.tryDigests((digest) => readSession(digest, session, now()));
  return person === undefined ? undefined : { person, by: 'session', grants: EVERYTHING };
}
