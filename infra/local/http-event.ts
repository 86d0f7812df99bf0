import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export type HttpHandler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/** Handlers by route key, such as `GET /recordings/{pbxId}/{recording}`. */
export type Routes = Readonly<Record<string, HttpHandler>>;

interface Match {
  routeKey: string;
  handler: HttpHandler;
  pathParameters: Record<string, string>;
}

/** Finds the handler of a request, such as `GET /recordings/hq/1.wav`. */
export function findRoute(routes: Routes, request: string): Match | undefined {
  for (const [routeKey, handler] of Object.entries(routes)) {
    const pattern = routeKey.replaceAll(/\{(\w+)\+\}/g, '(?<$1>.+)').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(request);
    if (match === null) continue;
    const pathParameters = Object.entries(match.groups ?? {}).map(([name, value]) => [
      name,
      decodePath(value),
    ]);
    return { routeKey, handler, pathParameters: Object.fromEntries(pathParameters) };
  }
  return undefined;
}

/** The event of a request, in API Gateway's payload format 2.0. */
export function toEvent(
  request: IncomingMessage,
  url: URL,
  { routeKey, pathParameters }: Match,
  body: Buffer,
): APIGatewayProxyEventV2 {
  const { cookie, ...otherHeaders } = request.headers;
  const headers = Object.entries(otherHeaders).map(([name, value]) => [name, String(value)]);
  const isText = /^(?:text\/|application\/(?:json|xml|javascript))/.test(
    request.headers['content-type'] ?? '',
  );
  const now = new Date();
  return {
    version: '2.0',
    routeKey,
    rawPath: decodePath(url.pathname),
    rawQueryString: url.search.slice(1),
    headers: Object.fromEntries(headers),
    ...(cookie !== undefined && { cookies: cookie.split(/; */) }),
    ...(url.search !== '' && { queryStringParameters: joinRepeated(url.searchParams) }),
    pathParameters,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: request.headers.host ?? '',
      domainPrefix: 'local',
      http: {
        method: request.method ?? '',
        path: decodePath(url.pathname),
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** HTTP APIs join the values of a repeated parameter with commas. */
function joinRepeated(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name).join(',')]));
}

/** As HTTP APIs do: they decode a path twice, and cut it at a `?` that this brings to light. */
const decodePath = (path: string): string => decode(decode(path)).replace(/\?.*$/s, '');

/** Invalid percent-encoding is passed on unchanged. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
