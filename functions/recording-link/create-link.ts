import { create as contentDisposition } from 'content-disposition';
import { toArchiveError } from '../shared/errors.ts';
import { fileNameOf, recordingKey } from '../shared/recordings/recording-name.ts';
import { log } from '../shared/telemetry/log.ts';
import type { ArchiveReader } from './archive-reader.ts';
import type { Caller } from './authorize.ts';
import { readLinkQuery } from './query.ts';

export interface LinkRequest {
  path: Record<string, string | undefined>;
  query: Record<string, string | undefined>;
  caller: Caller;
}

export interface LinkDeps {
  isAuthorized: (caller: Caller) => Promise<boolean>;
  archive: ArchiveReader;
  maxSeconds: number;
  now: () => Date;
}

export interface LinkResponse {
  status: number;
  headers?: Record<string, string>;
  body?: object;
}

/** Responds to a request for a recording with a presigned link to it. Never rejects. */
export async function createLink(request: LinkRequest, deps: LinkDeps): Promise<LinkResponse> {
  try {
    return await respond(request, deps);
  } catch (error) {
    log('error', 'link-failed', { code: toArchiveError(error).code });
    return { status: 503, body: { error: 'unavailable' } };
  }
}

async function respond({ path, query, caller }: LinkRequest, deps: LinkDeps): Promise<LinkResponse> {
  if (!(await deps.isAuthorized(caller))) {
    log('warn', 'link-unauthorized');
    return { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: { error: 'unauthorized' } };
  }
  const parsed = readLinkQuery(path, query, deps.maxSeconds);
  if ('parameter' in parsed) return { status: 400, body: { error: 'invalid-parameter', ...parsed } };

  const { pbx, recording, redirect, download, expiresIn } = parsed;
  const key = recordingKey(pbx, recording);
  const found = await deps.archive.find(key);
  if (found === undefined) {
    log('info', 'link-not-found', { pbx, recording });
    return { status: 404, body: { error: 'not-archived' } };
  }
  const now = deps.now();
  const disposition = contentDisposition(fileNameOf(recording), { type: download ? 'attachment' : 'inline' });
  const url = await deps.archive.presign(key, disposition, expiresIn, now);
  log('info', 'link-created', { pbx, recording, expiresIn });
  if (redirect) return { status: 302, headers: { location: url } };
  const expiresAt = new Date(now.getTime() + expiresIn * 1000).toISOString();
  return { status: 200, body: { recording, pbx, url, expiresAt, ...found } };
}
