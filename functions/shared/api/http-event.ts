import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/**
 * An HTTP API's event, with what a function reads of it. The types of `aws-lambda` have no authorizer that may be absent.
 */
export type HttpEvent<Field extends keyof APIGatewayProxyEventV2> = Pick<APIGatewayProxyEventV2, Field> & {
  requestContext: { http: { method: string; sourceIp: string }; authorizer?: unknown };
};
