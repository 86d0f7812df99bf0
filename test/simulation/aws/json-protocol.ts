import type { AwsAnswer, AwsRequest } from './transport.ts';

/** A request of the services that speak AWS JSON. */
export function readJson({ headers, body }: AwsRequest): {
  operation: string;
  input: Record<string, unknown>;
} {
  const target = headers['x-amz-target'] ?? headers['X-Amz-Target'] ?? '';
  return { operation: target.split('.').at(-1) ?? '', input: JSON.parse(textOf(body)) };
}

export const jsonFailure = (status: number, type: string): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: type, message: type }),
});

/** The SDK's own bytes warn whoever takes them for a text. */
const textOf = (body: unknown) =>
  body instanceof Uint8Array
    ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
    : String(body);
