import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createProblems, type Problems } from '../problems.ts';
import { Buckets } from './buckets.ts';
import { corsHeaders, isPreflight, preflightResponse } from './cors.ts';
import { S3Error } from './errors.ts';
import { toEventBridgeEvent } from './events.ts';
import type { S3Response } from './operation.ts';
import { parseRequest } from './request.ts';
import { findOperation } from './routes.ts';
import { type Access, authenticate } from './signature.ts';
import { xmlResponse } from './xml.ts';

export interface S3Options extends Access {
  /** Contains a folder for each bucket, and their state in `.s3`. */
  readonly directory: string;
  readonly problems?: Problems;
  /** Called with each event that S3 would send to EventBridge, after the change. */
  readonly onEvent?: (event: ReturnType<typeof toEventBridgeEvent>) => void;
  /** Origins whose pages may read objects. */
  readonly allowedOrigins?: readonly string[];
}

const HOST = '127.0.0.1';
const IDLE_TIMEOUT_MS = 120_000;
/** A client may keep many open: the SDK up to 50. */
const MAX_CONNECTIONS = 256;
const DAY_MS = 24 * 60 * 60_000;

/** Starts an S3 for one machine; see README.md. `close` cuts off the requests in progress. */
export async function startS3(options: S3Options): Promise<{ url: string; close(): Promise<void> }> {
  const { directory, credentials, region, now = Date.now, problems = createProblems(directory) } = options;
  const buckets = new Buckets(directory, problems.show, (change) =>
    options.onEvent?.(toEventBridgeEvent(change, region, now())),
  );
  const { allowedOrigins = [] } = options;
  const inProgress = new Set<Promise<void>>();

  /** Does what a lifecycle rule does on AWS, for uploads that a kill has left. */
  async function abortOldUploads(): Promise<void> {
    for (const name of buckets.names()) await buckets.get(name).uploads.removeOlderThan(now() - DAY_MS);
  }

  async function perform(message: IncomingMessage): Promise<S3Response> {
    const request = parseRequest(message);
    const nowMs = now();
    const payloadHash = authenticate(request, { credentials, region, service: 's3', nowMs });
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
    for (const [name, value] of corsHeaders(message, allowedOrigins)) response.setHeader(name, value);
    const outcome = isPreflight(message)
      ? preflightResponse(message, allowedOrigins)
      : await perform(message).catch((error) => toErrorResponse(error, message, requestId, problems));
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
  server.maxConnections = MAX_CONNECTIONS;
  await abortOldUploads();
  for (const name of buckets.names()) await buckets.get(name).tidyUp();
  server.listen(0, HOST);
  await once(server, 'listening');
  const cleaning = setInterval(() => {
    abortOldUploads().catch((error) => problems.explain(error) ?? console.error('Embedded S3:', error));
  }, DAY_MS);

  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      clearInterval(cleaning);
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

function toErrorResponse(
  error: unknown,
  message: IncomingMessage,
  RequestId: string,
  problems: Problems,
): S3Response {
  const known = error instanceof S3Error ? error : explainError(error, problems);
  // A client that hangs up is not an error of this server.
  if (known.code === 'InternalError' && known !== error && !message.destroyed)
    console.error('Embedded S3:', error);
  const { status, code } = known;
  return { ...xmlResponse('Error', { Code: code, Message: known.message, RequestId }), status };
}

function explainError(error: unknown, problems: Problems): S3Error {
  const problem = problems.explain(error);
  return problem === undefined
    ? new S3Error('InternalError', 'We encountered an internal error.')
    : new S3Error(problem.code, problem.message);
}
