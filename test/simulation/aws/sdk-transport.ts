import { Readable } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { type AwsRequest, sendThrough } from './transport.ts';

/**
 * Connects the real AWS SDK to the simulated services. Its clients keep everything from serialisation to retries,
 * and their configured timeouts, except the signatures.
 */
export function replaceSdkTransport(): void {
  // The simulation does not check signatures, and computing them takes much of the SDK's time.
  SignatureV4.prototype.sign = (async (request: unknown) => request) as typeof SignatureV4.prototype.sign;
  NodeHttpHandler.prototype.handle = async function handle(request, options = {}) {
    const { requestTimeout, socketTimeout } = await (Reflect.get(this, 'configProvider') as Promise<{
      requestTimeout?: number;
      socketTimeout?: number;
    }>);
    const timeoutMs = requestTimeout ?? socketTimeout;
    if (timeoutMs === undefined) throw new Error('A client without a timeout.');
    const signal = options.abortSignal as AbortSignal | undefined;
    // Not copied: the caller must leave its memory unchanged until the service has handled the request.
    const slices = request.body instanceof Readable ? await request.body.toArray() : undefined;
    const sent = { ...request, ...(slices && { body: slices }) } as unknown as AwsRequest;
    const { status, headers, body } = await sendThrough(sent, { timeoutMs, signal });
    return {
      response: { statusCode: status, headers, body: Readable.from(body === '' ? [] : [Buffer.from(body)]) },
    } as Awaited<ReturnType<NodeHttpHandler['handle']>>;
  };
}
