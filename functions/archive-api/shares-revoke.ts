import * as v from 'valibot';
import type { Principal } from '../shared/access/principal.ts';
import { describeShare } from '../shared/shares/share.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';
import { maySee, type ShareDeps } from './shares.ts';

/** The path of `DELETE /api/shares/{id}`. */
export const revokeShareSchema = v.strictObject({ id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) });

/** `DELETE /api/shares/{id}`. Responds with the share as it is then; to revoke it again changes nothing. */
export async function revokeShare(
  { params, address }: ApiRequest,
  principal: Principal,
  { shares, accessLog }: Pick<ShareDeps, 'shares' | 'accessLog'>,
): Promise<ApiResponse> {
  const share = v.is(revokeShareSchema, params) ? await shares.find(params.id) : undefined;
  if (share === undefined) return refuse(404, 'not-found');
  const { pbx, recording } = share;
  const { person, by } = principal;
  const access = { pbx, recording, person, by, address, share: share.id };
  // Somebody without the right to revoke it must not learn whether it exists.
  if (!maySee(principal, share)) {
    await accessLog.add({ kind: 'refused', reason: 'forbidden', ...access });
    return refuse(404, 'not-found');
  }
  const { revoked, isNew } = await shares.revoke(share);
  if (isNew) {
    log('info', 'share-revoked', { pbx, recording });
    await accessLog.add({ kind: 'share-revoked', ...access });
  }
  return { status: 200, body: describeShare(revoked) };
}
