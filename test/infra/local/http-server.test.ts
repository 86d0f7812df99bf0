import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpHandler } from '../../../infra/local/http-event.ts';
import { startHttpServer } from '../../../infra/local/http-server.ts';

async function start(handler: HttpHandler) {
  const routes = {
    'GET /recordings/{pbxId}/{recording}': handler,
    'HEAD /recordings/{pbxId}/{recording}': handler,
    'POST /reports/{pbxId}/{secret}': handler,
    'DELETE /api/{proxy+}': handler,
    'GET /': handler,
  };
  const server = await startHttpServer(Promise.resolve(routes), 0, '127.0.0.1');
  onTestFinished(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

/** A server that records every event and responds with 200. */
async function startRecorder() {
  const events: APIGatewayProxyEventV2[] = [];
  const url = await start(async (event) => {
    events.push(event);
    return { statusCode: 200 };
  });
  return { url, events };
}

describe('the local HTTP server, like an HTTP API,', () => {
  test('serves a path without parameters', async () => {
    const { url, events } = await startRecorder();
    await request(`${url}/?number=1`);
    expect(events[0]).toMatchObject({ routeKey: 'GET /', pathParameters: {}, rawQueryString: 'number=1' });
    expect((await request(`${url}/other`)).statusCode).toBe(404);
  });

  test('passes decoded path parameters, and the query both raw and parsed', async () => {
    const { url, events } = await startRecorder();
    await request(`${url}/recordings/a/${encodeURIComponent('+49 *#1.wav')}?download=1&x=a%20b&x=c`);
    expect(events[0]).toMatchObject({
      version: '2.0',
      routeKey: 'GET /recordings/{pbxId}/{recording}',
      pathParameters: { pbxId: 'a', recording: '+49 *#1.wav' },
      rawQueryString: 'download=1&x=a%20b&x=c',
      queryStringParameters: { download: '1', x: 'a b,c' },
      requestContext: { http: { method: 'GET', sourceIp: '127.0.0.1' } },
      isBase64Encoded: false,
    });
    expect(events[0]?.body).toBeUndefined();
  });

  test('passes cookies on as a list of their own, and sets those of the response', async () => {
    const events: APIGatewayProxyEventV2[] = [];
    const url = await start(async (event) => {
      events.push(event);
      return { statusCode: 204, cookies: ['a=1; Path=/', 'b=2'] };
    });
    const headers = { cookie: 'session=x=y; other=z' };
    const response = await request(`${url}/api/a/b%20c`, { method: 'DELETE', headers });
    expect(events[0]).toMatchObject({
      routeKey: 'DELETE /api/{proxy+}',
      rawPath: '/api/a/b c',
      pathParameters: { proxy: 'a/b c' },
      cookies: ['session=x=y', 'other=z'],
    });
    expect(events[0]?.headers).not.toHaveProperty('cookie');
    expect(response.headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2']);
    expect(response.headers).not.toHaveProperty('content-length');
  });

  test.each([
    ['100%25.wav', '100%.wav'],
    ['a%2541.wav', 'aA.wav'],
    ['50%25%20of%20it.wav', '50% of it.wav'],
    ['why%3F.wav', 'why'],
    ['why%253F.wav', 'why'],
  ])('decodes a path twice and cuts it at a question mark: %s is %s', async (segment, recording) => {
    const { url, events } = await startRecorder();
    await request(`${url}/recordings/a/${segment}?recording=${segment}`);
    const path = `/recordings/a/${recording}`;
    expect(events[0]).toMatchObject({
      rawPath: path,
      pathParameters: { recording },
      // The query is decoded once.
      queryStringParameters: { recording: decodeURIComponent(segment) },
      requestContext: { http: { path } },
    });
  });

  test('answers HEAD without a body', async () => {
    const url = await start(async () => ({ statusCode: 200, body: '{"url":1}' }));
    const response = await request(`${url}/recordings/a/b`, { method: 'HEAD' });
    expect(response.statusCode).toBe(200);
    expect(await response.body.text()).toBe('');
  });

  test('passes JSON as text, and other bodies as Base64', async () => {
    const { url, events } = await startRecorder();
    const post = (contentType: string) =>
      request(`${url}/reports/a/b`, {
        method: 'POST',
        body: '{"é":1}',
        headers: { 'content-type': contentType },
      });
    await post('application/json; charset=utf-8');
    await post('application/octet-stream');
    expect(events.map(({ body, isBase64Encoded }) => [body, isBase64Encoded])).toEqual([
      ['{"é":1}', false],
      [Buffer.from('{"é":1}').toString('base64'), true],
    ]);
  });

  test('responds with the status, headers and body of the handler', async () => {
    const url = await start(async () => ({
      statusCode: 302,
      headers: { location: 'http://127.0.0.1:9/' },
      body: 'moved',
    }));
    const response = await request(`${url}/recordings/a/b`);
    expect(response.statusCode).toBe(302);
    expect(response.headers.location).toBe('http://127.0.0.1:9/');
    expect(await response.body.text()).toBe('moved');
  });

  test('responds with 404 to an unknown route, 413 to more than 10 MiB, and 500 when a handler throws', async () => {
    const url = await start(async () => {
      throw new Error('a secret that nobody should read');
    });
    expect((await request(`${url}/recordings/a`)).statusCode).toBe(404);
    expect((await request(`${url}/reports/a/b`)).statusCode).toBe(404);
    const body = Buffer.alloc(10 * 1024 * 1024 + 1);
    expect((await request(`${url}/reports/a/b`, { method: 'POST', body })).statusCode).toBe(413);
    const failed = await request(`${url}/recordings/a/b`);
    expect(failed.statusCode).toBe(500);
    expect(await failed.body.text()).toBe('{"message":"Internal Server Error"}');
  });
});

/** A connection on which a test writes HTTP by hand. */
async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the connection has ended, whether it was closed or reset. */
function closeOf(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const postOf = (bytes: number) => `POST /reports/a/b HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`;

const MIB = 1024 * 1024;

describe('the local HTTP server, against a client that sends too much,', () => {
  /** As the webhook does: it refuses a wrong secret with 404, and acknowledges a report that is too long with 200. */
  async function startWebhook() {
    const sizes: number[] = [];
    const url = await start(async ({ pathParameters, body = '' }) => {
      sizes.push(Buffer.from(body, 'base64').length);
      return { statusCode: pathParameters?.secret === 'b' ? 200 : 404 };
    });
    return { url, sizes };
  }

  test('responds before the rest has arrived, having kept no more than a handler needs to see it', async () => {
    const { url, sizes } = await startWebhook();
    const sockets = await Promise.all(Array.from({ length: 100 }, () => openSocket(url)));
    const responses = sockets.map(async (socket) => {
      socket.write(postOf(10 * MIB));
      // No more than this is ever sent.
      socket.write(Buffer.alloc(64 * 1024 + 1));
      const [head] = await once(socket, 'data');
      return String(head).split('\r\n')[0];
    });
    expect(new Set(await Promise.all(responses))).toEqual(new Set(['HTTP/1.1 200 OK']));
    expect(new Set(sizes)).toEqual(new Set([64 * 1024 + 1]));
  });

  test.each([
    ['b', 200],
    ['wrong', 404],
  ])(
    'lets a client that sends 10 MiB first see the response to the secret %s, and closes',
    async (secret, status) => {
      const { url, sizes } = await startWebhook();
      const socket = await openSocket(url);
      const response = text(socket);
      socket.write(postOf(10 * MIB).replace('/b ', `/${secret} `));
      for (let sent = 0; sent < 10; sent++) {
        if (!socket.write(Buffer.alloc(MIB))) await once(socket, 'drain');
      }
      expect(await response).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*connection: close\r\n`));
      expect(sizes).toEqual([64 * 1024 + 1]);
    },
  );

  test('cuts off a body without an end', async () => {
    const { url } = await startWebhook();
    const socket = await openSocket(url);
    socket.write('POST /reports/a/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MIB), Buffer.from('\r\n')]);
    const closed = closeOf(socket);
    let sent = 0;
    for (; !socket.destroyed && sent < 1000; sent++) {
      if (!socket.write(chunk))
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    }
    await closed;
    expect(sent).toBeLessThan(100);
  });

  test('accepts no more than 200 connections, and others again when one of them has ended', async () => {
    const { url } = await startWebhook();
    const sockets = await Promise.all(Array.from({ length: 200 }, () => openSocket(url)));
    // The server has accepted them all as soon as it has responded on the last one.
    sockets.at(-1)?.write(postOf(0));
    await once(sockets.at(-1) as Socket, 'data');
    const surplus = await openSocket(url);
    await closeOf(surplus);
    const first = sockets[0] as Socket;
    first.write(postOf(0).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(await text(first)).toContain('200 OK');
    expect((await request(`${url}/reports/a/b`, { method: 'POST', body: '{}' })).statusCode).toBe(200);
  });
});

test('the local HTTP server, like an HTTP API, states the length of a response, also of an empty one', async () => {
  const { url } = await startRecorder();
  const socket = await openSocket(url);
  socket.write(postOf(0));
  const [response] = await once(socket, 'data');
  expect(String(response)).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-length: 0\r\n/);
  expect(String(response)).not.toMatch(/transfer-encoding/i);
});
