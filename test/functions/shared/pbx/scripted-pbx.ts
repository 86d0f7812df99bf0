import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import * as v from 'valibot';
import { onTestFinished } from 'vitest';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { createPbxClient } from '../../../../functions/shared/pbx/client.ts';
import type { Timeouts } from '../../../../functions/shared/pbx/transport.ts';
import type { TlsIdentity } from '../../../../infra/simulated-pbx/certificate.ts';

export interface Seen {
  method: string;
  path: string;
  /** As it came over the wire, without the question mark. */
  query: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Whether the connection's TLS session was one of an earlier connection. */
  resumed: boolean;
}

export type Answer = (response: ServerResponse, seen: Seen) => unknown;

/** Answers HTTP status 200 with these fields, `status: "Success"` among them. */
export const success =
  (fields: object = {}): Answer =>
  (response) =>
    response.end(JSON.stringify({ status: 'Success', ...fields }));

/** Answers HTTP status 200 with this text. */
export const reply =
  (body: string): Answer =>
  (response) =>
    response.end(body);

/** A web server that notes every request and answers what the test says, however little a PBX would. */
export async function startScriptedPbx(answer: Answer, identity?: TlsIdentity & ServerOptions) {
  const seen: Seen[] = [];
  const connections: Socket[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const [path = '', query = ''] = (incoming.url ?? '').split('?');
    const { method = '', headers, socket } = incoming;
    const resumed = socket instanceof TLSSocket && socket.isSessionReused();
    const request = { method, path, query, headers, body: await text(incoming), resumed };
    seen.push(request);
    answer(response, request);
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

/** The client of a PBX with these settings, as the registry holds them. */
export function clientOf(url: string, settings: object = {}, timeouts?: Timeouts) {
  const pbx = v.parse(pbxSchema, {
    baseUrl: url,
    reportUrl: 'unused',
    credentialsSecret: 'unused',
    sessionSecret: 'unused',
    queueName: 'unused',
    ...settings,
  });
  return createPbxClient(pbx, timeouts);
}
