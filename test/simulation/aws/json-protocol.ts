import type { AwsRequest, AwsResponse } from './transport.ts';

/** Parses a request of a service with the AWS JSON protocol. */
export function readJson({ headers, body }: AwsRequest): {
  operation: string;
  input: Record<string, unknown>;
} {
  const target = headers['x-amz-target'] ?? headers['X-Amz-Target'] ?? '';
  return { operation: target.split('.').at(-1) ?? '', input: JSON.parse(textOf(body)) };
}

export const jsonFailure = (status: number, type: string): AwsResponse => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: type, message: type }),
});

/** Not by `String`: the SDK's byte arrays log a warning when converted. */
const textOf = (body: unknown) =>
  body instanceof Uint8Array
    ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
    : String(body);
