import type { Principal } from '../shared/access/principal.ts';
import type { AccessLog } from '../shared/access-log/access-log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';

/** Refuses what somebody has no right to, and tells the access log, of which recording if it is about one. */
export async function forbid(
  { person, by }: Principal,
  { address }: ApiRequest,
  accessLog: AccessLog,
  recording: { pbx?: string | undefined; recording?: string | undefined } = {},
): Promise<ApiResponse> {
  await accessLog.add({ kind: 'refused', reason: 'forbidden', ...recording, person, by, address });
  return refuse(403, 'forbidden');
}
