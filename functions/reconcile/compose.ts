import type * as v from 'valibot';
import * as aws from '../shared/aws-clients.ts';
import { createArchiveIndex } from '../shared/call-log/archive-index.ts';
import { readPbxRegistry, timeZoneOf } from '../shared/config/pbx-registry.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { createSender } from '../shared/jobs/queues.ts';
import { createBucketReader } from '../shared/recording-index/bucket-reader.ts';
import { createIndexTable } from '../shared/recording-index/index-table.ts';
import { createStatusWriter } from '../shared/recording-index/status.ts';
import type { Listing } from '../shared/recordings/list-objects.ts';
import { createMarkers } from '../shared/recordings/markers.ts';
import { openPbxs } from '../shared/session/pbxs.ts';
import type { envSchema } from './env.ts';
import { createIndexUpdater } from './index-updater.ts';
import type { ReconcileDeps } from './reconcile-pbxs.ts';

/** Builds what a run needs: for the index, and for each PBX. */
export function compose(env: v.InferOutput<typeof envSchema>) {
  const { BUCKET_NAME: bucket, INDEX_TABLE: indexTable } = env;
  const now = Date.now;
  const s3 = aws.createS3Client();
  const dynamoDb = aws.createDynamoDbClient();
  const secrets = createSecrets(aws.createSecretsManagerClient());
  const { send } = createSender(aws.createSqsClient());
  const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
  const pbxs = openPbxs(registry, env.REPORT_HOST, { secrets, s3, bucket });
  const markers = createMarkers(s3, bucket);
  const status = createStatusWriter(dynamoDb, indexTable);
  const indexUpdater = createIndexUpdater(registry, {
    bucket: createBucketReader(aws.createS3MetadataClient(), bucket, (pbx) => timeZoneOf(registry, pbx)),
    table: createIndexTable(dynamoDb, indexTable),
    status,
    requestDeletion: (event) => send(env.INDEX_QUEUE_URL, event),
    now,
  });

  function depsOf(pbxId: string, collect: (listing: Listing) => void, signal: AbortSignal): ReconcileDeps {
    const { client, session, settings } = pbxs.get(pbxId);
    const { timeZone, queueName, discoverEveryMinutes } = settings;
    return {
      pbxId,
      client,
      session,
      timeZone,
      archive: createArchiveIndex(s3, bucket, collect),
      markers,
      status,
      send: (job) => send(env.QUEUE_URL_BASE + queueName, job),
      discoverEveryMinutes,
      now,
      signal,
    };
  }

  return { pbxIds: pbxs.ids, depsOf, indexUpdater };
}
