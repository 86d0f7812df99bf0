import type { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type PbxRegistry, timeZoneOf } from '../../functions/shared/config/pbx-registry.ts';
import { toArchiveError } from '../../functions/shared/errors.ts';
import { createBucketReader } from '../../functions/shared/recording-index/bucket-reader.ts';
import { createIndexTable } from '../../functions/shared/recording-index/index-table.ts';
import { repairRows } from '../../functions/shared/recording-index/repair.ts';
import { log } from '../../functions/shared/telemetry/log.ts';
import { listPbx } from '../shared/list-folders.ts';

interface Options {
  s3: S3Client;
  bucket: string;
  dynamoDb: DynamoDBDocumentClient;
  tableName: string;
  registry: PbxRegistry;
}

/**
 * Compares the whole index with the bucket. A killed host may have stored a recording without its event, a person may
 * have changed the files, and another S3 than the embedded one sends no events. Never rejects.
 */
export async function repairIndex(
  { s3, bucket, dynamoDb, tableName, registry }: Options,
  signal: AbortSignal,
): Promise<void> {
  const deps = {
    bucket: createBucketReader(s3, bucket, (pbx) => timeZoneOf(registry, pbx)),
    table: createIndexTable(dynamoDb, tableName),
    now: Date.now,
    signal,
  };
  for (const pbx of Object.keys(registry)) {
    try {
      const repairs = await repairRows(pbx, await listPbx(s3, bucket, pbx, signal), deps);
      if (repairs.written + repairs.deleted > 0) log('info', 'index-repaired', { pbx, ...repairs });
    } catch (error) {
      if (signal.aborted) return;
      log('error', 'index-repair-failed', { pbx, code: toArchiveError(error).code });
    }
  }
}
