import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Pbx } from '../config/pbx-registry.ts';
import { ArchiveError } from '../errors.ts';
import { connectionError } from './errors.ts';

/** An abort does not end a TLS handshake in undici, so this has to fit into what a deadline keeps in reserve. */
const CONNECT_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 30_000;

/** How long a response may stall before it counts as dead. A reader that pauses does not count. */
const IDLE_TIMEOUT_MS = 60_000;

export interface Timeouts {
  idleTimeoutMs?: number;
}

/** A PBX as far as connections to it go. */
export type Peer = Pick<Pbx, 'baseUrl' | 'tls'>;

export interface PbxRequest {
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** With a body the request is a POST, without one a GET. */
  body?: string;
  signal?: AbortSignal | undefined;
}

export type Transport = (request: PbxRequest) => Promise<Dispatcher.ResponseData>;

/**
 * Sends requests to one PBX under its TLS settings, each over a connection of its own, as the PBX expects. Redirects
 * are not followed: a recording comes from the configured PBX or not at all. Rejects with the reason of an aborted
 * signal, or with an `ArchiveError`; the response's body, which has to be read or destroyed, fails with undici's own.
 */
export function createTransport(
  { baseUrl, tls }: Peer,
  { idleTimeoutMs = IDLE_TIMEOUT_MS }: Timeouts = {},
): Transport {
  const agent = new Agent({
    connect: createConnector(tls),
    pipelining: 0,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: idleTimeoutMs,
  });
  return async ({ body, signal, ...request }) => {
    const method = body === undefined ? 'GET' : 'POST';
    const options = {
      ...request,
      origin: baseUrl,
      method,
      body: body ?? null,
      signal: signal ?? null,
    } as const;
    const response = await agent.request(options).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : connectionError(error);
    });
    // Without a listener, a body that is destroyed before anybody reads it would bring the process down.
    response.body.on('error', () => {});
    return response;
  };
}

function createConnector(tls: Pbx['tls']): buildConnector.connector {
  const isOld = tls.minVersion === 'TLSv1' || tls.minVersion === 'TLSv1.1';
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    // A resumed session would not show the certificate again.
    maxCachedSessions: 0,
    minVersion: tls.minVersion,
    // OpenSSL 3 speaks TLS 1.0 and 1.1, and accepts their SHA-1 signatures, at security level 0 only.
    ...(isOld && { ciphers: 'DEFAULT@SECLEVEL=0' }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
    // A pinned certificate is compared below; authority, name and dates add nothing to that.
    ...(tls.fingerprint256 !== undefined && { rejectUnauthorized: false }),
  });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const problem = options.protocol === 'https:' ? findMismatch(socket as TLSSocket, tls) : undefined;
      if (problem !== undefined) {
        socket.destroy();
        return callback(problem, null);
      }
      // Undici takes ECONNRESET for the end of a body without a length, which would make a cut recording whole.
      socket.prependListener('error', (failure: NodeJS.ErrnoException) => {
        if (failure.code === 'ECONNRESET') failure.code = 'CONNECTION_RESET';
      });
      callback(null, socket);
    });
}

/** No byte of ours leaves before the PBX has shown the pinned certificate. */
function findMismatch(socket: TLSSocket, { fingerprint256 }: Pbx['tls']): ArchiveError | undefined {
  const seen = socket.getPeerX509Certificate()?.fingerprint256;
  if (fingerprint256 === undefined || seen === fingerprint256) return undefined;
  const message = `The PBX presented a different certificate than the pinned one: ${seen}.`;
  return new ArchiveError('certificate-mismatch', message);
}
