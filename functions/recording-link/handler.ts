import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createIdentify } from '../shared/access/identify.ts';
import { createLinkToken } from '../shared/access/link-token.ts';
import { createS3MetadataClient, createSecretsManagerClient } from '../shared/aws-clients.ts';
import { readAccessSettings } from '../shared/config/access-settings.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { createArchiveReader } from '../shared/recordings/archive-reader.ts';
import { createLink } from './create-link.ts';
import { envSchema } from './env.ts';

const env = parseSettings('The environment', envSchema, process.env);
const secrets = createSecrets(createSecretsManagerClient());
const authorization =
  env.LINK_AUTHORIZATION === 'token'
    ? { type: env.LINK_AUTHORIZATION, linkToken: createLinkToken(secrets, env.LINK_TOKEN_SECRET, Date.now) }
    : { type: env.LINK_AUTHORIZATION };
const deps = {
  identify: createIdentify(authorization, readAccessSettings(env.ACCESS_FILE), Date.now),
  archive: createArchiveReader(createS3MetadataClient(), env.BUCKET_NAME),
  maxSeconds: env.MAX_LINK_AGE_SECONDS,
  now: () => new Date(),
};

/** What is used of an HTTP API's event. The types of `aws-lambda` have no authorizer that may be absent. */
interface LinkEvent
  extends Pick<APIGatewayProxyEventV2, 'headers' | 'pathParameters' | 'queryStringParameters'> {
  requestContext?: { http?: { method: string }; authorizer?: unknown };
}

export async function handler(event: LinkEvent): Promise<APIGatewayProxyStructuredResultV2> {
  const { http, authorizer } = event.requestContext ?? {};
  const { status, headers, body } = await createLink(
    {
      path: event.pathParameters ?? {},
      query: event.queryStringParameters ?? {},
      caller: { authorization: event.headers.authorization, authorizer },
    },
    deps,
  );
  return {
    statusCode: status,
    headers: {
      'cache-control': 'no-store',
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && http?.method !== 'HEAD' && { body: JSON.stringify(body) }),
  };
}
