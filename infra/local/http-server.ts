import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { findRoute, type Routes, toEvent } from './http-event.ts';

/** API Gateway's limit for a request body. It is not read into memory: see `readStart`. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Enough for a handler to see that a report is too long: it accepts 64 KiB. */
const MAX_BUFFERED_BYTES = 64 * 1024 + 1;
const MAX_CONNECTIONS = 200;
/** For a request to arrive, so that idle connections do not keep others out. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;

export interface HttpServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves handlers as an API Gateway HTTP API does (payload format 2.0). It listens at once, so that its port is
 * known; requests wait until `routes` resolves.
 */
export async function startHttpServer(
  routes: Promise<Routes>,
  port: number,
  hostname: string | undefined,
): Promise<HttpServer> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
    (request, response) => {
      handleRequest(routes, request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else sendError(response, 500, 'Internal Server Error');
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, hostname, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function handleRequest(
  routes: Promise<Routes>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const match = findRoute(await routes, `${request.method} ${url.pathname}`);
  if (match === undefined) return sendError(response, 404, 'Not Found');
  if (Number(request.headers['content-length']) > MAX_BODY_BYTES)
    return sendError(response, 413, 'Request Entity Too Large');
  const body = await readStart(request);

  const result = await match.handler(toEvent(request, url, match, body));
  const content = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8');
  const headers = {
    ...(result.headers as Record<string, string>),
    ...(result.cookies !== undefined && { 'set-cookie': result.cookies }),
    // RFC 9110 does not allow it here.
    ...(result.statusCode !== 204 && { 'content-length': String(content.length) }),
  };
  if (request.complete) response.writeHead(result.statusCode ?? 200, headers).end(content);
  else await sendEarly(response, result.statusCode ?? 200, headers, content);
}

/** Reads a body, or as much of it as is kept. What follows stays unread. */
async function readStart(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_BUFFERED_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BUFFERED_BYTES);
}

/**
 * Responds before the body has arrived, then discards the rest of it: a client that is still sending would not see the
 * response of a connection that is reset.
 */
async function sendEarly(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  content: Buffer,
): Promise<void> {
  response.writeHead(status, { ...headers, connection: 'close' });
  response.flushHeaders();
  response.write(content);
  let bytes = 0;
  for await (const chunk of response.req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
  }
  response.end();
}

function sendError(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
