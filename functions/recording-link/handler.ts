import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createIdentify } from '../shared/access/identify.ts';
import { createLinkToken } from '../shared/access/link-token.ts';
import { createPublishAccess } from '../shared/access-log/access-events.ts';
import { createAccessLog } from '../shared/access-log/access-log.ts';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createS3MetadataClient,
  createSecretsManagerClient,
} from '../shared/aws-clients.ts';
import { readAccessSettings } from '../shared/config/access-settings.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { createArchiveReader } from '../shared/recordings/archive-reader.ts';
import { createLink } from './create-link.ts';
import { envSchema } from './env.ts';
import { type LinkEvent, toRequest, toResult } from './http.ts';

const env = parseSettings('The environment', envSchema, process.env);
const secrets = createSecrets(createSecretsManagerClient());
const authorization =
  env.LINK_AUTHORIZATION === 'token'
    ? { type: env.LINK_AUTHORIZATION, linkToken: createLinkToken(secrets, env.LINK_TOKEN_SECRET, Date.now) }
    : { type: env.LINK_AUTHORIZATION };
const settings = readAccessSettings(env.ACCESS_FILE);
const accessLog = {
  table: env.ACCESS_TABLE,
  days: settings.accessLogDays,
  now: Date.now,
  publish: createPublishAccess(settings.events, { secrets, eventBridge: createEventBridgeClient() }),
};
const deps = {
  identify: createIdentify(authorization, settings, Date.now),
  accessLog: createAccessLog(createDynamoDbClient(), accessLog),
  archive: createArchiveReader(createS3MetadataClient(), env.BUCKET_NAME),
  maxSeconds: env.MAX_LINK_AGE_SECONDS,
  now: Date.now,
};

export async function handler(event: LinkEvent): Promise<APIGatewayProxyStructuredResultV2> {
  const request = toRequest(event);
  return toResult(await createLink(request, deps), request);
}
