import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createTransport } from '../../../../functions/shared/pbx/transport.ts';
import { pSeriesClientOf } from './p-series/p-series-client.ts';
import { startScriptedPbx } from './scripted-pbx.ts';

// Before the first request and for the whole file, because undici uses one timer for all its timeouts.
vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });

const OK = 'HTTP/1.1 200 OK\r\n';

const open = (baseUrl: string, idleTimeoutMs?: number) =>
  createTransport(
    { baseUrl, tls: { minVersion: 'TLSv1.2' } },
    idleTimeoutMs === undefined ? {} : { idleTimeoutMs },
  );

async function serve(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => onConnection(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a PBX that', () => {
  /** In half seconds, because undici checks its timeouts twice a second. */
  async function pass(seconds: number): Promise<void> {
    for (let half = 0; half < 2 * seconds; half += 1) {
      vi.advanceTimersByTime(500);
      await new Promise(setImmediate);
    }
  }

  async function watch(promise: Promise<unknown>) {
    let error: { message?: string; code?: string } | undefined;
    promise.catch((thrown: typeof error) => {
      error = thrown;
    });
    return () => error;
  }

  test('does not complete the TLS handshake times out after about five seconds', async () => {
    const connected = Promise.withResolvers<void>();
    const url = (await serve(() => connected.resolve())).replace('http:', 'https:');
    const failure = await watch(open(url)({ path: '/' }));
    await connected.promise;
    await pass(3);
    expect(failure()).toBeUndefined();
    await pass(4);
    expect(failure()?.message).toContain('UND_ERR_CONNECT_TIMEOUT');
  });

  test('does not respond times out after about thirty seconds', async () => {
    const requested = Promise.withResolvers<void>();
    const { url } = await startScriptedPbx(() => requested.resolve());
    const failure = await watch(open(url)({ path: '/' }));
    await requested.promise;
    await pass(28);
    expect(failure()).toBeUndefined();
    await pass(4);
    expect(failure()?.message).toContain('UND_ERR_HEADERS_TIMEOUT');
  });

  test('converts a recording has ten minutes for it, unlike for its other responses', async () => {
    const requests: { end: (text: string) => void }[] = [];
    const { url } = await startScriptedPbx((response) => void requests.push(response));
    const client = pSeriesClientOf({ url });
    const [download, tooSlow] = [1, 2].map(() => client.openRecording('token', 'a.wav'));
    const failure = await watch(tooSlow as Promise<unknown>);
    await vi.waitUntil(() => requests.length === 2);
    await pass(9 * 60);
    requests[0]?.end('RIFF');
    (await download)?.body.destroy();
    expect(failure()).toBeUndefined();
    await pass(62);
    expect(failure()).toMatchObject({ code: 'pbx-connection' });
    const information = await watch(client.deviceInfo('token'));
    await vi.waitUntil(() => requests.length === 3);
    await pass(32);
    expect(information()).toMatchObject({ code: 'pbx-connection' });
  });

  test('sends interim responses for ever times out after about thirty seconds', async () => {
    const connected = Promise.withResolvers<Socket>();
    const url = await serve((socket) => socket.once('data', () => connected.resolve(socket)));
    const failure = await watch(open(url)({ path: '/' }));
    const connection = await connected.promise;
    const closed = once(connection, 'close');
    const sendInterim = () =>
      new Promise((resolve) => connection.write('HTTP/1.1 102 Processing\r\n\r\n', resolve));
    for (let seconds = 0; seconds < 28; seconds += 4) {
      await sendInterim();
      await pass(4);
    }
    expect(failure()).toBeUndefined();
    await pass(4);
    await sendInterim();
    await closed;
    expect(failure()).toMatchObject({ code: 'pbx-connection', kind: 'transient' });
    expect(failure()?.message).toContain('UND_ERR_HEADERS_TIMEOUT');
  });

  test('stalls times out counted from its last byte', async () => {
    let connection: Socket | undefined;
    const url = await serve((socket) => {
      connection = socket;
      socket.once('data', () => socket.write(`${OK}\r\nHello`));
    });
    const { body } = await open(url, 10_000)({ path: '/' });
    const pieces: string[] = [];
    const arrived = Promise.withResolvers<void>();
    const reading = (async () => {
      for await (const piece of body) {
        pieces.push(String(piece));
        if (pieces.length === 2) arrived.resolve();
      }
    })();
    const failure = await watch(reading);
    await pass(8);
    connection?.write(', world');
    await arrived.promise;
    await pass(8);
    expect(failure()).toBeUndefined();
    await pass(4);
    expect(failure()?.code).toBe('UND_ERR_BODY_TIMEOUT');
    expect(pieces.join('')).toBe('Hello, world');
  });
});
