import {
  createDynamoDbClient,
  createS3MetadataClient,
  createSecretsManagerClient,
} from '../shared/aws-clients.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { readPbxRegistry } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { createStatusWriter } from '../shared/recording-index/status.ts';
import { openPbxs } from '../shared/session/pbxs.ts';
import { publishMetrics } from '../shared/telemetry/publish-metrics.ts';
import { envSchema } from './env.ts';
import { keepSessions, type SessionResponse } from './keep-session.ts';
import { lookAtDevice } from './look-at-device.ts';
import { saveStatus } from './save-status.ts';
import { readRequests } from './session-request.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
const secrets = createSecrets(createSecretsManagerClient());
const s3 = createS3MetadataClient();
const pbxs = openPbxs(registry, env.REPORT_HOST, { secrets, s3, bucket: env.BUCKET_NAME });
const status = createStatusWriter(createDynamoDbClient(), env.INDEX_TABLE);

/** Keeps the sessions of all PBXs alive, or of those that the event names. */
export async function handler(event: unknown): Promise<SessionResponse> {
  const response = await keepSessions(readRequests(event), pbxs, (pbxId, pbx) =>
    lookAtDevice(pbxId, pbx, Date.now),
  );
  await saveStatus(response.sessions, status, Date.now());
  return response;
}
