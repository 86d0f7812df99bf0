import { may, type Principal } from '../shared/access/principal.ts';
import type { AccessSettings } from '../shared/config/access-settings.ts';
import type { PbxRegistry } from '../shared/config/pbx-registry.ts';
import type { Authorities } from '../shared/shares/authority.ts';
import type { ShareRecord } from '../shared/shares/share.ts';
import type { ShareStore } from '../shared/shares/share-store.ts';
import type { Continuations } from './continuation.ts';
import type { FindRecordingDeps } from './find-recording.ts';

export interface ShareDeps extends FindRecordingDeps {
  shares: ShareStore;
  accessLogDays: number;
  authorities: Authorities;
  continuations: Continuations;
  settings: Pick<AccessSettings, 'shares' | 'origin'>;
  registry: PbxRegistry;
  /** How long the link to the recording is valid that an opening returns. */
  linkSeconds: number;
  now: () => number;
}

/** Its maker may see and revoke a share, even without rights by now. So may everybody with the right `audit`. */
export const maySee = (principal: Principal, { pbx, person, call }: ShareRecord): boolean =>
  person === principal.person || may(principal, 'audit', { pbx, from: call.from, to: call.to });
