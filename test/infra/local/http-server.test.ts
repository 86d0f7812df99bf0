import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HttpHandler, startHttpServer } from '../../../infra/local/http-server.ts';

async function start(handler: HttpHandler) {
  const routes = {
    'GET /recordings/{pbxId}/{recording}': handler,
    'HEAD /recordings/{pbxId}/{recording}': handler,
    'POST /reports/{pbxId}/{secret}': handler,
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
