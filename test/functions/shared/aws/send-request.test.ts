import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type OutgoingRequest, sendRequest } from '../../../../functions/shared/aws/send-request.ts';

/** A body of three slices, the last one shorter. */
const LARGE = Buffer.alloc(2.5 * 1024 * 1024, 'recording');

const put = (origin: string, options: Partial<OutgoingRequest> = {}) =>
  sendRequest({
    method: 'PUT',
    origin,
    path: '/key?partNumber=1',
    headers: { 'content-length': String(options.body?.length ?? 0) },
    timeoutMs: 20_000,
    ...options,
  });

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Sends these bytes to whoever connects, and hangs up. */
async function serveBytes(bytes: string) {
  const server = createTcpServer((socket) => socket.on('error', () => {}).end(bytes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ['none', undefined],
  ['a text', 'é'],
  ['small', Buffer.from('RIFF')],
  ['of one slice', LARGE.subarray(0, 1024 * 1024)],
  ['of several slices', LARGE],
])('the body arrives as it is: %s', async (_, body) => {
  const { origin } = await serve(async (request, response) => {
    const received = await buffer(request);
    response.setHeader('x-got', `${request.method} ${request.url} ${request.headers['transfer-encoding']}`);
    response.end(received.equals(Buffer.from(body ?? '')) ? 'the same' : 'another');
  });
  const headers = { 'content-length': String(Buffer.byteLength(body ?? '')) };
  expect(await put(origin, { body, headers })).toMatchObject({
    status: 200,
    headers: { 'x-got': 'PUT /key?partNumber=1 undefined' },
    body: 'the same',
  });
});

test('requests that come one after the other share a connection', async () => {
  const { server, origin } = await serve((request, response) => request.pipe(response));
  const onConnection = vi.fn();
  server.on('connection', onConnection);
  for (const body of ['one', LARGE, 'three']) await put(origin, { body });
  expect(onConnection).toHaveBeenCalledTimes(1);
});

test.each(['keeps the connection', 'closes the connection'])(
  'who refuses a large body before it has come, and %s, is heard',
  async (ending) => {
    const { origin } = await serve((request, response) => {
      response.writeHead(412, { 'content-length': '8' }).end('conflict', () => {
        if (ending === 'closes the connection') request.socket.end();
      });
    });
    const body = Buffer.alloc(16 * 1024 * 1024);
    expect(await put(origin, { body })).toMatchObject({ status: 412, body: 'conflict' });
  },
);

test('a connection that breaks in a large body is an error', async () => {
  const { origin } = await serve((request) => request.once('data', () => request.socket.destroy()));
  const body = Buffer.alloc(16 * 1024 * 1024);
  await expect(put(origin, { body })).rejects.toMatchObject({
    name: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/),
  });
});

test.each([
  ['a length', 'content-length: 100\r\n\r\n<Error>'],
  ['chunks', 'transfer-encoding: chunked\r\n\r\n7\r\n<Error>\r\n'],
])('an answer with %s that is cut off is an error', async (_, rest) => {
  const origin = await serveBytes(`HTTP/1.1 200 OK\r\n${rest}`);
  await expect(put(origin)).rejects.toMatchObject({ name: 'ECONNRESET', code: 'ECONNRESET' });
});

test('an answer that is no HTTP is not quoted: it may hold a secret', async () => {
  const origin = await serveBytes('HTTP/1.1 200 OK\r\n{"SecretString":"hidden"}\r\n\r\n');
  const error = await put(origin).catch((it: unknown) => it);
  expect(error).toMatchObject({ name: expect.stringMatching(/^HPE_/) });
  expect(inspect(error, { showHidden: true })).not.toContain('hidden');
});

test.each<[string, RequestListener]>([
  ['does not begin', () => {}],
  ['does not go on', (_, response) => void response.writeHead(200).write('<?xml')],
])('an answer that %s is waited for so long, and no longer', async (_, listener) => {
  const { origin } = await serve(listener);
  await expect(put(origin, { timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a server that cannot be reached is waited for for three seconds', async () => {
  const { promise: isConnecting, resolve } = Promise.withResolvers<void>();
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function connect(this: Socket) {
    Object.assign(this, { connecting: true });
    resolve();
    return this;
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  const onEnd = vi.fn();
  const sending = put('http://127.0.0.1:9').catch(onEnd);
  await isConnecting;
  await vi.advanceTimersByTimeAsync(2_999);
  expect(onEnd).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await sending;
  expect(onEnd).toHaveBeenCalledWith(expect.objectContaining({ name: 'TimeoutError' }));
});

/** Answers what `answer` is told to, after the timers have gone on for so long. */
async function serveLater(ms: number) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  return serve(async (request, response) => {
    await buffer(request);
    vi.advanceTimersByTime(ms);
    response.end('done');
  });
}

test('an answer may take longer than a connection, on a new one and on one that is used again', async () => {
  const { server, origin } = await serveLater(10_000);
  const onConnection = vi.fn();
  server.on('connection', onConnection);
  expect(await put(origin)).toMatchObject({ body: 'done' });
  expect(await put(origin)).toMatchObject({ body: 'done' });
  expect(onConnection).toHaveBeenCalledOnce();
});

test('a slow line has the whole time for each megabyte of a body', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  // Far more than lies between the two sides: but for some megabytes, what has been sent has been received.
  const body = Buffer.alloc(64 * 1024 ** 2);
  let received = 0;
  const { origin } = await serve((request, response) => {
    let megabytes = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      for (; megabytes < Math.floor(received / 1024 ** 2); megabytes += 1) vi.advanceTimersByTime(1_000);
    });
    request.once('end', () => response.end('done'));
  });
  const headers = { 'content-length': String(body.length) };
  expect(await put(origin, { body, headers, timeoutMs: 20_000 })).toMatchObject({ body: 'done' });
  expect(received).toBe(body.length);
});

test('a slow answer has the whole time for each of its pieces', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const pieces = ['do', 'ne', ''];
  let sendPiece = () => {};
  const { origin } = await serve((_, response) => {
    sendPiece = () => {
      const piece = pieces.shift();
      if (piece === '') response.end();
      else response.write(piece);
    };
    sendPiece();
  });
  const onAnswer = (message: unknown) => {
    const { response } = message as { response: IncomingMessage };
    response.on('data', () =>
      setImmediate(() => {
        vi.advanceTimersByTime(15_000);
        sendPiece();
      }),
    );
  };
  subscribe('http.client.response.finish', onAnswer);
  onTestFinished(() => void unsubscribe('http.client.response.finish', onAnswer));
  expect(await put(origin, { timeoutMs: 20_000 })).toMatchObject({ body: 'done' });
});

test('a signal that outlives its requests holds nothing of them', async () => {
  const { origin } = await serve((_, response) => response.end());
  const { signal } = new AbortController();
  await put(origin, { signal });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('of a large body that is refused before it is sent, the rest is not sent', async () => {
  const closed = Promise.withResolvers<void>();
  let received = 0;
  const { origin } = await serve((request, response) => {
    request.socket.once('close', () => closed.resolve());
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    response.writeHead(412).end();
  });
  const body = Buffer.alloc(64 * 1024 ** 2);
  const headers = { 'content-length': String(body.length) };
  expect(await put(origin, { body, headers })).toMatchObject({ status: 412 });
  await closed.promise;
  expect(received).toBeLessThan(body.length);
});

test('a server that refuses connections is named', async () => {
  const { server, origin } = await serve(() => {});
  await new Promise((resolve) => server.close(resolve));
  await expect(put(origin)).rejects.toMatchObject({
    name: 'ECONNREFUSED',
    code: 'ECONNREFUSED',
    message: expect.stringContaining('connect ECONNREFUSED 127.0.0.1:'),
  });
});

test('what is aborted already is not sent', async () => {
  const onConnection = vi.fn();
  const { server, origin } = await serve(() => {});
  server.on('connection', onConnection);
  const reason = new Error('The time is up.');
  await expect(put(origin, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
    name: 'AbortError',
    cause: reason,
  });
  expect(onConnection).not.toHaveBeenCalled();
});

test.each(['begun', 'ended'])('an abort before the answer has %s ends the connection', async (moment) => {
  const controller = new AbortController();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { origin } = await serve((request, response) => {
    request.socket.once('close', () => resolve());
    if (moment === 'begun') controller.abort();
    else response.writeHead(200).write('<?xml');
  });
  // When an answer has begun, in spite of its name.
  const onResponse = () => controller.abort();
  subscribe('http.client.response.finish', onResponse);
  onTestFinished(() => void unsubscribe('http.client.response.finish', onResponse));
  await expect(put(origin, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  await closed;
});

test('a server that nobody vouches for gets no request', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
  const listener = vi.fn();
  const server = createTlsServer({ key, cert }, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await expect(put(`https://127.0.0.1:${port}`)).rejects.toMatchObject({
    name: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  expect(listener).not.toHaveBeenCalled();
});
