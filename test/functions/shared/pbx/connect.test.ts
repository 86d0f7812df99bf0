import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { toReadable } from '../../../../functions/shared/pbx/incoming.ts';
import { sendRequest } from '../../../../functions/shared/pbx/send-request.ts';
import { tlsSchema } from '../../../../functions/shared/pbx-registry.ts';
import { fingerprintOf, generateCertificate } from '../../../simulated-pbx/certificate.ts';
import { identity, startBench } from '../../../simulated-pbx/test-bench.ts';
import { type Answer, reply, startScriptedPbx } from './scripted-pbx.ts';

const other = await generateCertificate(['127.0.0.1']);
const PINNED = { fingerprint256: fingerprintOf(identity) };

/** Sends a request to a PBX with these TLS settings, and reads the reply. */
async function read(url: string, tls: object, signal?: AbortSignal): Promise<string> {
  const { origin: baseUrl } = new URL(url);
  const { body } = await sendRequest({ baseUrl, tls: v.parse(tlsSchema, tls) }, { path: '/', signal });
  return text(toReadable(body));
}

/** How that ends: with the reply, or with the error's code. */
async function outcomeOf(url: string, tls: object): Promise<string> {
  return read(url, tls).catch((error: NodeJS.ErrnoException) => String(error.code));
}

describe('a pinned certificate', () => {
  test('lets requests through when the PBX shows it, whoever signed it', async () => {
    const server = await startScriptedPbx(reply('Hello'), identity);
    expect(await outcomeOf(server.url, { ...PINNED, serverName: 'another.test' })).toBe('Hello');
  });

  test('may be written in lower case and without colons', async () => {
    const server = await startScriptedPbx(reply('Hello'), identity);
    const fingerprint256 = PINNED.fingerprint256.replaceAll(':', '').toLowerCase();
    expect(await outcomeOf(server.url, { fingerprint256 })).toBe('Hello');
  });

  test('is asked of a PBX on plain HTTP in vain, so it is not', async () => {
    const server = await startScriptedPbx(reply('Hello'));
    expect(await outcomeOf(server.url, PINNED)).toBe('Hello');
  });

  test('that the PBX does not show keeps every byte of HTTP back, and the connection is closed', async () => {
    const received: Buffer[] = [];
    const server = createTlsServer(other, (socket: TLSSocket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        received.push(chunk);
        socket.destroy();
      });
    });
    server.on('tlsClientError', () => {});
    const connection = new Promise<Socket>((resolve) => server.on('connection', resolve));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;

    const closed = connection.then((socket) => once(socket, 'close'));
    expect(await outcomeOf(`https://127.0.0.1:${port}/?token=secret`, PINNED)).toBe('certificate-mismatch');
    await closed;
    expect(Buffer.concat(received).toString()).toBe('');
  });

  test('that the PBX does not show is an error that names the one seen, and is worth a retry', async () => {
    const server = await startScriptedPbx(reply('Hello'), other);
    const error: unknown = await read(server.url, PINNED).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArchiveError);
    expect(error).toMatchObject({ code: 'certificate-mismatch', action: 'retry' });
    expect(String(error)).toContain(fingerprintOf(other));
    expect(server.seen).toEqual([]);
  });

  test('is compared for every connection, so that a replaced one is noticed by the next request', async () => {
    const { pbx } = await startBench();
    const pin = { fingerprint256: pbx.fingerprint256 };
    await read(pbx.url, pin);
    const requests = pbx.stats.requests.length;
    await pbx.replaceCertificate();
    await expect(read(pbx.url, pin)).rejects.toMatchObject({ code: 'certificate-mismatch' });
    expect(pbx.stats.requests).toHaveLength(requests);
  });
});

describe('without a pinned certificate', () => {
  test('one that nobody vouches for is refused before a request is sent', async () => {
    const server = await startScriptedPbx(reply('Hello'), identity);
    expect(await outcomeOf(server.url, {})).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.seen).toEqual([]);
  });

  test('one of the given authority is accepted, another is not', async () => {
    const server = await startScriptedPbx(reply('Hello'), identity);
    expect(await outcomeOf(server.url, { ca: identity.cert })).toBe('Hello');
    expect(await outcomeOf(server.url, { ca: other.cert })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.seen).toHaveLength(1);
  });

  test('the given name is the one that the certificate has to be made out to', async () => {
    const named = await generateCertificate(['pbx.test']);
    const server = await startScriptedPbx(reply('Hello'), named);
    const tls = { ca: named.cert };
    expect(await outcomeOf(server.url, tls)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await outcomeOf(server.url, { ...tls, serverName: 'pbx.test' })).toBe('Hello');
    expect(await outcomeOf(server.url, { ...tls, serverName: 'another.test' })).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
    expect(server.seen).toHaveLength(1);
  });
});

describe('an old PBX', () => {
  test.each(['TLSv1', 'TLSv1.1'] as const)(
    'that speaks no more than %s is served where it is allowed',
    async (maxTlsVersion) => {
      const { pbx } = await startBench({ maxTlsVersion });
      const pin = { fingerprint256: pbx.fingerprint256 };
      await expect(read(pbx.url, { ...pin, minVersion: maxTlsVersion })).resolves.toBeTypeOf('string');
      const requests = pbx.stats.requests.length;
      await expect(read(pbx.url, pin)).rejects.toThrow();
      expect(pbx.stats.requests).toHaveLength(requests);
    },
  );
});

describe('a PBX that signs with SHA-1 only', () => {
  test('is served where old versions of TLS are allowed, and nowhere else', async () => {
    const sha1 = { sigalgs: 'RSA+SHA1', ciphers: 'DEFAULT@SECLEVEL=0', maxVersion: 'TLSv1.2' } as const;
    const server = await startScriptedPbx(reply('Hello'), { ...identity, ...sha1 });
    expect(await outcomeOf(server.url, { ...PINNED, minVersion: 'TLSv1' })).toBe('Hello');
    expect(await outcomeOf(server.url, PINNED)).not.toBe('Hello');
    expect(server.seen).toHaveLength(1);
  });
});

describe('every request', () => {
  test.each([
    ['plain HTTP', undefined, {}],
    ['TLS', identity, PINNED],
  ])('gets a connection of its own over %s', async (_, ownIdentity, tls) => {
    const server = await startScriptedPbx(reply('Hello'), ownIdentity);
    for (let run = 0; run < 3; run++) expect(await read(server.url, tls)).toBe('Hello');
    await Promise.all([read(server.url, tls), read(server.url, tls)]);
    expect(server.seen).toHaveLength(5);
    expect(server.connections).toHaveLength(5);
  });

  test('asks for its connection to be closed', async () => {
    const server = await startScriptedPbx(reply('Hello'));
    await read(server.url, {});
    expect(server.seen[0]?.headers.connection).toBe('close');
  });

  test('makes a TLS session of its own, for a resumed one would not show the certificate', async () => {
    const server = await startScriptedPbx(reply('Hello'), identity);
    for (let run = 0; run < 3; run++) await read(server.url, PINNED);
    expect(server.seen.map(({ resumed }) => resumed)).toEqual([false, false, false]);
  });

  test('is HTTP/1.1, whatever else the PBX offers', async () => {
    const offered: string[][] = [];
    const server = createTlsServer({
      ...identity,
      ALPNCallback: ({ protocols }) => {
        offered.push(protocols);
        return protocols.at(-1);
      },
    });
    server.on('secureConnection', (socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello')),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await outcomeOf(`https://127.0.0.1:${port}/`, PINNED)).toBe('Hello');
    expect(offered).toEqual([['http/1.1']]);
  });
});

describe('an aborted signal', () => {
  test.each<[string, Answer]>([
    ['before the answer', () => {}],
    ['within the body', (response) => response.write('RIFF')],
  ])('ends a request %s, and its connection, with the reason as thrown', async (_, answer) => {
    const reason = new Error('Out of time.');
    const controller = new AbortController();
    const server = await startScriptedPbx((response, seen) => {
      answer(response, seen);
      setImmediate(() => controller.abort(reason));
    }, identity);
    await expect(read(server.url, PINNED, controller.signal)).rejects.toBe(reason);
    const [connection] = server.connections;
    if (connection && !connection.closed) await once(connection, 'close');
    expect(connection?.closed).toBe(true);
  });
});
