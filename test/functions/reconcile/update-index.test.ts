import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createIndexUpdater } from '../../../functions/reconcile/index-updater.ts';
import { reconcilePbxs } from '../../../functions/reconcile/reconcile-pbxs.ts';
import { readRequest } from '../../../functions/reconcile/reconcile-request.ts';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { createArchiveIndex } from '../../../functions/shared/call-log/archive-index.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { createBucketReader } from '../../../functions/shared/recording-index/bucket-reader.ts';
import { createIndexReader } from '../../../functions/shared/recording-index/index-reader.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { createStatusWriter } from '../../../functions/shared/recording-index/status.ts';
import { createMarkers } from '../../../functions/shared/recordings/markers.ts';
import { startPSeriesHarness } from '../../infra/simulated-pbx/p-series-harness.ts';
import { useDynamoDb, useS3 } from '../aws-services.ts';
import { captureLog } from '../capture-log.ts';
import { pSeriesClientOf } from '../shared/pbx/p-series/p-series-client.ts';
import { startSession } from '../shared/session/session-harness.ts';

const MINUTE_MS = 60_000;
const CALL = { from: '5550100', to: '2001', type: 'Inbound', talkSeconds: 1 } as const;

await useS3();
await useDynamoDb({ index: INDEX_TABLE });
captureLog();

test('a period that has been compared ends before the calls that are left to their reports', async () => {
  const { pbx, clock } = await startPSeriesHarness();
  const client = pSeriesClientOf(pbx);
  const account = { family: 'p-series', username: 'client-id', password: 'client-secret' } as const;
  const { session } = await startSession(client, { clock, ...account });
  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'archive' }));
  const now = () => clock.now;
  const { signal } = new AbortController();
  const dynamoDb = createDynamoDbClient();
  const status = createStatusWriter(dynamoDb, 'index');
  const updater = createIndexUpdater(
    {},
    {
      bucket: createBucketReader(s3, 'archive', () => 'UTC'),
      table: createIndexTable(dynamoDb, 'index'),
      status,
      requestDeletion: async () => {},
      now,
    },
  );

  /** Reconciles the PBX. Returns up to when it has been compared, and how many jobs were queued. */
  async function reconcile(event: object) {
    const request = readRequest(event);
    const run = updater.begin(request, signal);
    let queued = 0;
    const deps = {
      pbxId: 'hq',
      client,
      session,
      archive: createArchiveIndex(s3, 'archive', run.collect('hq')),
      timeZone: 'UTC',
      markers: createMarkers(s3, 'archive', now),
      status,
      send: async () => void queued++,
      now,
      signal,
    };
    await run.finish(await reconcilePbxs(request, { ids: ['hq'], get: () => deps }));
    const [known] = await createIndexReader(dynamoDb, 'index').readStatus(['hq']);
    return { upTo: Date.parse(known?.reconciledUpTo ?? ''), queued };
  }

  // The list of a P-Series has no talk time. The report of this call is lost.
  pbx.makeCall(CALL);
  const endedAt = clock.now;
  clock.now += 59 * MINUTE_MS;
  const day = '2025-10-09';
  expect(await reconcile({ from: day, to: day })).toEqual({ upTo: endedAt, queued: 0 });
  expect(await reconcile({ hours: 24 })).toEqual({ upTo: endedAt, queued: 0 });

  clock.now += MINUTE_MS;
  expect(await reconcile({ hours: 24 })).toEqual({ upTo: endedAt + 50 * MINUTE_MS, queued: 1 });
  // Its job is in the queue.
  clock.now += 20 * MINUTE_MS;
  expect(await reconcile({ hours: 24 })).toEqual({ upTo: endedAt + 70 * MINUTE_MS, queued: 0 });
});
