import type { Caller, Identify } from '../shared/access/identify.ts';
import { grantsOn, may, mayAnywhere } from '../shared/access/principal.ts';
import type { AccessLog } from '../shared/access-log/access-log.ts';
import { toArchiveError } from '../shared/errors.ts';
import type { CallFacts } from '../shared/events/schemas.ts';
import type { Call } from '../shared/jobs/call.ts';
import { callTimeInName } from '../shared/recording-index/call-time.ts';
import { factsInName } from '../shared/recording-index/name-facts.ts';
import type { ArchiveReader } from '../shared/recordings/archive-reader.ts';
import { fileNameOf, recordingKey } from '../shared/recordings/recording-name.ts';
import { log } from '../shared/telemetry/log.ts';
import { readLinkQuery } from './query.ts';

export interface LinkRequest {
  path: Record<string, string | undefined>;
  query: Record<string, string | undefined>;
  caller: Caller;
  /** IP address of the caller. */
  address: string;
  /** A response to HEAD has no body. */
  isHead: boolean;
}

export interface LinkDeps {
  identify: Identify;
  archive: ArchiveReader;
  accessLog: Pick<AccessLog, 'add'>;
  maxSeconds: number;
  now: () => number;
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

async function respond(request: LinkRequest, deps: LinkDeps): Promise<LinkResponse> {
  const { path, query, caller, address, isHead } = request;
  const principal = await deps.identify(caller);
  if (principal === undefined) {
    log('warn', 'link-unauthorized');
    return { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: { error: 'unauthorized' } };
  }
  const parsed = readLinkQuery(path, query, deps.maxSeconds);
  if ('parameter' in parsed) return { status: 400, body: { error: 'invalid-parameter', ...parsed } };

  const { pbx, recording, redirect, download, expiresIn } = parsed;
  const access = { pbx, recording, person: principal.person, by: principal.by, address };
  const noteRefusal = () => deps.accessLog.add({ kind: 'refused', reason: 'forbidden', ...access });
  const key = recordingKey(pbx, recording);
  const mayListenAtPbx = grantsOn(principal, 'listen', pbx).length > 0;
  const found = mayListenAtPbx ? await deps.archive.find(key) : undefined;
  const subject = { pbx, ...factsInName(recording), ...found?.call };
  const mayListen = mayListenAtPbx && (found === undefined || may(principal, 'listen', subject));
  if (!mayListen) await noteRefusal();
  if (!mayAnywhere(principal, 'listen')) return { status: 403, body: { error: 'forbidden' } };
  // Somebody who may not hear a recording must not learn whether it exists.
  if (found === undefined || !mayListen) {
    log('info', 'link-not-found', { pbx, recording });
    return { status: 404, body: { error: 'not-archived' } };
  }
  if (download && !may(principal, 'download', subject)) {
    await noteRefusal();
    return { status: 403, body: { error: 'forbidden' } };
  }
  const { url, expiresAt } = await deps.archive.presign(key, {
    fileName: fileNameOf(recording),
    download,
    seconds: expiresIn,
    signedAt: deps.now(),
  });
  log('info', 'link-created', { pbx, recording, expiresIn });
  if (redirect || !isHead) {
    const kind = download ? 'download-link-created' : 'link-created';
    await deps.accessLog.add({ kind, ...access }, { call: describeCall(recording, found.call) });
  }
  if (redirect) return { status: 302, headers: { location: url } };
  return { status: 200, body: { recording, pbx, url, expiresAt, ...found } };
}

/** What the name and the object say of a call. The index may know more, but this function does not read it. */
function describeCall(recording: string, stored: Call): CallFacts {
  const at = callTimeInName(recording);
  const call = { ...factsInName(recording), ...stored };
  const seconds = Number(call.talkSeconds) || undefined;
  return { ...call, at: at === undefined ? undefined : new Date(at).toISOString(), seconds };
}
