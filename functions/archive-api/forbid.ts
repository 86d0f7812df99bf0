import type { Principal } from '../shared/access/principal.ts';
import type { AccessLog } from '../shared/access-log/access-log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';

/** Refuses what somebody has no right to, and adds this to the access log, with the recording if it concerns one. */
export async function forbid(
  { person, by }: Principal,
  { address }: Pick<ApiRequest, 'address'>,
  accessLog: AccessLog,
  recording: { pbx?: string | undefined; recording?: string | undefined } = {},
): Promise<ApiResponse> {
  await accessLog.add({ kind: 'refused', reason: 'forbidden', ...recording, person, by, address });
  return refuse(403, 'forbidden');
}
