import { createDynamoDbClient, createS3MetadataClient } from '../shared/aws-clients.ts';
import type { PbxRegistry } from '../shared/config/pbx-registry.ts';
import { createBucketReader } from '../shared/recording-index/bucket-reader.ts';
import type { Listing } from '../shared/recording-index/compare.ts';
import { createIndexTable } from '../shared/recording-index/index-table.ts';
import type { RepairDeps } from '../shared/recording-index/repair.ts';
import { createStatusWriter } from '../shared/recording-index/status.ts';
import type { ReconcileOutcome } from './reconcile-pbxs.ts';
import type { ReconcileRequest } from './reconcile-request.ts';
import { updateIndex } from './update-index.ts';

/** Collects what a run lists in the bucket, and compares the index with it at the end. */
export function createIndexUpdater(
  registry: PbxRegistry,
  bucketName: string,
  tableName: string,
  { requestDeletion, now }: Pick<RepairDeps, 'requestDeletion' | 'now'>,
) {
  const dynamoDb = createDynamoDbClient();
  const timeZoneOf = (pbx: string) => registry[pbx]?.timeZone ?? 'UTC';
  const deps = {
    bucket: createBucketReader(createS3MetadataClient(), bucketName, timeZoneOf),
    table: createIndexTable(dynamoDb, tableName),
    status: createStatusWriter(dynamoDb, tableName),
    requestDeletion,
    now,
  };

  return {
    begin(request: ReconcileRequest, signal: AbortSignal) {
      const startedAt = now();
      const listings = new Map<string, Listing[]>();
      return {
        /** Returns a function that takes what is listed for a PBX. */
        collect(pbx: string): (listing: Listing) => void {
          const listed: Listing[] = [];
          listings.set(pbx, listed);
          return (listing) => void listed.push(listing);
        },
        finish(outcomes: readonly ReconcileOutcome[]): Promise<void> {
          const reconciled = outcomes.map(({ pbx, outcome, oldestUnqueuedMs }) => ({
            pbx,
            outcome,
            oldestUnqueuedMs,
            timeZone: timeZoneOf(pbx),
            listings: listings.get(pbx) ?? [],
          }));
          return updateIndex(reconciled, request, startedAt, { ...deps, signal });
        },
      };
    },
  };
}
