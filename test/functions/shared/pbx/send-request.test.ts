import { getEventListeners, once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { toReadable } from '../../../../functions/shared/pbx/incoming.ts';
import { sendRequest } from '../../../../functions/shared/pbx/send-request.ts';
import { fingerprintOf } from '../../../simulated-pbx/certificate.ts';
import { identity } from '../../../simulated-pbx/test-bench.ts';
import { startScriptedPbx } from './scripted-pbx.ts';

const MIB = 1024 ** 2;
const TLS = { minVersion: 'TLSv1.2', fingerprint256: fingerprintOf(identity) } as const;

/** A server below HTTP, which may be one of TLS. */
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

describe('a request', () => {
  test('goes over the wire as it is meant to', async () => {
    const received = Promise.withResolvers<string>();
    const url = await serve((socket) => {
      let seen = '';
      socket.on('data', (chunk) => {
        seen += chunk;
        if (!seen.endsWith('é')) return;
        received.resolve(seen);
        socket.end(`${OK}Content-Length: 0\r\n\r\n`);
      });
    });
    const request = { path: '/a?b=c', headers: { range: 'bytes=1-' }, body: 'é' };
    await sendRequest({ baseUrl: url, tls: TLS }, request);
    const host = new URL(url).host;
    expect(await received.promise).toBe(
      `POST /a?b=c HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\nrange: bytes=1-\r\ncontent-length: 2\r\n\r\né`,
    );
  });

  test('reaches a PBX at an IPv6 address', async () => {
    const server = createServer((socket) => socket.end(`${OK}\r\nHello`)).listen(0, '::1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const baseUrl = `http://[::1]:${(server.address() as AddressInfo).port}`;
    const { body } = await sendRequest({ baseUrl, tls: TLS }, { path: '/' });
    expect(await text(toReadable(body))).toBe('Hello');
  });
});

describe.each([false, true])('a body over TLS: %s', (isTls) => {
  test('that nobody reads keeps the PBX waiting, and then comes whole', async () => {
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
    const { body } = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/' });
    await blocked.promise;
    // Whatever is on its way between here and there, it is not all.
    await new Promise(setImmediate);
    expect(body.receivedBytes).toBeLessThan(MIB);
    expect(sent).toBeLessThan(content.length);

    const target = Buffer.alloc(10 * MIB);
    for (const start of [0, 10 * MIB, 20 * MIB]) {
      expect(await body.fill(target)).toEqual({ bytes: 10 * MIB, isEnd: start === 20 * MIB });
      expect(target.equals(content.subarray(start, start + 10 * MIB))).toBe(true);
    }
  });

  test('ends with the connection, and that is the end of both', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      socket.on('close', () => closed.resolve());
      socket.once('data', () => socket.end(`${OK}\r\nHello`));
    }, isTls);
    const { body } = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/' });
    expect(await text(toReadable(body))).toBe('Hello');
    await closed.promise;
  });

  test('that is whole ends a connection that the PBX leaves open', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      socket.on('close', () => closed.resolve());
      socket.once('data', () => socket.write(`${OK}Content-Length: 5\r\n\r\nHello, and more`));
    }, isTls);
    const { body } = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/' });
    expect(await text(toReadable(body))).toBe('Hello');
    await closed.promise;
  });

  test('that stops short fails', async () => {
    const url = await serve((socket) => {
      socket.once('data', () => socket.end(`${OK}Content-Length: 10\r\n\r\nHello`));
    }, isTls);
    const { body } = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/' });
    await expect(text(toReadable(body))).rejects.toMatchObject({ code: 'CLOSED_EARLY' });
  });
});

test('a body without a length whose connection is reset is no whole one', async () => {
  const url = await serve((socket) => {
    socket.once('data', () => socket.write(`${OK}\r\nHello`, () => socket.resetAndDestroy()));
  });
  const reading = sendRequest({ baseUrl: url, tls: TLS }, { path: '/' }).then(({ body }) =>
    text(toReadable(body)),
  );
  await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('a signal that outlives its requests holds nothing of them', async () => {
  const url = await serve((socket) => {
    socket.once('data', () => socket.end(`${OK}\r\nHello`));
  });
  const { signal } = new AbortController();
  const { body } = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/', signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  expect(await text(toReadable(body))).toBe('Hello');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a response that is no HTTP fails, and its connection is closed', async () => {
  const closed = Promise.withResolvers<void>();
  const url = await serve((socket) => {
    socket.on('close', () => closed.resolve()).resume();
    socket.write('220 mail.example ESMTP\r\n\r\n');
  });
  const response = sendRequest({ baseUrl: url, tls: TLS }, { path: '/' });
  await expect(response).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  await closed.promise;
});

describe('a PBX that', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('does not shake hands is waited for five seconds', async () => {
    const connected = Promise.withResolvers<void>();
    const url = (await serve(() => connected.resolve())).replace('http:', 'https:');
    const failure = expect(sendRequest({ baseUrl: url, tls: TLS }, { path: '/' })).rejects.toMatchObject({
      code: 'CONNECT_TIMEOUT',
    });
    await connected.promise;
    vi.advanceTimersByTime(5_000);
    await failure;
  });

  test('does not answer is waited for thirty seconds', async () => {
    const asked = Promise.withResolvers<void>();
    const { url } = await startScriptedPbx(() => asked.resolve());
    let isOver = false;
    const failure = expect(sendRequest({ baseUrl: url, tls: TLS }, { path: '/' })).rejects.toMatchObject({
      code: 'HEADERS_TIMEOUT',
    });
    void failure.then(() => {
      isOver = true;
    });
    await asked.promise;
    vi.advanceTimersByTime(29_999);
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    vi.advanceTimersByTime(1);
    await failure;
  });

  test('stalls is waited for since the last byte, but not while nobody wants another one', async () => {
    let connection: Socket | undefined;
    const url = await serve((socket) => {
      connection = socket;
      socket.once('data', () => socket.write(`${OK}\r\nHello`));
    });
    const { body } = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/' }, { idleTimeoutMs: 1_000 });
    vi.advanceTimersByTime(10_000);
    const came = Promise.withResolvers<void>();
    const filling = body.fill(Buffer.alloc(100), (bytes) => bytes === 2 && came.resolve());
    vi.advanceTimersByTime(900);
    connection?.write(', ');
    await came.promise;
    vi.advanceTimersByTime(900);
    connection?.write('world');
    connection?.end();
    expect(await filling).toEqual({ bytes: 12, isEnd: true });

    // Neither between two places that are filled, when the first is full and something follows.
    const long = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/' }, { idleTimeoutMs: 1_000 });
    expect(await long.body.fill(Buffer.alloc(2))).toEqual({ bytes: 2, isEnd: false });
    const rest = long.body.fill(Buffer.alloc(6));
    connection?.write(', world');
    expect(await rest).toEqual({ bytes: 6, isEnd: false });
    vi.advanceTimersByTime(10_000);
    connection?.end();
    expect(await long.body.fill(Buffer.alloc(10))).toEqual({ bytes: 4, isEnd: true });

    const other = await sendRequest({ baseUrl: url, tls: TLS }, { path: '/' }, { idleTimeoutMs: 1_000 });
    const failure = expect(other.body.fill(Buffer.alloc(100))).rejects.toMatchObject({
      code: 'BODY_TIMEOUT',
    });
    vi.advanceTimersByTime(1_000);
    await failure;
  });
});
