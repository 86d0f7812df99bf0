import { dirname } from 'node:path/posix';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import { mapConcurrently } from '../map-concurrently.ts';
import { type ListedObject, type Listing, listObjects } from '../recordings/list-objects.ts';

const CONCURRENT_HEADS = 10;

/** The folders of names without a date. */
const UNDATED = /\/undated(?:\/encoded)?$/;

export interface ArchiveIndex {
  /** When each of these objects was written (epoch ms). Objects that do not exist are left out. */
  find(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** Finds a day's objects by listing its folder, and those without a day one by one. Passes on what it has found. */
export function createArchiveIndex(
  s3: S3Client,
  bucket: string,
  onListing: (listing: Listing) => void = () => {},
): ArchiveIndex {
  async function list(folder: string, signal: AbortSignal): Promise<Map<string, number>> {
    const objects: ListedObject[] = [];
    for await (const object of listObjects(s3, bucket, `${folder}/`, signal)) objects.push(object);
    onListing({ folder, objects });
    return timesOf(objects);
  }

  async function head(key: string, abortSignal: AbortSignal): Promise<ListedObject | undefined> {
    try {
      const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
      const { ContentLength = 0, ETag = '', LastModified } = await s3.send(command, { abortSignal });
      return { key, bytes: ContentLength, etag: ETag, writtenAt: LastModified?.getTime() ?? 0 };
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** Folders of names without a date grow forever, so listing them would take longer every year. */
  async function headEach(keys: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
    const heads = await mapConcurrently(keys, CONCURRENT_HEADS, (key) => head(key, signal));
    const objects = heads.filter((object) => object !== undefined);
    onListing({ objects });
    return timesOf(objects);
  }

  return {
    async find(keys, signal) {
      const found = new Map<string, number>();
      for (const [folder, wanted] of Map.groupBy(keys, dirname)) {
        const times = await (UNDATED.test(folder) ? headEach(wanted, signal) : list(folder, signal));
        for (const key of wanted) {
          const writtenAt = times.get(key);
          if (writtenAt !== undefined) found.set(key, writtenAt);
        }
      }
      return found;
    },
  };
}

const timesOf = (objects: readonly ListedObject[]) =>
  new Map(objects.map(({ key, writtenAt }) => [key, writtenAt]));
