import { EVERYTHING, grantsOfRoles } from '../access/claims.ts';
import type { Grant, Principal } from '../access/principal.ts';
import { open, seal } from '../api/sealed.ts';
import type { AccessSettings } from '../config/access-settings.ts';
import type { CachedSecret } from '../config/cached-secret.ts';
import type { PersonRoles } from './person-roles.ts';
import type { Authority, ShareRecord } from './share.ts';

export interface Authorities {
  /** The authority for a new share. */
  of(principal: Principal, shareId: string): Promise<Authority>;
  /** The rights that its maker has today, as far as the archive knows. */
  grantsFor(share: Pick<ShareRecord, 'id' | 'authority'>): Promise<readonly Grant[]>;
  /** Learns from somebody's request what rights they have. */
  learn(principal: Principal): Promise<void>;
}

/** By the link token. Replacing the token ends all sessions that began with it, and all shares. */
export const authoritiesByToken = (linkToken: CachedSecret): Authorities => ({
  async of(_principal, shareId) {
    return { by: 'token', seal: seal(await linkToken.digest(), 'share', shareId) };
  },
  async grantsFor({ id, authority }) {
    if (authority.by !== 'token') return [];
    const isCurrent = await linkToken.tryDigests(
      (digest) => open(digest, 'share', authority.seal) === id || undefined,
    );
    return isCurrent ? EVERYTHING : [];
  },
  async learn() {},
});

/**
 * By the roles that the maker had when the archive saw them last: a share ends when its maker comes back without the role,
 * and when the role is removed from the settings or no longer covers the recording. Of somebody who does not come back, the
 * archive learns nothing.
 */
export function authoritiesByRole(
  settings: Pick<AccessSettings, 'roles'>,
  personRoles: PersonRoles,
): Authorities {
  const learn = async ({ token, roles = [] }: Principal) => {
    if (token !== undefined) await personRoles.note(token, roles);
  };
  return {
    learn,
    async of(principal) {
      await learn(principal);
      const { roles = [], token } = principal;
      return { by: 'jwt', roles: [...roles], subject: token?.subject };
    },
    async grantsFor({ authority }) {
      if (authority.by !== 'jwt') return [];
      const { subject, roles } = authority;
      const newest = subject === undefined ? undefined : await personRoles.of(subject);
      return grantsOfRoles(newest ?? roles, settings);
    },
  };
}
