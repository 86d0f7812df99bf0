import type { S3Client } from '@aws-sdk/client-s3';
import { daysBetween } from '../../functions/shared/call-log/windows.ts';
import { mapConcurrently } from '../../functions/shared/map-concurrently.ts';
import { type Listing, listObjects } from '../../functions/shared/recordings/list-objects.ts';
import { MARKER_KINDS } from '../../functions/shared/recordings/markers.ts';

/** Kinds of markers that make rows. Those of erased recordings do not name them. */
const MARKED = MARKER_KINDS.filter((kind) => kind !== 'erased');

/** Lists folders of a PBX in the bucket: its recordings, and what is remembered of those that are missing. */
async function listFolders(
  s3: S3Client,
  bucket: string,
  path: string,
  signal: AbortSignal,
): Promise<Listing[]> {
  const folders = [`recordings/${path}`, ...MARKED.map((kind) => `reconciliation/${kind}/${path}`)];
  return mapConcurrently(folders, folders.length, async (folder) => {
    const objects = [];
    for await (const object of listObjects(s3, bucket, `${folder}/`, signal)) objects.push(object);
    return { folder, objects };
  });
}

/** Everything that the bucket has of a PBX. */
export const listPbx = (s3: S3Client, bucket: string, pbx: string, signal: AbortSignal) =>
  listFolders(s3, bucket, pbx, signal);

/** Yields what the bucket has of a PBX: day by day, and at the end the recordings whose names have no date. */
export async function* listDays(
  s3: S3Client,
  bucket: string,
  { pbx, from, to }: { pbx: string; from: string; to: string },
  signal: AbortSignal,
): AsyncGenerator<Listing[], void> {
  for (const day of daysBetween(from, to)) {
    yield await listFolders(s3, bucket, `${pbx}/${day.replaceAll('-', '/')}`, signal);
  }
  yield await listFolders(s3, bucket, `${pbx}/undated`, signal);
}
