import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { S3Error } from './errors.ts';
import { openObjectStore } from './object-store.ts';
import { type Reply, xmlReply } from './operation.ts';
import { parseRequest } from './request.ts';
import { findOperation } from './routes.ts';
import { authenticate } from './signature.ts';
import type { Credentials } from './signing-key.ts';
import { toXml } from './xml.ts';

export interface S3Options {
  /** Holds the buckets, a folder each, and their state in `.s3`. */
  readonly directory: string;
  readonly port?: number;
  readonly host?: string;
  readonly credentials: Credentials;
  readonly region: string;
  readonly now?: () => number;
}

const IDLE_TIMEOUT_MS = 120_000;

/**
 * Starts an S3 for one laptop, or a test: path-style addressing, one owner, one Region, no versioning, ACLs or
 * encryption. What it does have, it does as S3 does, errors included. `close` cuts what is in progress.
 */
export async function startS3(options: S3Options): Promise<{ url: string; close(): Promise<void> }> {
  const { directory, port = 0, host = '127.0.0.1', credentials, region, now = Date.now } = options;
  const store = await openObjectStore(directory);
  const inProgress = new Set<Promise<void>>();

  async function perform(message: IncomingMessage): Promise<Reply> {
    const request = parseRequest(message);
    const nowMs = now();
    const authentication = authenticate(request, { credentials, region, nowMs });
    const operation = findOperation(request);
    return operation({
      request,
      authentication,
      store,
      get bucket() {
        return store.bucket(request.bucket);
      },
      region,
      nowMs,
    });
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    response.setHeader('x-amz-request-id', requestId);
    // Clients correct their own clock by this one.
    response.setHeader('date', new Date(now()).toUTCString());
    const reply = await perform(message).catch((error: unknown) => toErrorReply(error, message, requestId));
    await send(reply, message, response);
  }

  // An upload may take as long as it needs, as long as bytes keep coming.
  const server = createServer(
    { requestTimeout: 0, keepAliveTimeout: IDLE_TIMEOUT_MS },
    (message, response) => {
      const served = serve(message, response).finally(() => inProgress.delete(served));
      inProgress.add(served);
    },
  );
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.listen(port, host);
  await once(server, 'listening');

  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all(inProgress);
    },
  };
}

async function send(reply: Reply, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status = 200, headers, body } = reply;
  response.writeHead(status, headers);
  if (message.method === 'HEAD' || body === undefined || typeof body === 'string') {
    response.end(message.method === 'HEAD' ? undefined : body);
    // What is left of a refused body is read to its end: a client that is still sending would not see the answer.
    message.resume();
    return;
  }
  // It fails when the client has gone; the pipeline has closed the file by then.
  await pipeline(body, response).catch(() => undefined);
}

function toErrorReply(error: unknown, message: IncomingMessage, RequestId: string): Reply {
  const known =
    error instanceof S3Error ? error : new S3Error('InternalError', 'We encountered an internal error.');
  // A client that hangs up is no fault of this server.
  if (known !== error && !message.destroyed) console.error('Embedded S3:', error);
  const { status, code, details } = known;
  if (code === 'NotModified') return { status, headers: { etag: details.ETag ?? '' } };
  return {
    ...xmlReply(toXml('Error', { Code: code, Message: known.message, ...details, RequestId }, '')),
    status,
  };
}
