import { EVERYTHING, grantsOfRoles } from '../access/claims.ts';
import type { Grant, Principal } from '../access/principal.ts';
import { open, seal } from '../api/sealed.ts';
import type { AccessSettings } from '../config/access-settings.ts';
import type { CachedSecret } from '../config/cached-secret.ts';
import type { Authority } from './share.ts';

export interface Authorities {
  /** The authority for a new share. */
  of(principal: Principal, shareId: string): Promise<Authority>;
  /** The rights that its maker has today. */
  grantsFor(authority: Authority, shareId: string): Promise<readonly Grant[]>;
}

/** By the link token. Replacing the token ends all sessions that began with it, and all shares. */
export const authoritiesByToken = (linkToken: CachedSecret): Authorities => ({
  async of(_principal, shareId) {
    return { by: 'token', seal: seal(await linkToken.digest(), 'share', shareId) };
  },
  async grantsFor(authority, shareId) {
    if (authority.by !== 'token') return [];
    const isCurrent = await linkToken.tryDigests(
      (digest) => open(digest, 'share', authority.seal) === shareId || undefined,
    );
    return isCurrent ? EVERYTHING : [];
  },
});

/**
 * By the roles that the maker had when making the share: a role ends its shares when it is removed from the settings or no
 * longer covers the recording. Whether the person still has the role is not known.
 */
export const authoritiesByRole = (settings: Pick<AccessSettings, 'roles'>): Authorities => ({
  of: async ({ roles = [] }) => ({ by: 'jwt', roles: [...roles] }),
  async grantsFor(authority) {
    if (authority.by !== 'jwt') return [];
    return grantsOfRoles(authority.roles, settings);
  },
});
