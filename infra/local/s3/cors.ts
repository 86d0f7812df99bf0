import type { IncomingMessage } from 'node:http';
import type { S3Response } from './operation.ts';

/** As in the stack's bucket: infra/stack/recording-bucket.ts. */
const EXPOSED = 'Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag';

/** Headers that let pages of these origins read a response, whether it is an object or an error. */
export function corsHeaders(
  { headers: { origin } }: IncomingMessage,
  allowedOrigins: readonly string[],
): [name: string, value: string][] {
  if (origin === undefined || !allowedOrigins.includes(origin)) return [];
  return [
    ['access-control-allow-origin', origin],
    ['access-control-expose-headers', EXPOSED],
    ['vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'],
  ];
}

export const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

export function preflightResponse(
  { headers }: IncomingMessage,
  allowedOrigins: readonly string[],
): S3Response {
  const { origin = '', 'access-control-request-method': method = '' } = headers;
  if (!allowedOrigins.includes(origin) || !['GET', 'HEAD'].includes(method)) return { status: 403 };
  return {
    status: 200,
    headers: {
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'range, if-range, if-match, if-none-match',
      'access-control-max-age': '3600',
    },
  };
}
