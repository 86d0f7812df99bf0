import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { HttpEvent } from '../shared/api/http-event.ts';
import type { LinkRequest, LinkResponse } from './create-link.ts';

export type LinkEvent = HttpEvent<'headers' | 'pathParameters' | 'queryStringParameters'>;

export function toRequest(event: LinkEvent): LinkRequest {
  const { http, authorizer } = event.requestContext;
  return {
    path: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
    caller: { authorization: event.headers.authorization, authorizer },
    address: http.sourceIp,
    isHead: http.method === 'HEAD',
  };
}

export function toResult(
  { status, headers, body }: LinkResponse,
  { isHead }: LinkRequest,
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: {
      'cache-control': 'no-store',
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && !isHead && { body: JSON.stringify(body) }),
  };
}
