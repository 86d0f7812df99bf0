import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createS3MetadataClient,
  createSecretsManagerClient,
} from '../shared/aws-clients.ts';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { readPbxRegistry, timeZoneOf } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { deadlineSignal } from '../shared/deadline.ts';
import { createEventKey } from '../shared/events/event-key.ts';
import { createEventPublisher } from '../shared/events/publish.ts';
import { createBucketReader } from '../shared/recording-index/bucket-reader.ts';
import { createIndexTable } from '../shared/recording-index/index-table.ts';
import { publishMetrics } from '../shared/telemetry/publish-metrics.ts';
import { envSchema } from './env.ts';
import { indexRecordings } from './index-recordings.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
const deps = {
  bucket: createBucketReader(createS3MetadataClient(), env.BUCKET_NAME, (pbx) => timeZoneOf(registry, pbx)),
  table: createIndexTable(createDynamoDbClient(), env.INDEX_TABLE),
  events: createEventPublisher(createEventBridgeClient(), {
    bus: env.EVENT_BUS === 'none' ? undefined : env.EVENT_BUS,
    numbers: env.EVENT_NUMBERS === 'on',
    archive: env.STACK_NAME,
    key: createEventKey(createSecrets(createSecretsManagerClient()), env.EVENT_KEY_SECRET, Date.now),
  }),
};

/** Writes the rows of the recordings that changed in the bucket. Reports failed messages back, so that SQS keeps them. */
export const handler = ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> =>
  indexRecordings(Records, { ...deps, signal: deadlineSignal(context) });
