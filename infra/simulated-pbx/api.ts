import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { downloads } from './downloads.ts';
import { endpoints, endpointsWithoutToken } from './endpoints.ts';
import type { Errno } from './errno.ts';
import { CDR_FILE } from './misbehaviours.ts';
import type { ApiRequest, PbxParts } from './parts.ts';
import { parseQuery } from './query.ts';
import { replyHtml, replyOutcome } from './replies.ts';
import { type Body, textOf } from './sessions.ts';

/** Answers one HTTP request. */
export async function handleRequest(
  pbx: PbxParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = incoming;
  const [pathname = '', search = ''] = url.split(/(?=\?)/, 2);
  pbx.requests.push(`${method} ${pathname}`);
  response.setHeader('Server', 'Boa/0.94.14rc21');
  response.setHeader('Connection', 'close');
  // A server of this age knows no chunks: without a length, the end of the connection ends the body.
  response.useChunkedEncodingByDefault = false;
  const bodyText = await text(incoming);
  if (response.destroyed) return;
  if (!pathname.startsWith('/api/')) return replyHtml(response, 404, 'Not Found');

  const base = `/api/${pbx.apiVersion}/`;
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : '';
  const refuse = (errno: Errno) => {
    pbx.emit({ type: 'call-refused', path: pathname, errno });
    replyOutcome(response, errno);
  };
  const download = pick(downloads, path);
  const endpoint = pick(endpointsWithoutToken, path) ?? pick(endpoints, path);
  if (!download && !endpoint) return refuse('10003');
  if (method !== (download ? 'GET' : 'POST')) return refuse('20001');
  const body = download ? {} : parseBody(incoming, bodyText);
  if (!body) return refuse('20000');

  const query = parseQuery(search);
  const address = (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const { range } = incoming.headers;
  const request = { path, query, body, range, token: query.get('token') ?? '', address, response };
  if (disturb(pbx, request)) return;
  const refusal = pick(endpointsWithoutToken, path) ? undefined : checkToken(pbx, request);
  if (refusal) return refuse(refusal);
  const outcome = endpoint ? endpoint(pbx, request) : await download?.(pbx, request);
  if (typeof outcome === 'string') return refuse(outcome);
  if (outcome) replyOutcome(response, outcome);
}

/** With refresh tokens (Cloud PBX) heartbeats are accepted, but do not keep the token. */
function checkToken(pbx: PbxParts, { token, path }: ApiRequest): Errno | undefined {
  return pbx.sessions.use(token, !(pbx.refreshTokens && path === 'heartbeat'));
}

/** Misbehaves before anything of the request is looked at. Returns whether that was the answer. */
function disturb(pbx: PbxParts, request: ApiRequest): boolean {
  const { path, response } = request;
  const [, resource, step] = /^(recording|cdr)\/(get_random|download)$/.exec(path) ?? [];
  if (step !== 'get_random' && step !== 'download') return false;
  const named = step === 'download' ? request.query.get('recording') : textOf(request.body.recording);
  const recording = resource === 'cdr' ? CDR_FILE : (named ?? '');
  const misbehaviour = pbx.misbehaviours.takeEarly(recording, step);
  if (!misbehaviour) return false;
  pbx.emit({ type: 'misbehaved', recording, kind: misbehaviour.kind });
  switch (misbehaviour.kind) {
    case 'token-dropped':
      pbx.sessions.drop(request.token);
      return false;
    case 'hang-up-before-reply':
      response.socket?.destroy();
      return true;
    case 'http-redirect':
      response.setHeader('Location', misbehaviour.location);
      replyHtml(response, 302, 'Found');
      return true;
    case 'http-500':
      replyHtml(response, 500, 'Internal Server Error');
      return true;
  }
}

/** `undefined` when it is not a JSON object. Requests that need no fields may come without a body. */
function parseBody(incoming: IncomingMessage, bodyText: string): Body | undefined {
  if (bodyText === '') return {};
  if (!incoming.headers['content-type']?.startsWith('application/json')) return undefined;
  try {
    const body: unknown = JSON.parse(bodyText);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Own properties only: `/api/v1.1.0/constructor` is no endpoint. */
const pick = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
