import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { ArchiveError } from '../errors.ts';
import type { Pbx } from '../pbx-registry.ts';

/** Undici lets no abort end a handshake; this is well within what a deadline keeps in reserve. */
const CONNECT_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 30_000;

/** How long a download may send nothing before it counts as stalled. */
const IDLE_TIMEOUT_MS = 60_000;

export interface AgentTimeouts {
  idleTimeoutMs?: number;
}

/** Connects to one PBX, under its TLS settings. Every request gets a connection of its own, as the PBX wants. */
export function createPbxAgent(
  { tls }: Pick<Pbx, 'tls'>,
  { idleTimeoutMs = IDLE_TIMEOUT_MS }: AgentTimeouts = {},
): Agent {
  const isOld = tls.minVersion === 'TLSv1' || tls.minVersion === 'TLSv1.1';
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    // A resumed session would not show the certificate again.
    maxCachedSessions: 0,
    minVersion: tls.minVersion,
    // OpenSSL 3 speaks TLS 1.0 and 1.1, and takes their SHA-1 signatures, at security level 0 only.
    ...(isOld && { ciphers: 'DEFAULT@SECLEVEL=0' }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
    // A pinned certificate is compared below, byte for byte by its digest; authority, name and dates add nothing.
    ...(tls.fingerprint256 !== undefined && { rejectUnauthorized: false }),
  });
  return new Agent({
    connect: tls.fingerprint256 === undefined ? connect : pinned(connect, tls.fingerprint256),
    pipelining: 0,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: idleTimeoutMs,
  });
}

/** Lets a connection through only if it shows the pinned certificate; before that, no byte of ours leaves. */
function pinned(connect: buildConnector.connector, fingerprint256: string): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const seen = 'getPeerX509Certificate' in socket ? certificateOf(socket) : undefined;
      if (seen === fingerprint256 || options.protocol === 'http:') return callback(null, socket);
      socket.destroy();
      callback(
        new ArchiveError(
          'certificate-mismatch',
          `The PBX shows another certificate than the pinned one: ${seen}.`,
          {
            action: 'retry',
          },
        ),
        null,
      );
    });
}

const certificateOf = (socket: TLSSocket) => socket.getPeerX509Certificate()?.fingerprint256;
