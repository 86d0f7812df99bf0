import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import type { Pbx } from '../../functions/shared/config/pbx-registry.ts';
import { connectionError } from '../../functions/shared/pbx/errors.ts';
import { createConnector } from '../../functions/shared/pbx/transport.ts';
import { UsageError } from '../shared/command-line.ts';

type Tls = Pbx['tls'];

/**
 * Connects to the PBX as the session will, before a password is asked for or sent: the other end may be a stranger.
 * Throws a `UsageError` if nothing can be reached, or if the certificate is not the right one.
 *
 * @returns the address of this machine as the PBX sees it, for a URL
 */
export async function checkConnection(baseUrl: string, tls: Tls): Promise<string> {
  const socket = await connect(baseUrl, tls);
  try {
    if (socket instanceof TLSSocket) checkCertificate(socket, tls);
    const { localAddress = '' } = socket;
    return localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  } finally {
    socket.destroy();
  }
}

async function connect(baseUrl: string, { fingerprint256, ...tls }: Tls): Promise<Socket> {
  const { protocol, host, hostname, port } = new URL(baseUrl);
  const connector = createConnector(tls, {
    // Any certificate is accepted, to be checked afterwards. Nothing is sent.
    rejectUnauthorized: false,
    // As with the fingerprint that is to be shown.
    ...(tls.ca === undefined && { secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT }),
  });
  const target: buildConnector.Options = { protocol, host, hostname: hostname.replace(/^\[|\]$/g, ''), port };
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  connector(target, (...[error, socket]) => (error === null ? resolve(socket) : reject(error)));
  return promise.catch((error: unknown) => {
    const old =
      protocol === 'https:' && tls.minVersion !== 'TLSv1' ? ' Very old firmware needs --min-tls TLSv1.' : '';
    throw new UsageError(
      `${connectionError(error).message} No PBX responds at ${baseUrl}. Check the address, the port, and that the API is enabled.${old}`,
    );
  });
}

function checkCertificate(socket: TLSSocket, { fingerprint256, ca }: Tls): void {
  const presented = socket.getPeerX509Certificate()?.fingerprint256;
  if (fingerprint256 === undefined ? socket.authorized : fingerprint256 === presented) return;
  const problem =
    fingerprint256 === undefined
      ? `The PBX's certificate cannot be verified${ca === undefined ? '' : ' with the file of --ca'} (${socket.authorizationError}).`
      : 'The PBX presented a different certificate than that of --fingerprint.';
  const otherwise = ca === undefined ? '' : ' instead of --ca';
  throw new UsageError(
    `${problem} Its SHA-256 fingerprint is\n${presented}\nCheck that this is the PBX's own, then start again with --fingerprint and that value${otherwise}.`,
  );
}
