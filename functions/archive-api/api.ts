import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as v from 'valibot';
import type { errorSchema } from '../shared/api/contract.ts';
import type { HttpEvent } from '../shared/api/http-event.ts';

/** A request, as a use case sees it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** The parts of the path that the route names. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cookies: readonly string[];
  readonly body: string;
  /** IP address of the caller. */
  readonly address: string;
  /** What API Gateway found out about the caller, if it verified one. */
  readonly authorizer: unknown;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Values of `Set-Cookie`. */
  readonly cookies?: string[];
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it is, as the content type in `headers` says. */
  readonly text?: string;
}

type ErrorBody = v.InferOutput<typeof errorSchema>;

/** A response with an error. `message` says what to do; it never quotes what came. */
export const refuse = (
  status: number,
  error: string,
  details: Omit<ErrorBody, 'error'> = {},
): ApiResponse => ({
  status,
  body: { error, ...details } satisfies ErrorBody,
});

export const invalid = (parameter: string, message: string): ApiResponse =>
  refuse(400, 'invalid-parameter', { parameter, message });

export type ApiEvent = HttpEvent<
  'headers' | 'queryStringParameters' | 'rawPath' | 'cookies' | 'body' | 'isBase64Encoded'
>;

export function toRequest(event: ApiEvent): Omit<ApiRequest, 'params'> {
  const { http, authorizer } = event.requestContext;
  return {
    method: http.method,
    path: event.rawPath,
    query: event.queryStringParameters ?? {},
    headers: event.headers,
    cookies: event.cookies ?? [],
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('utf8'),
    address: http.sourceIp,
    authorizer,
  };
}

export function toResult(response: ApiResponse): APIGatewayProxyStructuredResultV2 {
  const { status, headers, cookies, body, text } = response;
  return {
    statusCode: status,
    headers: {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(cookies !== undefined && { cookies }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(text !== undefined && { body: text }),
  };
}
