import { create as contentDisposition } from 'content-disposition';
import * as v from 'valibot';
import { grantsOn, may, type Principal } from '../shared/access/principal.ts';
import type { recordingSchema } from '../shared/api/contract.ts';
import { pbxIdSchema } from '../shared/config/pbx-registry.ts';
import type { IndexReader } from '../shared/recording-index/index-reader.ts';
import type { ArchiveReader } from '../shared/recordings/archive-reader.ts';
import { fileNameOf, findNameProblem, recordingKey } from '../shared/recordings/recording-name.ts';
import { log } from '../shared/telemetry/log.ts';
import { type ApiRequest, type ApiResponse, refuse } from './api.ts';
import { readInput } from './read-input.ts';

export interface RecordingDeps {
  index: IndexReader;
  archive: ArchiveReader;
  linkSeconds: number;
  now: () => number;
}

/** The path and the query of `GET /api/recordings/{pbx}/{recording}`. */
export const recordingQuerySchema = v.strictObject({
  pbx: pbxIdSchema,
  recording: v.pipe(
    v.string(),
    v.check((name) => findNameProblem(name) === undefined, 'should be the name of a recording'),
  ),
  /** `1` for a link that saves the file, instead of one that plays it. */
  download: v.optional(v.picklist(['0', '1'], 'should be 0 or 1'), '0'),
});

/**
 * `GET /api/recordings/{pbx}/{recording}`, and the same with `?recording=` for names that HTTP APIs change in a path:
 * those with `%`, `?` or `/`.
 */
export async function showRecording(
  { params, query }: ApiRequest,
  principal: Principal,
  { index, archive, linkSeconds, now }: RecordingDeps,
): Promise<ApiResponse> {
  const parsed = readInput(recordingQuerySchema, { ...query, ...params });
  if ('refusal' in parsed) return parsed.refusal;
  const { pbx, recording } = parsed.input;
  const download = parsed.input.download === '1';
  const notFound = () => {
    log('info', 'link-not-found', { pbx, recording });
    return refuse(404, 'not-found');
  };
  if (grantsOn(principal, 'listen', pbx).length === 0) return notFound();

  const key = recordingKey(pbx, recording);
  const [row, object] = await Promise.all([index.find(pbx, recording), archive.find(key)]);
  // The bucket is the truth, and the index may be some seconds behind.
  if (row === undefined || (row.state === 'archived' && object === undefined)) return notFound();
  const subject = { pbx, from: object?.call.from ?? row.from, to: object?.call.to ?? row.to };
  if (!may(principal, 'listen', subject)) return notFound();
  if (download && !may(principal, 'download', subject)) return refuse(403, 'forbidden');
  if (object === undefined)
    return { status: 200, body: { recording: row } satisfies v.InferOutput<typeof recordingSchema> };

  const signedAt = now();
  const disposition = contentDisposition(fileNameOf(recording), { type: download ? 'attachment' : 'inline' });
  const url = await archive.presign(key, disposition, linkSeconds, new Date(signedAt));
  log('info', 'link-created', { pbx, recording, expiresIn: linkSeconds });
  const expiresAt = new Date(signedAt + linkSeconds * 1000).toISOString();
  return {
    status: 200,
    body: {
      recording: { ...row, state: 'archived' },
      link: { url, expiresAt },
    } satisfies v.InferOutput<typeof recordingSchema>,
  };
}
