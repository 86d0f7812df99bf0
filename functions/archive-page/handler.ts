import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { HttpEvent } from '../shared/api/http-event.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { envSchema } from './env.ts';
import { readPageFiles } from './page-files.ts';
import { securityHeaders } from './security-headers.ts';
import { servePage } from './serve-page.ts';

const env = parseSettings('The environment', envSchema, process.env);
const files = readPageFiles(env.PAGE_DIRECTORY);
const headers = securityHeaders({ media: env.MEDIA_SOURCES, connect: env.CONNECT_SOURCES });

type PageEvent = HttpEvent<'headers' | 'pathParameters'>;

export async function handler(event: PageEvent): Promise<APIGatewayProxyStructuredResultV2> {
  const request = {
    file: event.pathParameters?.file,
    acceptEncoding: event.headers['accept-encoding'],
  };
  const { status, headers: responseHeaders, body } = servePage(request, files, headers);
  const isHead = event.requestContext.http.method === 'HEAD';
  return {
    statusCode: status,
    headers: responseHeaders,
    ...(!isHead && { body: body.toString('base64'), isBase64Encoded: true }),
  };
}
