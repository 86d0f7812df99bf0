import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { Agent, type Dispatcher, request } from 'undici';
import { onTestFinished } from 'vitest';
import { generateCertificate } from '../../../infra/simulated-pbx/certificate.ts';
import {
  type PbxEvent,
  type SimulatedPbx,
  type SimulatedPbxOptions,
  startSimulatedPbx,
} from '../../../infra/simulated-pbx/simulated-pbx.ts';

export const identity = await generateCertificate(['127.0.0.1']);

export const md5 = (password: string) => createHash('md5').update(password).digest('hex');

export interface PbxResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The error that ended the body, if any. */
  error: Error | undefined;
}

/** A PBX with its own clock, closed when the test ends. */
export async function startPbxHarness(options: SimulatedPbxOptions = {}) {
  const clock = { now: Date.UTC(2024, 4, 17, 9, 30, 0) };
  const events: PbxEvent[] = [];
  const pbx = await startSimulatedPbx({
    tls: identity,
    now: () => clock.now,
    repeatDelay: 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => pbx.close());
  const waitForEvent = async (type: PbxEvent['type']) => {
    while (!events.some((event) => event.type === type)) await new Promise(setImmediate);
  };
  return { pbx, clock, events, waitForEvent, client: createClient(pbx, options.apiVersion) };
}

export function createClient(pbx: SimulatedPbx, apiVersion = 'v1.1.0', localAddress = '127.0.0.1') {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, localAddress });
  onTestFinished(() => dispatcher.destroy());

  type Query = Record<string, string>;
  const send = async (
    method: Dispatcher.HttpMethod,
    path: string,
    query: Query,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<PbxResponse> => {
    const pairs = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
    const url = `${pbx.url}/api/${apiVersion}/${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
    const response = await request(url, { dispatcher, method, headers, body: body ?? null });
    const chunks: Buffer[] = [];
    let error: Error | undefined;
    try {
      for await (const chunk of response.body) chunks.push(chunk);
    } catch (cause) {
      error = cause as Error;
    }
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks), error };
  };

  const post = async (path: string, fields: object, query: Query = {}): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    return jsonOf(await send('POST', path, query, JSON.stringify(fields), headers));
  };
  const tryLogin = (password = 'pbx-password', fields: object = {}) =>
    post('login', { username: 'api', password: md5(password), version: '1.0.2', ...fields });
  const login = async (fields: object = {}) => String((await tryLogin('pbx-password', fields)).token);
  const get = (path: string, query: Query) => send('GET', path, query);
  const random = async (recording: string, token: string) =>
    String((await post('recording/get_random', { recording }, { token })).random);
  /** Both steps of a download. */
  const download = async (recording: string, token: string) =>
    get('recording/download', { recording, random: await random(recording, token), token });
  return { send, post, get, tryLogin, login, random, download };
}

export const jsonOf = (response: PbxResponse): Record<string, unknown> =>
  JSON.parse(response.body.toString());

/** Downloads a recording over a raw connection; returns the bytes, and how the connection ended. */
export async function downloadRaw(pbx: SimulatedPbx, query: string) {
  const target = { port: Number(new URL(pbx.url).port), host: '127.0.0.1' };
  const socket = pbx.certificate ? connectTls({ ...target, rejectUnauthorized: false }) : connect(target);
  const chunks: Buffer[] = [];
  let ending = 'end';
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    ending = error.code ?? error.message;
  });
  socket.write(`GET /api/v1.1.0/recording/download?${query} HTTP/1.1\r\nHost: pbx\r\n\r\n`);
  await new Promise((resolve) => socket.on('close', resolve));
  const all = Buffer.concat(chunks);
  const headEnd = all.indexOf('\r\n\r\n');
  return { head: all.toString('latin1', 0, headEnd), body: all.subarray(headEnd + 4), ending };
}

export interface ReceivedReport {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An application server that accepts reports. `statuses` are those of its first responses; then it sends 200. */
export async function startReceiver(statuses: number[] = [], secure = false) {
  const received: ReceivedReport[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    received.push({ path: incoming.url ?? '', headers: incoming.headers, body: await text(incoming) });
    response.writeHead(statuses.shift() ?? 200).end();
  };
  const server = secure ? createTlsServer(identity, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { received, port: String(port), host: `127.0.0.1:${port}` };
}
