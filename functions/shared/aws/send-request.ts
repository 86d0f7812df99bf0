import type { Agent } from 'node:http';
import type { AwsAnswer } from './aws-request.ts';
import { CONNECTION_TIMEOUT_MS } from './timeouts.ts';
import { writeBody } from './write-body.ts';

export interface OutgoingRequest {
  method: string;
  /** Scheme, host and, where it is not the scheme's own, port. */
  origin: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer | undefined;
  signal?: AbortSignal | undefined;
  /** How long nothing may happen: no megabyte of the body is sent, no byte of the answer comes. */
  timeoutMs: number;
}

const agents = new Map<string, Agent>();

/**
 * Sends a request once, and takes the whole answer. Measured: this loads in less than 1 ms, the SDK's handler, with
 * HTTP/2 and more in it, in 11. With the first request comes Node's module for its protocol, and no other: `node:http`
 * in 4 ms, `node:https` in 15. `import()` would take ten times as long, for it starts the loader of ES modules.
 */
export async function sendRequest(outgoing: OutgoingRequest): Promise<AwsAnswer> {
  const { method, origin, path, headers, body, signal, timeoutMs } = outgoing;
  if (signal?.aborted) throw aborted(signal);
  const { protocol } = new URL(origin);
  const http = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
  const agent = agents.get(protocol) ?? new http.Agent({ keepAlive: true });
  agents.set(protocol, agent);

  const request = http.request(origin, { method, path, headers, agent });
  const { promise, resolve, reject } = Promise.withResolvers<AwsAnswer>();
  const fail = (error: Error) => {
    reject(error);
    request.destroy();
  };
  const onAbort = () => fail(aborted(signal));
  signal?.addEventListener('abort', onAbort);
  const failLate = () => fail(nameError('TimeoutError', 'AWS has not answered in time.'));
  const connecting = setTimeout(failLate, CONNECTION_TIMEOUT_MS);
  const answering = setTimeout(failLate, timeoutMs);

  request.on('error', (error) => fail(withoutBytes(error)));
  request.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', () => clearTimeout(connecting));
    else clearTimeout(connecting);
  });
  request.once('response', (response) => {
    const { statusCode: status = 0, headers } = response;
    const chunks: Buffer[] = [];
    answering.refresh();
    response.on('data', (chunk: Buffer) => {
      answering.refresh();
      chunks.push(chunk);
    });
    response.on('error', (error) => fail(withoutBytes(error)));
    response.once('end', () => {
      const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      resolve({ status, headers: Object.fromEntries(texts), body: Buffer.concat(chunks).toString() });
    });
  });
  writeBody(request, body, () => answering.refresh());

  try {
    return await promise;
  } finally {
    clearTimeout(connecting);
    clearTimeout(answering);
    signal?.removeEventListener('abort', onAbort);
    // Of a body that is refused before it has been sent, the rest is of no use.
    if (!request.writableFinished) request.destroy();
  }
}

const aborted = (signal: AbortSignal | undefined) =>
  nameError('AbortError', 'The request was aborted.', signal?.reason);

/** Named by what went wrong. Node's own may hold the bytes that it could not read as HTTP, a secret among them. */
const withoutBytes = ({ code = 'Error', message }: NodeJS.ErrnoException) =>
  Object.assign(nameError(code, message || code), { code });

const nameError = (name: string, message: string, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { name });
