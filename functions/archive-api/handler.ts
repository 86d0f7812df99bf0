import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createIdentify } from '../shared/access/identify.ts';
import { createLinkToken } from '../shared/access/link-token.ts';
import { createDynamoDbClient, createSecretsManagerClient } from '../shared/aws-clients.ts';
import { readAccessSettings } from '../shared/config/access-settings.ts';
import { DEFAULT_LINK_SECONDS } from '../shared/config/limits.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { readPbxRegistry } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { createIndexReader } from '../shared/recording-index/index-reader.ts';
import { type ApiEvent, toRequest, toResult } from './api.ts';
import { createCursors } from './cursor.ts';
import { envSchema } from './env.ts';
import { createBucketReaders } from './find-recording.ts';
import { createRouter } from './router.ts';
import { createRoutes } from './routes.ts';
import { createShareStores } from './shares.ts';
import { createSignInLimit } from './sign-in-limit.ts';

const env = parseSettings('The environment', envSchema, process.env);
const settings = readAccessSettings(env.ACCESS_FILE);
const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
const dynamoDb = createDynamoDbClient();
const isToken = env.LINK_AUTHORIZATION === 'token';
const secretName = isToken ? env.LINK_TOKEN_SECRET : env.API_SECRET;
const secret = createLinkToken(createSecrets(createSecretsManagerClient()), secretName, Date.now);
const authorization = isToken
  ? { type: env.LINK_AUTHORIZATION, linkToken: secret, sessionCookie: env.SESSION_COOKIE }
  : { type: env.LINK_AUTHORIZATION };
const limit = createSignInLimit(dynamoDb, env.ACCESS_TABLE, Date.now);
const routes = createRoutes({
  authorization: env.LINK_AUTHORIZATION,
  settings,
  registry,
  index: createIndexReader(dynamoDb, env.INDEX_TABLE),
  ...createBucketReaders(env.BUCKET_NAME, registry),
  cursors: createCursors(secret),
  ...createShareStores(dynamoDb, env, settings, secret),
  linkSeconds: Math.min(DEFAULT_LINK_SECONDS, env.MAX_LINK_AGE_SECONDS),
  now: Date.now,
  session: isToken ? { linkToken: secret, limit, cookie: env.SESSION_COOKIE, now: Date.now } : undefined,
});
const respond = createRouter(routes, createIdentify(authorization, settings, Date.now), settings.origin);

export const handler = async (event: ApiEvent): Promise<APIGatewayProxyStructuredResultV2> =>
  toResult(await respond(toRequest(event)));
