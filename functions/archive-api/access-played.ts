import * as v from 'valibot';
import type { Principal } from '../shared/access/principal.ts';
import { playedSchema } from '../shared/api/contract.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';
import { type FindRecordingDeps, findRecording, recordingId } from './find-recording.ts';
import { readBody } from './read-input.ts';

/** The body of `POST /api/access`. */
export const reportPlayedSchema = v.strictObject({ ...playedSchema.entries, ...recordingId });

/** `POST /api/access`: what the player of the page reports. Nobody can check it. */
export async function reportPlayed(
  request: ApiRequest,
  principal: Principal,
  deps: FindRecordingDeps,
): Promise<ApiResponse> {
  const parsed = readBody(reportPlayedSchema, request);
  if ('refusal' in parsed) return parsed.refusal;
  const { pbx, recording, seconds } = parsed.input;
  const { address } = request;
  const found = await findRecording({ pbx, recording, address }, principal, deps);
  if (found === undefined) return refuse(404, 'not-found');
  const { person, by } = principal;
  const access = { kind: 'played', pbx, recording, person, by, address, seconds } as const;
  await deps.accessLog.add(access, { call: found.row });
  return { status: 204 };
}
