import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tlsSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { createTransport } from '../../../../functions/shared/pbx/transport.ts';
import { fingerprintOf, type TlsIdentity } from '../../../../infra/simulated-pbx/certificate.ts';
import { hasTool } from '../../../has-tool.ts';
import { findFreePort } from '../../../infra/local/free-port.ts';
import { identity } from '../../../infra/simulated-pbx/harness.ts';
import { respondWith, startScriptedPbx } from './scripted-pbx.ts';

const read = async (baseUrl: string, tls: object) => {
  const { body } = await createTransport({ baseUrl, tls: v.parse(tlsSchema, tls) })({ path: '/' });
  return body.text();
};

/** Certificates as companies issue them: a root, an intermediate authority, and the PBX's own. */
async function issueCertificate(): Promise<{ pbx: TlsIdentity; intermediate: string; root: string }> {
  const make = async (name: string, cA: boolean, ca?: { key: string; cert: string }) => {
    const pems = await generate([{ name: 'commonName', value: name }], {
      keySize: 2048,
      algorithm: 'sha256',
      ...(ca && { ca }),
      extensions: [
        { name: 'basicConstraints', cA, critical: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    return { key: pems.private, cert: pems.cert };
  };
  const root = await make('Root', true);
  const intermediate = await make('Intermediate', true, root);
  const pbx = await make('PBX', false, intermediate);
  return { pbx, intermediate: intermediate.cert, root: root.cert };
}

describe('a certificate that an authority has issued is accepted', async () => {
  const { pbx, intermediate, root } = await issueCertificate();

  test.each([
    ['the certificate itself', pbx.cert, pbx.cert],
    ['its intermediate authority', intermediate, pbx.cert],
    ['the root, if the PBX sends the intermediate certificate', root, `${pbx.cert}\n${intermediate}`],
  ])('by %s', async (_, ca, cert) => {
    const server = await startScriptedPbx(respondWith('Hello'), { key: pbx.key, cert });
    expect(await read(server.url, { ca })).toBe('Hello');
  });

  test('but not by another one', async () => {
    const server = await startScriptedPbx(respondWith('Hello'), pbx);
    await expect(read(server.url, { ca: identity.cert })).rejects.toMatchObject({ code: 'pbx-connection' });
  });
});

test('each request names the product and accepts any type without compression; these headers have their usual spelling', async () => {
  let head = '';
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (data) => {
        head = String(data);
        socket.end('HTTP/1.1 200 OK\r\n\r\nHello');
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await createTransport({ baseUrl: url, tls: { minVersion: 'TLSv1.2' } })({
    path: '/',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  expect(head).toMatch(/^User-Agent: pbx-recording-archive\/\d+\.\d+\.\d+\r$/m);
  expect(head).toMatch(/^Accept: \*\/\*\r$/m);
  expect(head).toMatch(/^Accept-Encoding: identity\r$/m);
  expect(head).toMatch(/^Content-Type: application\/json\r$/m);
});

/** GnuTLS as an old PBX: one version of TLS, without secure renegotiation (RFC 5746). */
async function startOldServer(version = 'TLS1.0'): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'gnutls-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  writeFileSync(key, identity.key);
  writeFileSync(cert, identity.cert);
  const port = await findFreePort();
  const priority = `NORMAL:-VERS-ALL:+VERS-${version}:%DISABLE_SAFE_RENEGOTIATION`;
  const args = ['--http', '--port', String(port), '--x509keyfile', key, '--x509certfile', cert];
  const server: ChildProcess = spawn('gnutls-serv', [...args, '--priority', priority], { stdio: 'ignore' });
  onTestFinished(async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    rmSync(directory, { recursive: true });
  });
  // It says nothing when it is ready.
  while (!(await isListening(port))) await new Promise(setImmediate);
  return `https://127.0.0.1:${port}`;
}

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
    socket.once('secureConnect', () => resolve(true));
    socket.once('close', () => socket.destroy());
  });

describe.runIf(hasTool('gnutls-serv'))('a server without secure renegotiation', () => {
  test('is served where its certificate is pinned and its version allowed', async () => {
    const url = await startOldServer();
    const tls = { fingerprint256: fingerprintOf(identity), minVersion: 'TLSv1' };
    expect(await read(url, tls)).toContain('HTTP');
    expect(await read(url, { ca: identity.cert, minVersion: 'TLSv1' })).toContain('HTTP');
  });

  test('is served with the usual versions where its certificate is pinned', async () => {
    const url = await startOldServer('TLS1.2');
    expect(await read(url, { fingerprint256: fingerprintOf(identity) })).toContain('HTTP');
    await expect(read(url, { ca: identity.cert })).rejects.toMatchObject({ code: 'pbx-connection' });
  });

  test('is refused where neither is the case', async () => {
    await expect(read(await startOldServer(), { ca: identity.cert })).rejects.toMatchObject({
      code: 'pbx-connection',
    });
  });
});
