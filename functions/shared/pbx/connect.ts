import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { ArchiveError } from '../errors.ts';
import type { Pbx } from '../pbx-registry.ts';

/** A PBX as far as connections to it go. */
export type Peer = Pick<Pbx, 'baseUrl' | 'tls'>;

/**
 * Connects to a PBX, under its TLS settings. `onReady` is told when it has shown the certificate that it has to show;
 * before that no byte of ours may leave. What comes is read into the buffer of `onread`. Emits `error` as any socket.
 */
export function connectToPbx({ baseUrl, tls }: Peer, onread: OnReadOpts, onReady: () => void): Socket {
  const { protocol, hostname, port } = new URL(baseUrl);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const place = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)), onread, noDelay: true };
  if (protocol === 'http:') return connectTcp(place, onReady);

  const isOld = tls.minVersion === 'TLSv1' || tls.minVersion === 'TLSv1.1';
  const serverName = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const socket = connectTls({
    ...place,
    ALPNProtocols: ['http/1.1'],
    minVersion: tls.minVersion,
    // OpenSSL 3 speaks TLS 1.0 and 1.1, and takes their SHA-1 signatures, at security level 0 only.
    ...(isOld && { ciphers: 'DEFAULT@SECLEVEL=0' }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(serverName !== undefined && { servername: serverName }),
    // A pinned certificate is compared below, byte for byte by its digest; authority, name and dates add nothing.
    ...(tls.fingerprint256 !== undefined && { rejectUnauthorized: false }),
  });
  // No session is resumed: a resumed one would not show the certificate again.
  socket.once('secureConnect', () => {
    const problem = findMismatch(socket, tls.fingerprint256);
    if (problem === undefined) onReady();
    else socket.destroy(problem);
  });
  return socket;
}

function findMismatch(socket: TLSSocket, pinned: string | undefined): ArchiveError | undefined {
  const seen = socket.getPeerX509Certificate()?.fingerprint256;
  if (pinned === undefined || seen === pinned) return undefined;
  const message = `The PBX shows another certificate than the pinned one: ${seen}.`;
  return new ArchiveError('certificate-mismatch', message, { action: 'retry' });
}
