import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { downloads } from './downloads.ts';
import { endpoints, endpointsWithoutToken } from './endpoints.ts';
import type { Errno } from './errno.ts';
import { CDR_FILE } from './misbehaviours.ts';
import type { ApiRequest, PbxParts } from './parts.ts';
import { parseQuery } from './query.ts';
import { sendHtml, sendOutcome } from './responses.ts';
import { type Body, fieldText } from './sessions.ts';

/** Handles one HTTP request. */
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
  // A server this old does not use chunks: without a length, the end of the connection ends the body.
  response.useChunkedEncodingByDefault = false;
  const bodyText = await text(incoming);
  if (response.destroyed) return;
  if (!pathname.startsWith('/api/')) return sendHtml(response, 404, 'Not Found');

  const base = `/api/${pbx.apiVersion}/`;
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : '';
  const refuse = (errno: Errno) => {
    pbx.emit({ type: 'call-refused', path: pathname, errno });
    sendOutcome(response, errno, pbx.padding);
  };
  const download = lookUp(downloads, path);
  const endpoint = lookUp(endpointsWithoutToken, path) ?? lookUp(endpoints, path);
  if (!download && !endpoint) return refuse('10003');
  if (method !== (download ? 'GET' : 'POST')) return refuse('20001');
  const body = download ? {} : parseBody(incoming, bodyText);
  if (!body) return refuse('20000');

  const query = parseQuery(search);
  const address = (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const { range } = incoming.headers;
  const request = { path, query, body, range, token: query.get('token') ?? '', address, response };
  if (misbehaveEarly(pbx, request)) return;
  const refusal = lookUp(endpointsWithoutToken, path) ? undefined : checkToken(pbx, request);
  if (refusal) return refuse(refusal);
  const outcome = endpoint ? endpoint(pbx, request) : await download?.(pbx, request);
  if (typeof outcome === 'string') return refuse(outcome);
  if (outcome) sendOutcome(response, outcome, pbx.padding);
}

/** With refresh tokens (Cloud PBX), heartbeats are accepted but do not keep the token alive. */
function checkToken(pbx: PbxParts, { token, path }: ApiRequest): Errno | undefined {
  return pbx.sessions.use(token, !(pbx.refreshTokens && path === 'heartbeat'));
}

/** Misbehaves before the request is examined. Returns whether that ended the request. */
function misbehaveEarly(pbx: PbxParts, request: ApiRequest): boolean {
  const { path, response } = request;
  const [, resource, step] = /^(recording|cdr)\/(get_random|download)$/.exec(path) ?? [];
  if (step !== 'get_random' && step !== 'download') return false;
  const requestedName =
    step === 'download' ? request.query.get('recording') : fieldText(request.body.recording);
  const recording = resource === 'cdr' ? CDR_FILE : (requestedName ?? '');
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
      sendHtml(response, 302, 'Found');
      return true;
    case 'http-500':
      sendHtml(response, 500, 'Internal Server Error');
      return true;
  }
}

/** Returns `undefined` if the body is not a JSON object. Requests that need no fields may omit the body. */
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

/** Own properties only: `/api/v1.1.0/constructor` is not an endpoint. */
const lookUp = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
