import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createS3MetadataClient, createSecretsManagerClient } from '../shared/aws-clients.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { createArchiveReader } from './archive-reader.ts';
import { createAuthorizer } from './authorize.ts';
import { createLink } from './create-link.ts';
import { envSchema } from './env.ts';

const env = parseSettings('The environment', envSchema, process.env);
const deps = {
  isAuthorized: createAuthorizer(env, createSecrets(createSecretsManagerClient()), Date.now),
  archive: createArchiveReader(createS3MetadataClient(), env.BUCKET_NAME),
  maxSeconds: env.MAX_LINK_AGE_SECONDS,
  now: () => new Date(),
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { status, headers, body } = await createLink(
    {
      path: event.pathParameters ?? {},
      query: event.queryStringParameters ?? {},
      authorization: event.headers.authorization,
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
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}
