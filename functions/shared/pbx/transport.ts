import { constants } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import product from '../../../package.json' with { type: 'json' };
import type { Pbx } from '../config/pbx-registry.ts';
import { ArchiveError } from '../errors.ts';
import { connectionError } from './errors.ts';

/** In undici, an abort does not end a TLS handshake. So this has to fit into the time that a deadline reserves. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Node gives up an address after 250 ms and goes on to the next, however slow the line. */
const ADDRESS_TIMEOUT_MS = CONNECT_TIMEOUT_MS / 2;

/**
 * The key exchanges of TLS before the post-quantum ones, whose keys make the first message longer than a TCP segment. Some
 * firewalls and old servers expect it in one (https://tldr.fail).
 */
const KEY_EXCHANGES = 'X25519:P-256:P-384:P-521';

const HEADERS_TIMEOUT_MS = 30_000;

/** How long a response may stall before the connection counts as dead. A pausing reader is not a stall. */
const IDLE_TIMEOUT_MS = 60_000;

const COMMON_HEADERS = {
  // Some servers, or proxies in front of them, reject requests that lack either of these.
  'User-Agent': `pbx-recording-archive/${product.version}`,
  Accept: '*/*',
  // Without this header, any coding would be acceptable (RFC 9110).
  'Accept-Encoding': 'identity',
};

export interface Timeouts {
  idleTimeoutMs?: number;
  /** For a JSON response to arrive completely. */
  callTimeoutMs?: number;
}

export interface ClientOptions extends Timeouts {
  /** Log lines of the client name the PBX by it. */
  pbxId?: string;
}

/** The settings that connections to a PBX need. */
export type Peer = Pick<Pbx, 'baseUrl' | 'tls'>;

export interface PbxRequest {
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** A request with a body is a POST, one without a GET. */
  body?: string;
  signal?: AbortSignal | undefined;
  /** For the PBX to begin its response. */
  headersTimeoutMs?: number;
}

export type Transport = (request: PbxRequest) => Promise<Dispatcher.ResponseData>;

/**
 * Sends requests to one PBX with its TLS settings, each over a connection of its own, as the PBX expects. Redirects are
 * not followed: a recording comes from the configured PBX or not at all. Rejects with the signal's reason after an
 * abort, otherwise with an `ArchiveError`. The response's body has to be read or destroyed; its errors are undici's.
 */
export function createTransport(
  { baseUrl, tls }: Peer,
  { idleTimeoutMs = IDLE_TIMEOUT_MS }: Timeouts = {},
): Transport {
  const agent = new Agent({
    connect: createConnector(tls),
    pipelining: 0,
    bodyTimeout: idleTimeoutMs,
  });
  return async ({ body, signal, headers, headersTimeoutMs = HEADERS_TIMEOUT_MS, ...request }) => {
    const method = body === undefined ? 'GET' : 'POST';
    const options = {
      ...request,
      origin: baseUrl,
      method,
      headers: { ...COMMON_HEADERS, ...headers },
      body: body ?? null,
      signal: signal ?? null,
      headersTimeout: headersTimeoutMs,
      onInfo: createInterimCheck(headersTimeoutMs),
    } as const;
    const response = await agent.request(options).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : connectionError(error);
    });
    // Without a listener, destroying a body before it is read would crash the process.
    response.body.on('error', () => {});
    return response;
  };
}

/** With each interim response (1xx), undici starts its timeout anew, which a PBX could repeat for ever. */
function createInterimCheck(timeoutMs: number): () => void {
  const startedAt = performance.now();
  return () => {
    if (performance.now() - startedAt > timeoutMs) {
      throw connectionError({ code: 'UND_ERR_HEADERS_TIMEOUT' });
    }
  };
}

/** Connects, and checks the certificate. `overrides` are for a look at a PBX whose certificate is not known yet. */
export function createConnector(
  tls: Pbx['tls'],
  overrides: buildConnector.BuildOptions = {},
): buildConnector.connector {
  const isOld = tls.minVersion === 'TLSv1' || tls.minVersion === 'TLSv1.1';
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
    allowH2: false,
    // A resumed session would not present the certificate again.
    maxCachedSessions: 0,
    minVersion: tls.minVersion,
    ecdhCurve: KEY_EXCHANGES,
    // OpenSSL 3 allows TLS 1.0 and 1.1, and their SHA-1 signatures, only at security level 0.
    ...(isOld && { ciphers: 'DEFAULT@SECLEVEL=0' }),
    // Old servers do not know RFC 5746, which OpenSSL 3 insists on. It protects renegotiation, which does not happen here.
    ...((isOld || tls.fingerprint256 !== undefined) && {
      secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
    }),
    // The given certificate may also be an intermediate authority's, or the PBX's own that an authority has issued.
    ...(tls.ca !== undefined && { ca: tls.ca, allowPartialTrustChain: true }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
    // A pinned certificate is compared below. Authority, name and dates would add nothing.
    ...(tls.fingerprint256 !== undefined && { rejectUnauthorized: false }),
    ...overrides,
  });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const problem = options.protocol === 'https:' ? findMismatch(socket as TLSSocket, tls) : undefined;
      if (problem !== undefined) {
        socket.destroy();
        return callback(problem, null);
      }
      // undici treats ECONNRESET as the end of a body without a length, so a truncated recording would look complete.
      // A missing TLS close_notify cannot be noticed: Node ends the socket in the same way with and without it.
      socket.prependListener('error', (failure: NodeJS.ErrnoException) => {
        if (failure.code === 'ECONNRESET') failure.code = 'CONNECTION_RESET';
      });
      callback(null, socket);
    });
}

/** No request is sent before the PBX has presented the pinned certificate. */
function findMismatch(socket: TLSSocket, { fingerprint256 }: Pbx['tls']): ArchiveError | undefined {
  if (fingerprint256 === undefined) return undefined;
  // Only once per socket: a second call returns nothing.
  const presented = socket.getPeerX509Certificate()?.fingerprint256;
  if (presented === fingerprint256) return undefined;
  const message = `The PBX presented a different certificate than the pinned one: ${presented}.`;
  return new ArchiveError('certificate-mismatch', message);
}
