import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createSecretsManagerClient, createSqsClient } from '../shared/aws-clients.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { readPbxRegistry } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { toArchiveError } from '../shared/errors.ts';
import { createQueues } from '../shared/jobs/queues.ts';
import { log } from '../shared/telemetry/log.ts';
import { publishMetrics } from '../shared/telemetry/publish-metrics.ts';
import { envSchema } from './env.ts';
import { createPbxLookup, receiveReport, STATUS } from './receive-report.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const findPbx = createPbxLookup(
  readPbxRegistry(env.PBX_REGISTRY_FILE),
  env.QUEUE_URL_BASE,
  createSecrets(createSecretsManagerClient()),
  Date.now,
);
const deps = {
  findPbx,
  queues: createQueues(createSqsClient(), env.DEAD_LETTER_QUEUE_URL),
  sessionQueueUrl: env.SESSION_QUEUE_URL,
  now: () => new Date(),
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { pbxId = '', secret = '' } = event.pathParameters ?? {};
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  try {
    const signature = event.headers?.['x-signature'];
    const receipt = await receiveReport({ pbxId, secret, signature, body }, deps);
    return { statusCode: STATUS[receipt] };
  } catch (error) {
    log('error', 'report-failed', { code: toArchiveError(error).code });
    return { statusCode: 503 };
  }
}
