import type * as v from 'valibot';
import { createIdentify, type Identify } from '../shared/access/identify.ts';
import { createLinkToken } from '../shared/access/link-token.ts';
import { createPublishAccess } from '../shared/access-log/access-events.ts';
import { createAccessLog } from '../shared/access-log/access-log.ts';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createS3MetadataClient,
  createSecretsManagerClient,
} from '../shared/aws-clients.ts';
import type { AccessSettings } from '../shared/config/access-settings.ts';
import { DEFAULT_LINK_SECONDS } from '../shared/config/limits.ts';
import { readPbxRegistry, timeZoneOf } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { createBucketReader } from '../shared/recording-index/bucket-reader.ts';
import { createIndexReader } from '../shared/recording-index/index-reader.ts';
import { createArchiveReader } from '../shared/recordings/archive-reader.ts';
import { authoritiesByRole, authoritiesByToken } from '../shared/shares/authority.ts';
import { createPersonRoles } from '../shared/shares/person-roles.ts';
import { createShareStore } from '../shared/shares/share-store.ts';
import { createContinuations } from './continuation.ts';
import { createCursors } from './cursor.ts';
import type { envSchema } from './env.ts';
import type { ApiDeps } from './routes.ts';
import { createSignInLimit } from './sign-in-limit.ts';

/** Builds what the routes need, and what finds out who a request is from. */
export function compose(
  env: v.InferOutput<typeof envSchema>,
  settings: AccessSettings,
): { deps: ApiDeps; identify: Identify } {
  const { ACCESS_TABLE: accessTable } = env;
  const { accessLogDays } = settings;
  const now = Date.now;
  const dynamoDb = createDynamoDbClient();
  const s3 = createS3MetadataClient();
  const secrets = createSecrets(createSecretsManagerClient());
  const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
  const isToken = env.LINK_AUTHORIZATION === 'token';
  const secret = createLinkToken(secrets, isToken ? env.LINK_TOKEN_SECRET : env.API_SECRET, now);
  const publish = createPublishAccess(settings.events, { secrets, eventBridge: createEventBridgeClient() });

  const deps = {
    authorization: env.LINK_AUTHORIZATION,
    settings,
    registry,
    index: createIndexReader(dynamoDb, env.INDEX_TABLE),
    archive: createArchiveReader(s3, env.BUCKET_NAME),
    bucket: createBucketReader(s3, env.BUCKET_NAME, (pbx) => timeZoneOf(registry, pbx)),
    cursors: createCursors(secret),
    shares: createShareStore(dynamoDb, accessTable, now),
    accessLog: createAccessLog(dynamoDb, { table: accessTable, days: accessLogDays, now, publish }),
    accessLogDays,
    continuations: createContinuations(secret, now),
    authorities: isToken
      ? authoritiesByToken(secret)
      : authoritiesByRole(settings, createPersonRoles(dynamoDb, accessTable, now)),
    linkSeconds: Math.min(DEFAULT_LINK_SECONDS, env.MAX_LINK_AGE_SECONDS),
    now,
    session: isToken
      ? {
          linkToken: secret,
          limit: createSignInLimit(dynamoDb, accessTable, now),
          cookie: env.SESSION_COOKIE,
          now,
        }
      : undefined,
  };
  const authorization = isToken
    ? { type: env.LINK_AUTHORIZATION, linkToken: secret, sessionCookie: env.SESSION_COOKIE }
    : { type: env.LINK_AUTHORIZATION };
  return { deps, identify: createIdentify(authorization, settings, now) };
}
