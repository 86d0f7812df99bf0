import { Duration } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { CorsHttpMethod, type CorsPreflightOptions } from 'aws-cdk-lib/aws-apigatewayv2';

/**
 * For browsers. API Gateway answers the preflight requests itself, whatever the authorization of the routes, and adds
 * the headers to the responses of the function.
 */
export function corsFor(allowedOrigins: string[]): CorsPreflightOptions {
  return {
    allowOrigins: allowedOrigins,
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.HEAD, CorsHttpMethod.POST, CorsHttpMethod.DELETE],
    // The first carries a token, a JWT or a signature; the last three belong to a signature.
    allowHeaders: [
      'authorization',
      'content-type',
      'x-amz-content-sha256',
      'x-amz-date',
      'x-amz-security-token',
    ],
    // Where the next part of a CSV begins.
    exposeHeaders: ['x-next-cursor'],
    maxAge: Duration.hours(1),
  };
}

/** No path and no query: they contain the webhook secret or phone numbers. `routeKey` is only the template. */
export const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    time: '$context.requestTimeEpoch',
    requestId: '$context.requestId',
    ip: '$context.identity.sourceIp',
    routeKey: '$context.routeKey',
    status: '$context.status',
    bytes: '$context.responseLength',
    latencyMs: '$context.responseLatency',
    integrationStatus: '$context.integrationStatus',
    errorType: '$context.error.responseType',
  }),
);
