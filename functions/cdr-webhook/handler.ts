import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { toArchiveError } from '../shared/errors.ts';
import { log } from '../shared/log.ts';
import { parseSettings } from '../shared/parse-settings.ts';
import { readPbxRegistry } from '../shared/pbx-registry.ts';
import { createQueues } from '../shared/queues.ts';
import { createSecrets } from '../shared/secrets.ts';
import { envSchema } from './env.ts';
import { createKnownPbxs } from './known-pbxs.ts';
import { type Receipt, receiveReport } from './receive-report.ts';

const env = parseSettings('The environment', envSchema, process.env);
const findPbx = createKnownPbxs(
  readPbxRegistry(env.PBX_REGISTRY_FILE),
  env.QUEUE_URL_BASE,
  createSecrets(new SecretsManagerClient()),
  Date.now,
);
const deps = {
  findPbx,
  queues: createQueues(new SQSClient(), env.DEAD_LETTER_QUEUE_URL),
  sessionQueueUrl: env.SESSION_QUEUE_URL,
  now: () => new Date(),
};
const metrics = new Metrics({ namespace: 'PbxRecordingArchive', serviceName: 'cdr-webhook' });

/** The PBX repeats a report until it gets 200, so each other status asks it to do so, or refuses it. */
const STATUS: Readonly<Record<Receipt, number>> = {
  refused: 404,
  'too-large': 413,
  queued: 200,
  'session-requested': 200,
  ignored: 200,
  'dead-lettered': 200,
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { pbxId = '', secret = '' } = event.pathParameters ?? {};
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString();
  try {
    const receipt = await receiveReport({ pbxId, secret, body }, deps);
    // A stranger's request names no PBX of ours.
    if (receipt !== 'refused') metrics.addDimension('pbx', pbxId);
    metrics.addDimension('receipt', receipt);
    metrics.addMetric('Reports', MetricUnit.Count, 1);
    metrics.publishStoredMetrics();
    return { statusCode: STATUS[receipt] };
  } catch (error) {
    log('error', 'report-not-taken', { code: toArchiveError(error).code });
    return { statusCode: 503 };
  }
}
