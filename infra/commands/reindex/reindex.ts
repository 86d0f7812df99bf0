import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { mapConcurrently } from '../../../functions/shared/map-concurrently.ts';
import type { BucketReader } from '../../../functions/shared/recording-index/bucket-reader.ts';
import { findDifferences } from '../../../functions/shared/recording-index/compare.ts';
import type { IndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { type RepairDeps, repairRow } from '../../../functions/shared/recording-index/repair.ts';
import type { Listing } from '../../../functions/shared/recordings/list-objects.ts';
import { listDays } from '../../shared/list-folders.ts';
import { plural, toPlainText } from '../../shared/text.ts';
import { type Progress, showProgress } from '../backfill/progress.ts';
import { describeListed } from './listed-row.ts';
import type { ReindexOptions } from './options.ts';

export interface ReindexDeps {
  s3: S3Client;
  bucket: string;
  reader: BucketReader;
  table: IndexTable;
  timeZoneOf: (pbx: string) => string;
  requestDeletion?: RepairDeps['requestDeletion'];
  now: () => number;
  /** Aborted to end the run. The reason is an `ArchiveError`. */
  signal: AbortSignal;
}

/** Makes the index say what the bucket has. Returns whether it now does. */
export async function reindex(options: ReindexOptions, deps: ReindexDeps): Promise<boolean> {
  const pbxs = options.pbx === 'all' ? await listPbxs(deps) : [options.pbx];
  let failed = 0;
  try {
    for (const pbx of pbxs) failed += await reindexPbx(pbx, options, deps);
  } catch (error) {
    if (!deps.signal.aborted) throw error;
    const { message } = deps.signal.reason as ArchiveError;
    console.log(toPlainText(`${message} Run the same command again to continue.`));
    return false;
  }
  if (failed > 0) console.log(`${plural(failed, 'row')} failed. Run the same command again to retry.`);
  return failed === 0;
}

/** Returns how many rows could not be updated. */
async function reindexPbx(pbx: string, options: ReindexOptions, deps: ReindexDeps): Promise<number> {
  const { s3, bucket, table, signal } = deps;
  const { from, to, concurrency } = options;
  const different: string[] = [];
  let found = 0;
  for await (const listings of listDays(s3, bucket, { pbx, from, to }, signal)) {
    const names = await findDifferences(pbx, listings, table, signal);
    found += listings[0]?.objects.length ?? 0;
    different.push(...names);
    await addListed(pbx, listings, names, options, deps);
  }
  console.log(`${pbx}: ${plural(found, 'recording')}, ${plural(different.length, 'row')} to check`);
  if (different.length === 0) return 0;
  const progress = showProgress('rows', different.length);
  const count = { written: 0, deleted: 0, failed: 0 };
  try {
    await mapConcurrently(different, concurrency, async (recording) => {
      signal.throwIfAborted();
      const outcome = await update(pbx, recording, deps, progress);
      if (outcome !== 'unchanged') count[outcome] += 1;
      progress.advance();
    });
  } finally {
    progress.end();
  }
  console.log(`${pbx}: ${plural(count.written, 'row')} written, ${count.deleted} deleted`);
  return count.failed;
}

async function update(
  pbx: string,
  recording: string,
  { reader, table, requestDeletion, now, signal }: ReindexDeps,
  progress: Progress,
): Promise<'written' | 'deleted' | 'unchanged' | 'failed'> {
  try {
    return await repairRow(pbx, recording, { bucket: reader, table, requestDeletion, now, signal });
  } catch (error) {
    // One recording must not keep the others from being found, but nothing works without access.
    if (!(error instanceof ArchiveError) || signal.aborted) throw error;
    progress.print(`${recording}: ${error.message} (${error.code})`);
    return 'failed';
  }
}

/** Adds rows made of listings and names alone, so that recordings are found before each of them has been looked at. */
async function addListed(
  pbx: string,
  listings: readonly Listing[],
  names: readonly string[],
  { concurrency }: ReindexOptions,
  { table, timeZoneOf, signal }: ReindexDeps,
): Promise<void> {
  const wanted = new Set(names);
  const rows = listings
    .flatMap(({ objects }) => objects)
    .map((object) => describeListed(object, timeZoneOf(pbx)))
    .filter((row) => row !== undefined && wanted.has(row.recording));
  await mapConcurrently(rows, concurrency, async (row) => {
    signal.throwIfAborted();
    if (row !== undefined) await table.add(row, signal);
  });
}

/** All PBXs that the bucket has recordings of, configured or not. */
async function listPbxs({ s3, bucket, signal }: ReindexDeps): Promise<string[]> {
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: 'recordings/', Delimiter: '/' });
  const { CommonPrefixes = [] } = await s3.send(command, { abortSignal: signal });
  return CommonPrefixes.map(({ Prefix = '' }) => Prefix.split('/')[1] ?? '').filter((id) => id !== '');
}
