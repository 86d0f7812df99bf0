import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Credentials } from '../../../infra/local/s3/signature.ts';

export interface SignedRequest {
  service: 'secretsmanager' | 'sqs';
  target: string;
  body: string;
  credentials: Credentials;
  region: string;
  /** By default the server's own. */
  host?: string;
}

/** Sends a request to an AWS JSON service, signed by AWS's own code. `change` alters its headers afterwards. */
export async function sendSigned(
  url: string,
  { service, target, body, credentials, region, host = new URL(url).host }: SignedRequest,
  change: (headers: Record<string, string>) => Record<string, string> = (headers) => headers,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const { sha256 } = new SQSClient({ region, credentials }).config;
  const signer = new SignatureV4({ service, region, credentials, sha256 });
  const { hostname, port } = new URL(url);
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: '/',
    headers: { host, 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' },
    body,
  });
  return post(url, change({ ...headers, 'content-length': String(Buffer.byteLength(body)) }), body);
}

/** `node:http`, because `fetch` does not let a caller choose the header Host. */
export function post(url: string, headers: Record<string, string>, body: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    json: Record<string, unknown>;
  }>();
  const outgoing = request(url, { method: 'POST', headers, agent: false }, (response) => {
    json(response).then(
      (content) => resolve({ status: response.statusCode ?? 0, json: content as Record<string, unknown> }),
      reject,
    );
  });
  outgoing.on('error', reject).end(body);
  return promise;
}
