import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { LinkRequest, LinkResponse } from './create-link.ts';

/** What is used of an HTTP API's event. The types of `aws-lambda` have no authorizer that may be absent. */
export interface LinkEvent
  extends Pick<APIGatewayProxyEventV2, 'headers' | 'pathParameters' | 'queryStringParameters'> {
  requestContext?: { http?: { method: string; sourceIp?: string }; authorizer?: unknown };
}

export function toRequest(event: LinkEvent): LinkRequest {
  const { http, authorizer } = event.requestContext ?? {};
  return {
    path: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
    caller: { authorization: event.headers.authorization, authorizer },
    address: http?.sourceIp,
    isHead: http?.method === 'HEAD',
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
