import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkConnection } from '../../../infra/local/pbx-connection.ts';
import { fingerprintOf, generateCertificate } from '../../../infra/simulated-pbx/certificate.ts';
import { identity } from '../simulated-pbx/harness.ts';
import { findFreePort } from './free-port.ts';

const fingerprint256 = fingerprintOf(identity);
const other = await generateCertificate(['127.0.0.1']);

/** A TLS server that fails the test if anything is sent to it. */
async function startTlsServer(options: TlsOptions = {}, host = '127.0.0.1'): Promise<string> {
  const received: Buffer[] = [];
  const server = createTlsServer({ ...identity, ...options }, (socket) => {
    socket.on('error', () => {}).on('data', (data) => received.push(data));
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    expect(received).toEqual([]);
  });
  const { port } = server.address() as AddressInfo;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** As old firmware. OpenSSL 3 has TLS 1.0 at security level 0 only. */
const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

describe('the connection is accepted', () => {
  test.each([
    ['with the right fingerprint', { fingerprint256, minVersion: 'TLSv1.2' }],
    ['with the certificate itself', { ca: identity.cert, minVersion: 'TLSv1.2' }],
  ] as const)('%s', async (_, tls) => {
    expect(await checkConnection(await startTlsServer(), tls)).toBe('127.0.0.1');
  });

  test('over TLS 1.0, where that is allowed', async () => {
    const url = await startTlsServer(OLD);
    expect(await checkConnection(url, { fingerprint256, minVersion: 'TLSv1' })).toBe('127.0.0.1');
  });

  test('over IPv6, and the address is written as in a URL', async () => {
    const url = await startTlsServer({}, '::1');
    expect(await checkConnection(url, { fingerprint256, minVersion: 'TLSv1.2' })).toBe('[::1]');
  });

  test('without TLS, where there is none', async () => {
    const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await checkConnection(url, { minVersion: 'TLSv1.2' })).toBe('127.0.0.1');
  });
});

describe('the fingerprint is shown', () => {
  const shown = `Its SHA-256 fingerprint is\n${fingerprint256}\nCheck that this is the PBX's own, then start again with --fingerprint and that value`;

  test('if no public authority has issued the certificate', async () => {
    const checking = checkConnection(await startTlsServer(), { minVersion: 'TLSv1.2' });
    await expect(checking).rejects.toThrow(`(DEPTH_ZERO_SELF_SIGNED_CERT). ${shown}.`);
  });

  test('of a PBX with TLS 1.0 only, where that is allowed', async () => {
    const checking = checkConnection(await startTlsServer(OLD), { minVersion: 'TLSv1' });
    await expect(checking).rejects.toThrow(shown);
  });

  test('if it is another than the given one', async () => {
    const tls = { fingerprint256: fingerprintOf(other), minVersion: 'TLSv1.2' } as const;
    await expect(checkConnection(await startTlsServer(), tls)).rejects.toThrow(
      `a different certificate than that of --fingerprint. ${shown}.`,
    );
  });

  test('if the file of --ca does not fit', async () => {
    const tls = { ca: other.cert, minVersion: 'TLSv1.2' } as const;
    const checking = checkConnection(await startTlsServer(), tls);
    await expect(checking).rejects.toThrow(`${shown} instead of --ca.`);
  });
});

describe('the connection fails without a word about certificates', () => {
  test('if the PBX has only TLS 1.0 and that is not allowed; the remedy is named', async () => {
    const url = await startTlsServer(OLD);
    const checking = checkConnection(url, { fingerprint256, minVersion: 'TLSv1.2' });
    await expect(checking).rejects.toThrow(/^(?!.*fingerprint).*old firmware needs --min-tls TLSv1\.$/s);
  });

  test('if nothing listens; TLS is no remedy where its oldest version is allowed', async () => {
    const url = `https://127.0.0.1:${await findFreePort()}`;
    const checking = checkConnection(url, { minVersion: 'TLSv1' });
    await expect(checking).rejects.toThrow(
      `The connection to the PBX failed (ECONNREFUSED). No PBX responds at ${url}. Check the address, the port, and that the API is enabled.`,
    );
    await expect(checking).rejects.not.toThrow('--min-tls');
  });
});
