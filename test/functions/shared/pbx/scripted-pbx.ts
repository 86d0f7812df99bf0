import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import * as v from 'valibot';
import { onTestFinished } from 'vitest';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { createSSeriesClient } from '../../../../functions/shared/pbx/s-series/client.ts';
import type { ClientOptions } from '../../../../functions/shared/pbx/transport.ts';
import type { TlsIdentity } from '../../../../infra/simulated-pbx/certificate.ts';

export interface ReceivedRequest {
  method: string;
  path: string;
  /** As sent over the wire, without the question mark. */
  query: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Whether the connection resumed the TLS session of an earlier one. */
  resumed: boolean;
}

export type Responder = (response: ServerResponse, request: ReceivedRequest) => unknown;

/** Responds with HTTP status 200, `status: "Success"` and these fields. */
export const success =
  (fields: object = {}): Responder =>
  (response) =>
    response.end(JSON.stringify({ status: 'Success', ...fields }));

/** Responds with HTTP status 200 and this text. */
export const respondWith =
  (body: string): Responder =>
  (response) =>
    response.end(body);

/** A web server that records every request and responds as the test says, even if no PBX would. */
export async function startScriptedPbx(respond: Responder, identity?: TlsIdentity & ServerOptions) {
  const seen: ReceivedRequest[] = [];
  const connections: Socket[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const [path = '', query = ''] = (incoming.url ?? '').split('?');
    const { method = '', headers, socket } = incoming;
    const resumed = socket instanceof TLSSocket && socket.isSessionReused();
    const request = { method, path, query, headers, body: await text(incoming), resumed };
    seen.push(request);
    respond(response, request);
  };
  const server = identity ? createTlsServer(identity, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => connections.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    for (const socket of connections) socket.destroy();
    await closed;
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return { url: `${identity ? 'https' : 'http'}://127.0.0.1:${port}`, seen, connections, close };
}

/** A client for a PBX with these registry settings. */
export function clientOf(url: string, settings: object = {}, options?: ClientOptions) {
  const pbx = v.parse(pbxSchema, {
    baseUrl: url,
    reportUrl: 'unused',
    credentialsSecret: 'unused',
    sessionSecret: 'unused',
    queueName: 'unused',
    ...settings,
  });
  if (pbx.family !== 's-series') throw new Error('Another family has a client of its own.');
  return createSSeriesClient(pbx, options);
}
