import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { may, type Principal } from '../shared/access/principal.ts';
import { createPublishAccess } from '../shared/access-log/access-events.ts';
import { createAccessLog } from '../shared/access-log/access-log.ts';
import type { AccessSettings } from '../shared/config/access-settings.ts';
import type { CachedSecret } from '../shared/config/cached-secret.ts';
import type { PbxRegistry } from '../shared/config/pbx-registry.ts';
import { type Authorities, authoritiesByRole, authoritiesByToken } from '../shared/shares/authority.ts';
import type { ShareRecord } from '../shared/shares/share.ts';
import { createShareStore, type ShareStore } from '../shared/shares/share-store.ts';
import { type Continuations, createContinuations } from './continuation.ts';
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

/** The part of the dependencies that is kept in the access table. */
export function createShareStores(
  client: DynamoDBDocumentClient,
  { ACCESS_TABLE, LINK_AUTHORIZATION }: { ACCESS_TABLE: string; LINK_AUTHORIZATION: 'token' | 'iam' | 'jwt' },
  settings: AccessSettings,
  secret: CachedSecret,
): Pick<ShareDeps, 'shares' | 'accessLog' | 'accessLogDays' | 'authorities' | 'continuations'> {
  const { accessLogDays } = settings;
  const publish = createPublishAccess(settings.events);
  return {
    shares: createShareStore(client, ACCESS_TABLE, Date.now),
    accessLog: createAccessLog(client, { table: ACCESS_TABLE, days: accessLogDays, now: Date.now, publish }),
    accessLogDays,
    continuations: createContinuations(secret, Date.now),
    authorities: LINK_AUTHORIZATION === 'token' ? authoritiesByToken(secret) : authoritiesByRole(settings),
  };
}
