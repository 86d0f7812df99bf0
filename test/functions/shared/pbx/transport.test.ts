import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tlsSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { connectionError } from '../../../../functions/shared/pbx/errors.ts';
import { createTransport } from '../../../../functions/shared/pbx/transport.ts';
import { fingerprintOf, generateCertificate } from '../../../../infra/simulated-pbx/certificate.ts';
import { identity, startPbxHarness } from '../../../infra/simulated-pbx/harness.ts';
import { type Responder, respondWith, startScriptedPbx } from './scripted-pbx.ts';

const other = await generateCertificate(['127.0.0.1']);
const PINNED = { fingerprint256: fingerprintOf(identity) };

const open = (baseUrl: string, tls: object = {}) =>
  createTransport({ baseUrl, tls: v.parse(tlsSchema, tls) });

/** Sends a request to a PBX with these TLS settings; returns the body of the response. */
async function read(url: string, tls: object, signal?: AbortSignal): Promise<string> {
  const { body } = await open(new URL(url).origin, tls)({ path: '/', signal });
  return body.text();
}

/** The body of the response, or the code of a failed connection, or else the code of the error. */
async function outcomeOf(url: string, tls: object = {}): Promise<string> {
  return read(url, tls).catch(
    ({ code, message }: ArchiveError) => /failed \((\w+)\)/.exec(message)?.[1] ?? String(code),
  );
}

/** A raw TCP server, or a TLS server with the pinned certificate. */
async function serve(onConnection: (socket: Socket) => void, isTls = false): Promise<string> {
  const sockets: Socket[] = [];
  const server = isTls ? createTlsServer(identity) : createServer();
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.push(socket.on('error', () => {}));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `${isTls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe('a pinned certificate', () => {
  test('is accepted, whoever signed it', async () => {
    const server = await startScriptedPbx(respondWith('Hello'), identity);
    expect(await outcomeOf(server.url, { ...PINNED, serverName: 'another.test' })).toBe('Hello');
  });

  test('may be written in lower case and without colons', async () => {
    const server = await startScriptedPbx(respondWith('Hello'), identity);
    const fingerprint256 = PINNED.fingerprint256.replaceAll(':', '').toLowerCase();
    expect(await outcomeOf(server.url, { fingerprint256 })).toBe('Hello');
  });

  test('is not checked for a PBX on plain HTTP', async () => {
    const server = await startScriptedPbx(respondWith('Hello'));
    expect(await outcomeOf(server.url, PINNED)).toBe('Hello');
  });

  test('that differs from that of the PBX closes the connection before a byte of HTTP is sent', async () => {
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

  test('that differs from that of the PBX causes an error that names the one seen, and is retried', async () => {
    const server = await startScriptedPbx(respondWith('Hello'), other);
    const error: unknown = await read(server.url, PINNED).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArchiveError);
    expect(error).toMatchObject({ code: 'certificate-mismatch', kind: 'transient' });
    expect(String(error)).toContain(fingerprintOf(other));
    expect(server.seen).toEqual([]);
  });

  test('is compared for every connection, so that the next request notices a replaced one', async () => {
    const { pbx } = await startPbxHarness();
    const pin = { fingerprint256: pbx.fingerprint256 };
    await read(pbx.url, pin);
    const requests = pbx.stats.requests.length;
    await pbx.replaceCertificate();
    await expect(read(pbx.url, pin)).rejects.toMatchObject({ code: 'certificate-mismatch' });
    expect(pbx.stats.requests).toHaveLength(requests);
  });
});

describe('without a pinned certificate,', () => {
  test('a self-signed one is rejected before a request is sent', async () => {
    const server = await startScriptedPbx(respondWith('Hello'), identity);
    expect(await outcomeOf(server.url, {})).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.seen).toEqual([]);
  });

  test('one signed by the given CA is accepted, any other is not', async () => {
    const server = await startScriptedPbx(respondWith('Hello'), identity);
    expect(await outcomeOf(server.url, { ca: identity.cert })).toBe('Hello');
    expect(await outcomeOf(server.url, { ca: other.cert })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.seen).toHaveLength(1);
  });

  test('one must be issued for the configured server name', async () => {
    const named = await generateCertificate(['pbx.test']);
    const server = await startScriptedPbx(respondWith('Hello'), named);
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
    'that supports at most %s can be reached only if that version is allowed',
    async (maxTlsVersion) => {
      const { pbx } = await startPbxHarness({ maxTlsVersion });
      const pin = { fingerprint256: pbx.fingerprint256 };
      await expect(read(pbx.url, { ...pin, minVersion: maxTlsVersion })).resolves.toBeTypeOf('string');
      const requests = pbx.stats.requests.length;
      await expect(read(pbx.url, pin)).rejects.toThrow();
      expect(pbx.stats.requests).toHaveLength(requests);
    },
  );
});

describe('a PBX that signs with SHA-1 only', () => {
  test('can be reached only if old TLS versions are allowed', async () => {
    const sha1 = { sigalgs: 'RSA+SHA1', ciphers: 'DEFAULT@SECLEVEL=0', maxVersion: 'TLSv1.2' } as const;
    const server = await startScriptedPbx(respondWith('Hello'), { ...identity, ...sha1 });
    expect(await outcomeOf(server.url, { ...PINNED, minVersion: 'TLSv1' })).toBe('Hello');
    expect(await outcomeOf(server.url, PINNED)).not.toBe('Hello');
    expect(server.seen).toHaveLength(1);
  });
});

test.each(['TLSv1', 'TLSv1.2', 'TLSv1.3'])(
  'the first message of a handshake fits into one TCP segment: %s',
  async (minVersion) => {
    const received: Buffer[] = [];
    const url = await serve((socket) => {
      socket.on('data', (bytes: Buffer) => received.push(bytes));
      // Nothing else comes before the response.
      socket.once('data', () => socket.end());
    });
    await outcomeOf(url.replace('http:', 'https:'), { minVersion });
    const hello = Buffer.concat(received);
    const RECORD_HEADER_BYTES = 5;
    expect(hello.readUInt16BE(3)).toBe(hello.length - RECORD_HEADER_BYTES);
    // IPv6 guarantees packets of 1280 bytes, 60 of which are headers.
    expect(hello.length).toBeLessThan(1220);
  },
);

test('a certificate whose key is too short for an authority can be pinned, as the message says', async () => {
  const pems = await generate([{ name: 'commonName', value: 'PBX' }], {
    keySize: 1024,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const weak = { key: pems.private, cert: pems.cert };
  const server = await startScriptedPbx(respondWith('Hello'), { ...weak, ciphers: 'DEFAULT@SECLEVEL=0' });
  await expect(read(server.url, { ca: weak.cert })).rejects.toThrow(
    /\(UNSPECIFIED\)\. .*tls\.fingerprint256/,
  );
  expect(await outcomeOf(server.url, { fingerprint256: fingerprintOf(weak) })).toBe('Hello');
});

describe('every request', () => {
  test.each([
    ['plain HTTP', undefined, {}],
    ['TLS', identity, PINNED],
  ])('opens its own connection over %s', async (_, ownIdentity, tls) => {
    const server = await startScriptedPbx(respondWith('Hello'), ownIdentity);
    for (let run = 0; run < 3; run++) expect(await read(server.url, tls)).toBe('Hello');
    await Promise.all([read(server.url, tls), read(server.url, tls)]);
    expect(server.seen).toHaveLength(5);
    expect(server.connections).toHaveLength(5);
  });

  test('asks for its connection to be closed', async () => {
    const server = await startScriptedPbx(respondWith('Hello'));
    await read(server.url, {});
    expect(server.seen[0]?.headers.connection).toBe('close');
  });

  test('starts its own TLS session, because a resumed one would not show the certificate', async () => {
    const server = await startScriptedPbx(respondWith('Hello'), identity);
    for (let run = 0; run < 3; run++) await read(server.url, PINNED);
    expect(server.seen.map(({ resumed }) => resumed)).toEqual([false, false, false]);
  });

  test('is HTTP/1.1, whatever the PBX offers', async () => {
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
  test.each<[string, Responder]>([
    ['before the response', () => {}],
    ['within the body', (response) => response.write('RIFF')],
  ])('ends a request and its connection %s, with the reason of the signal', async (_, respond) => {
    const reason = new Error('Out of time.');
    const controller = new AbortController();
    const server = await startScriptedPbx((response, seen) => {
      respond(response, seen);
      setImmediate(() => controller.abort(reason));
    }, identity);
    await expect(read(server.url, PINNED, controller.signal)).rejects.toBe(reason);
    const [connection] = server.connections;
    if (connection && !connection.closed) await once(connection, 'close');
    expect(connection?.closed).toBe(true);
  });
});

describe('a request', () => {
  test('has the given path, query, headers and body, and the host', async () => {
    const server = await startScriptedPbx(respondWith(''));
    await open(server.url)({
      path: '/api/a',
      query: { name: 'a b+c&d=é' },
      headers: { range: 'bytes=1-' },
      body: 'é',
    });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        path: '/api/a',
        query: 'name=a%20b%2Bc%26d%3D%C3%A9',
        headers: { host: new URL(server.url).host, range: 'bytes=1-', 'content-length': '2' },
        body: 'é',
      },
    ]);
  });

  test('reaches a PBX at an IPv6 address', async () => {
    const server = createServer((socket) => socket.end(`${OK}\r\nHello`)).listen(0, '::1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    expect(await outcomeOf(`http://[::1]:${(server.address() as AddressInfo).port}`)).toBe('Hello');
  });

  test('leaves no listener on a signal that outlives it', async () => {
    const url = await serve((socket) => socket.once('data', () => socket.end(`${OK}\r\nHello`)));
    const { signal } = new AbortController();
    expect(await read(url, {}, signal)).toBe('Hello');
    await new Promise(setImmediate);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe.each([false, true])('a body over TLS: %s', (isTls) => {
  const tls = isTls ? PINNED : {};
  const MIB = 1024 ** 2;

  test('that is read late keeps the PBX waiting, then arrives whole', async () => {
    const content = Buffer.from(Array.from({ length: 30 * MIB }, (_, index) => (index * 7) % 251));
    let sent = 0;
    const blocked = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      const pour = () => {
        while (sent < content.length) {
          const piece = content.subarray(sent, sent + 64 * 1024);
          sent += piece.length;
          if (!socket.write(piece)) {
            blocked.resolve();
            return;
          }
        }
        socket.end();
      };
      socket.once('data', () => {
        socket.write(`${OK}\r\n`);
        socket.on('drain', pour);
        pour();
      });
    }, isTls);
    const { body } = await open(url, tls)({ path: '/' });
    await blocked.promise;
    // Buffers between the two sides hold some of it, but not all.
    await new Promise(setImmediate);
    expect(sent).toBeLessThan(content.length);
    expect(Buffer.from(await body.arrayBuffer()).equals(content)).toBe(true);
  });

  test.each([
    ['without a length ends with the connection', `${OK}\r\nHello`],
    ['of HTTP/1.0 ends with the connection', 'HTTP/1.0 200 OK\r\n\r\nHello'],
    ['of identity encoding ends with the connection', `${OK}Transfer-Encoding: identity\r\n\r\nHello`],
  ])('%s, and is complete then', async (_, response) => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      socket.on('close', () => closed.resolve());
      socket.once('data', () => socket.end(response));
    }, isTls);
    expect(await outcomeOf(url, tls)).toBe('Hello');
    await closed.promise;
  });

  test('that is complete closes a connection that the PBX leaves open', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      socket.on('close', () => closed.resolve());
      socket.once('data', () => socket.write(`${OK}Content-Length: 5\r\n\r\nHello, and more`));
    }, isTls);
    expect(await outcomeOf(url, tls)).toBe('Hello');
    await closed.promise;
  });

  test.each([
    ['a length', `Content-Length: 10\r\n\r\nHello`],
    ['chunks', `Transfer-Encoding: chunked\r\n\r\na\r\nHello`],
    ['chunks, the last one missing', `Transfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n`],
  ])('with %s that ends early fails', async (_, rest) => {
    const url = await serve((socket) => socket.once('data', () => socket.end(`${OK}${rest}`)), isTls);
    await expect(read(url, tls)).rejects.toThrow();
  });

  test('without a length fails when its connection is reset', async () => {
    const sent = Promise.withResolvers<Socket>();
    const url = await serve((socket) => {
      const underlying = (socket as { _parent?: Socket })._parent ?? socket;
      socket.once('data', () => socket.write(`${OK}\r\nHello`, () => sent.resolve(underlying)));
    }, isTls);
    const { body } = await open(url, tls)({ path: '/' });
    (await sent.promise).resetAndDestroy();
    await expect(body.text()).rejects.toMatchObject({ code: 'CONNECTION_RESET' });
  });
});

test.each([
  ['is not HTTP', '220 mail.example ESMTP\r\n\r\n'],
  ['has a status below 100', 'HTTP/1.1 42 Odd\r\n\r\n'],
  ['has two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`],
  ['has a head without an end', `${OK}X-Long: ${'x'.repeat(100_000)}`],
])('a response that %s fails the connection and closes it', async (_, bytes) => {
  const closed = Promise.withResolvers<void>();
  const url = await serve((socket) => {
    socket.on('close', () => closed.resolve()).resume();
    socket.write(bytes);
  });
  await expect(read(url, {})).rejects.toMatchObject({ code: 'pbx-connection' });
  await closed.promise;
});

test.each(['102 Processing', '103 Early Hints'])('an interim response is skipped: %s', async (status) => {
  const response = `HTTP/1.1 ${status}\r\nLink: </>\r\n\r\n${OK}Content-Length: 5\r\n\r\nHello`;
  const url = await serve((socket) => socket.once('data', () => socket.end(response)));
  expect(await outcomeOf(url)).toBe('Hello');
});

test('a body that ends before its length has arrived fails with a message that says so', async () => {
  const url = await serve((socket) =>
    socket.once('data', () => socket.end(`${OK}Connection: close\r\nContent-Length: 9\r\n\r\nHello`)),
  );
  const error = connectionError(await read(url, {}).catch((thrown: unknown) => thrown));
  expect(error).toMatchObject({ code: 'pbx-connection', kind: 'transient' });
  expect(error.message).toMatch(
    / The connection ended before the whole response had arrived\. If every response fails like this, /,
  );
});

describe('a response that HTTP does not allow, but other clients accept,', () => {
  const LENGTHS = 'the PBX sends two Content-Length headers, or one that HTTP does not allow';

  // HTTP allows it, but undici does not.
  test('fails with a message that says so, if "100 Continue" comes before it', async () => {
    const bytes = `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 5\r\n\r\nHello`;
    const url = await serve((socket) => socket.once('data', () => socket.end(bytes)));
    const { message } = connectionError(await read(url, {}).catch((thrown: unknown) => thrown));
    expect(message).toMatch(/^The connection to the PBX failed \(UND_ERR_SOCKET\)\. .* "100 Continue" /);
  });

  test.each([
    ['has its length twice', 'Content-Length: 5\r\nContent-Length: 5\r\n\r\nHello', LENGTHS],
    ['has its length as a list', 'Content-Length: 5, 5\r\n\r\nHello', LENGTHS],
    ['has a blank after its length', 'Content-Length: 5 \r\n\r\nHello', LENGTHS],
    [
      'has chunks beside its length',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n',
      LENGTHS,
    ],
    [
      'has its length beside chunks',
      'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nHello\r\n0\r\n\r\n',
      "HTTPParserError: Content-Length can't be present with Transfer-Encoding",
    ],
    ['has no number as its length', 'Content-Length: \r\n\r\nHello', 'HTTPParserError: Empty Content-Length'],
    [
      'has bare line feeds',
      'Server: Boa\nContent-Length: 5\n\nHello',
      'HTTPParserError: Missing expected CR after header value',
    ],
  ])('fails with a message that says so, if it %s', async (_, rest, reason) => {
    const url = await serve((socket) => socket.once('data', () => socket.end(OK + rest)));
    const error = connectionError(await read(url, {}).catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'pbx-connection', kind: 'transient' });
    expect(error.message).toContain(reason);
  });

  test('never has its bytes in the message', async () => {
    const url = await serve((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 2OO token=secret\r\n')),
    );
    const error = connectionError(await read(url, {}).catch((thrown: unknown) => thrown));
    expect(error.message).toMatch(/^The connection to the PBX failed \(HTTPParserError: [A-Za-z -]+\)\.$/);
    expect(error.message).not.toContain('secret');
  });
});
