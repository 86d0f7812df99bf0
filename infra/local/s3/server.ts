import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Buckets } from './bucket.ts';
import { S3Error } from './errors.ts';
import type { S3Response } from './operation.ts';
import { parseRequest } from './request.ts';
import { findOperation } from './routes.ts';
import { authenticate, type Credentials } from './signature.ts';
import { xmlResponse } from './xml.ts';

export interface S3Options {
  /** Contains a folder for each bucket, and their state in `.s3`. */
  readonly directory: string;
  readonly credentials: Credentials;
  readonly region: string;
  readonly now?: () => number;
}

const HOST = '127.0.0.1';
const IDLE_TIMEOUT_MS = 120_000;

/** Starts an S3 for one machine; see README.md. `close` cuts off the requests in progress. */
export async function startS3(options: S3Options): Promise<{ url: string; close(): Promise<void> }> {
  const { directory, credentials, region, now = Date.now } = options;
  const buckets = new Buckets(directory);
  const inProgress = new Set<Promise<void>>();

  async function perform(message: IncomingMessage): Promise<S3Response> {
    const request = parseRequest(message);
    const nowMs = now();
    const payloadHash = authenticate(request, { credentials, region, nowMs });
    const operation = findOperation(request);
    return operation({
      request,
      payloadHash,
      buckets,
      get bucket() {
        return buckets.get(request.bucket);
      },
      nowMs,
    });
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    response.setHeader('x-amz-request-id', requestId);
    // Clients use it to correct their own clock.
    response.setHeader('date', new Date(now()).toUTCString());
    const outcome = await perform(message).catch((error) => toErrorResponse(error, message, requestId));
    await send(outcome, message, response);
  }

  // No limit for a whole request: an upload may last as long as bytes keep arriving.
  const server = createServer(
    { requestTimeout: 0, keepAliveTimeout: IDLE_TIMEOUT_MS },
    (message, response) => {
      const served = serve(message, response).finally(() => inProgress.delete(served));
      inProgress.add(served);
    },
  );
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.listen(0, HOST);
  await once(server, 'listening');

  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all(inProgress);
    },
  };
}

async function send(outcome: S3Response, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status = 200, headers, body } = outcome;
  response.writeHead(status, headers);
  if (message.method === 'HEAD' || body === undefined || typeof body === 'string') {
    response.end(message.method === 'HEAD' ? undefined : body);
    // Drains a refused body: a client that is still sending does not read the response.
    message.resume();
    return;
  }
  // Rejects if the client has hung up. The pipeline closes the file in any case.
  await pipeline(body, response).catch(() => undefined);
}

function toErrorResponse(error: unknown, message: IncomingMessage, RequestId: string): S3Response {
  const known =
    error instanceof S3Error ? error : new S3Error('InternalError', 'We encountered an internal error.');
  // A client that hangs up is not an error of this server.
  if (known !== error && !message.destroyed) console.error('Embedded S3:', error);
  const { status, code } = known;
  return { ...xmlResponse('Error', { Code: code, Message: known.message, RequestId }), status };
}
