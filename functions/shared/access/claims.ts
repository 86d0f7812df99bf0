import { RIGHTS } from '../api/contract.ts';
import { MAX_NAME_LENGTH } from '../api/input-limits.ts';
import type { AccessSettings, Role } from '../config/access-settings.ts';
import type { Grant, VerifiedToken } from './principal.ts';

/** All rights on all recordings. */
export const EVERYTHING: readonly Grant[] = [{ pbxs: '*', rights: RIGHTS }];

/** The first of these that a token has names the person. Access tokens may have no other than `sub`. */
const PERSON_CLAIMS = ['email', 'preferred_username', 'username', 'sub'];

/** A name as the access log keeps it: one for all ways to enter it. A name that is kept stays as it is. */
export const toPersonName = (text: string): string =>
  text
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME_LENGTH)
    .trimEnd()
    .toWellFormed();

type Claims = Readonly<Record<string, unknown>>;

/** Returns the person that a verified JWT identifies. */
export function personOf(claims: Claims, { personClaim }: Pick<AccessSettings, 'personClaim'>): string {
  const names = personClaim === undefined ? PERSON_CLAIMS : [personClaim, 'sub'];
  const values = names.map((name) => claims[name]).filter((value) => typeof value === 'string');
  return values.map(toPersonName).find((name) => name !== '') ?? 'unknown';
}

export function tokenOf({ sub, iat }: Claims): VerifiedToken | undefined {
  if (typeof sub !== 'string' || sub === '') return undefined;
  // API Gateway passes numbers as text.
  const issuedAt = Number(iat);
  return { subject: sub, issuedAt: Number.isFinite(issuedAt) ? issuedAt : 0 };
}

type RoleSettings = Pick<AccessSettings, 'roles'>;

/** The names of the roles that a verified JWT gives, of those in the settings. */
export const rolesOf = (claims: Claims, { roles }: RoleSettings): string[] =>
  roles === undefined ? [] : rolesIn(claims[roles.claim]).filter((name) => Object.hasOwn(roles.map, name));

/** The rights that roles of these names give by the settings of today. */
export function grantsOfRoles(names: readonly string[], { roles }: RoleSettings): readonly Grant[] {
  if (roles === undefined) return EVERYTHING;
  return names.flatMap((name) => {
    const role = Object.hasOwn(roles.map, name) ? roles.map[name] : undefined;
    return role === undefined ? [] : [toGrant(role)];
  });
}

const toGrant = ({ pbxs, ...role }: Role): Grant => ({ ...role, pbxs: pbxs.includes('*') ? '*' : pbxs });

/** API Gateway passes every claim as text, and a list as `[one two]`. */
function rolesIn(claim: unknown): string[] {
  const text = typeof claim === 'string' ? claim.replace(/^\[(.*)\]$/s, '$1') : '';
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
}
