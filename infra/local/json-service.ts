import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { S3Error } from './s3/errors.ts';
import { parseRequest } from './s3/request.ts';
import { type Access, authenticate } from './s3/signature.ts';

/** Limit for a request. SQS accepts messages of 1 MiB, which JSON can make longer. */
const MAX_BODY_BYTES = 4 * 1024 ** 2;
const MAX_CONNECTIONS = 64;

/** The errors of AWS's JSON services; those of S3 have other names. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  AccessDenied: 'MissingAuthenticationTokenException',
  InvalidAccessKeyId: 'UnrecognizedClientException',
  RequestTimeTooSkewed: 'InvalidSignatureException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
};

type Serve = (message: IncomingMessage, response: ServerResponse) => void;

/**
 * Lets only signed requests to this machine through to a server of an AWS JSON service. `x-amz-content-sha256` is
 * required, so that nothing is read from strangers: the SDKs for JavaScript send it, the AWS CLI does so for S3 only.
 */
export function requireSignatures(
  server: Server,
  service: string,
  { credentials, region, now = Date.now }: Access,
): void {
  const serve = server.listeners('request') as Serve[];
  server.removeAllListeners('request');
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', async (message: IncomingMessage, response: ServerResponse) => {
    try {
      const request = parseRequest(message);
      const payloadHash = authenticate(request, { credentials, region, service, nowMs: now() });
      await requireBody(message, payloadHash);
    } catch (error) {
      refuse(response, error);
      return;
    }
    for (const listener of serve) listener.call(server, message, response);
  });
}

/** Reads the body, compares it with the signed hash, and puts it back for the next reader. */
async function requireBody(message: IncomingMessage, payloadHash: string): Promise<void> {
  const length = Number(message.headers['content-length'] ?? Number.NaN);
  if (!(length <= MAX_BODY_BYTES))
    throw new S3Error('EntityTooLarge', 'The body has no length, or is too long.');
  const body = length === 0 ? Buffer.alloc(0) : await peek(message, length);
  if (createHash('sha256').update(body).digest('hex') === payloadHash) return;
  throw new S3Error('XAmzContentSHA256Mismatch', 'x-amz-content-sha256 does not match what we received.');
}

function peek(message: IncomingMessage, length: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let received = 0;
  const read = () => {
    for (let chunk = message.read(); chunk !== null; chunk = message.read()) {
      chunks.push(chunk);
      received += chunk.length;
    }
    if (received < length) return;
    message.off('readable', read);
    const body = Buffer.concat(chunks);
    // At once: after the event `end`, nothing can be put back.
    message.unshift(body);
    resolve(body);
  };
  message.on('readable', read);
  message.once('close', () => reject(new S3Error('IncompleteBody', 'The connection was closed.')));
  return promise;
}

function refuse(response: ServerResponse, error: unknown): void {
  const { code, message, status } =
    error instanceof S3Error ? error : new S3Error('InternalError', 'An error occurred on the server side.');
  // The rest of the body is not read.
  response.writeHead(status === 403 ? 400 : status, {
    'content-type': 'application/x-amz-json-1.1',
    connection: 'close',
  });
  response.end(JSON.stringify({ __type: ERROR_TYPES[code] ?? code, message }));
}
