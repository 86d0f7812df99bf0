import * as v from 'valibot';
import { may, type Principal } from '../shared/access/principal.ts';
import type { recordingSchema } from '../shared/api/contract.ts';
import { fileNameOf, recordingKey } from '../shared/recordings/recording-name.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';
import { type FindRecordingDeps, findRecording, recordingId } from './find-recording.ts';
import { forbid } from './forbid.ts';
import { readInput } from './read-input.ts';

export interface RecordingDeps extends FindRecordingDeps {
  linkSeconds: number;
  now: () => number;
}

/** The path and the query of `GET /api/recordings/{pbx}/{recording}`. */
export const recordingQuerySchema = v.strictObject({
  ...recordingId,
  /** `1` for a link that saves the file, instead of one that plays it. */
  download: v.optional(v.picklist(['0', '1'], 'should be 0 or 1'), '0'),
});

/**
 * `GET /api/recordings/{pbx}/{recording}`, and the same with `?recording=` for names that HTTP APIs change in a path:
 * those with `%`, `?` or `/`.
 */
export async function showRecording(
  { params, query, address }: ApiRequest,
  principal: Principal,
  deps: RecordingDeps,
): Promise<ApiResponse> {
  const { archive, accessLog, linkSeconds, now } = deps;
  const parsed = readInput(recordingQuerySchema, { ...query, ...params });
  if ('refusal' in parsed) return parsed.refusal;
  const { pbx, recording } = parsed.input;
  const download = parsed.input.download === '1';
  const found = await findRecording({ pbx, recording, address }, principal, deps);
  if (found === undefined) {
    log('info', 'link-not-found', { pbx, recording });
    return refuse(404, 'not-found');
  }
  const { row, object, subject } = found;
  if (download && !may(principal, 'download', subject))
    return forbid(principal, { address }, accessLog, { pbx, recording });
  if (object === undefined)
    return { status: 200, body: { recording: row } satisfies v.InferOutput<typeof recordingSchema> };

  const link = await archive.presign(recordingKey(pbx, recording), {
    fileName: fileNameOf(recording),
    download,
    seconds: linkSeconds,
    signedAt: now(),
  });
  log('info', 'link-created', { pbx, recording, expiresIn: linkSeconds });
  const kind = download ? 'download-link-created' : 'link-created';
  const { person, by } = principal;
  await accessLog.add({ kind, pbx, recording, person, by, address }, { call: row });
  return {
    status: 200,
    body: { recording: row, link } satisfies v.InferOutput<typeof recordingSchema>,
  };
}
