import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { TlsIdentity } from './certificate.ts';

export type MaxTlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2';

export interface WebServerOptions {
  /** If `undefined`, the server speaks plain HTTP. */
  tls: TlsIdentity | undefined;
  maxTlsVersion: MaxTlsVersion | undefined;
  host: string;
  port: number;
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export interface WebServer {
  origin: string;
  replaceIdentity(tls: TlsIdentity): void;
  /** Ends a connection with a TCP RST. */
  reset(socket: Socket): void;
  dropConnections(): void;
  close(): Promise<void>;
}

export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { tls, host, maxTlsVersion, handle } = options;
  const listener: RequestListener = async (request, response) => {
    try {
      await handle(request, response);
    } catch (error) {
      // Ignore errors after a client has hung up. Any other error is a bug and must surface.
      if (!request.socket.destroyed) throw error;
    }
  };
  const secureServer = tls && createTlsServer(tlsOptions(tls, maxTlsVersion), listener);
  const server = secureServer ?? createServer(listener);
  // TCP sockets by remote address and port: a TLS socket cannot reset its connection, but the TCP socket below it can.
  const sockets = new Map<string, Socket>();
  server.on('connection', (socket) => {
    const key = peerKey(socket);
    sockets.set(key, socket);
    socket.on('close', () => sockets.delete(key));
    // Resets by the client are normal here.
    socket.on('error', () => {});
  });
  const dropConnections = () => {
    for (const socket of sockets.values()) socket.destroy();
  };
  server.listen(options.port, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    replaceIdentity: (identity) => {
      if (!secureServer) throw new Error('A PBX with plain HTTP has no certificate');
      secureServer.setSecureContext(tlsOptions(identity, maxTlsVersion));
    },
    reset: (socket) => sockets.get(peerKey(socket))?.resetAndDestroy(),
    dropConnections,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      dropConnections();
      await closed;
    },
  };
}

function tlsOptions(tls: TlsIdentity, maxVersion: MaxTlsVersion | undefined): SecureContextOptions {
  if (!maxVersion) return { ...tls };
  // OpenSSL supports versions before 1.2 only at security level 0.
  return { ...tls, maxVersion, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
}

const peerKey = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`;
