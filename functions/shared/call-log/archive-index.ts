import { dirname } from 'node:path/posix';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import { mapConcurrently } from '../map-concurrently.ts';
import { type ListedObject, listObjects } from '../recordings/list-objects.ts';

const CONCURRENT_HEADS = 10;

/** The folders of names without a date. */
const UNDATED = /\/undated(?:\/encoded)?$/;

export interface ArchiveIndex {
  /** When each of these objects was written (epoch ms). Objects that do not exist are left out. */
  find(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** All objects of a folder. */
interface Listing {
  folder: string;
  objects: readonly ListedObject[];
}

/** Finds a day's objects by listing its folder. */
export function createArchiveIndex(
  s3: S3Client,
  bucket: string,
  onListing: (listing: Listing) => void = () => {},
): ArchiveIndex {
  async function list(folder: string, signal: AbortSignal): Promise<Map<string, number>> {
    const objects: ListedObject[] = [];
    for await (const object of listObjects(s3, bucket, `${folder}/`, signal)) objects.push(object);
    onListing({ folder, objects });
    return new Map(objects.map(({ key, writtenAt }) => [key, writtenAt]));
  }

  async function head(key: string, abortSignal: AbortSignal): Promise<number | undefined> {
    try {
      const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal,
      });
      return LastModified?.getTime() ?? 0;
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  return {
    async find(keys, signal) {
      const found = new Map<string, number>();
      const add = (key: string, writtenAt: number | undefined) => {
        if (writtenAt !== undefined) found.set(key, writtenAt);
      };
      for (const [folder, wanted] of Map.groupBy(keys, dirname)) {
        if (UNDATED.test(folder)) {
          // These folders grow forever, so listing them would take longer every year.
          await mapConcurrently(wanted, CONCURRENT_HEADS, async (key) => add(key, await head(key, signal)));
        } else {
          const objects = await list(folder, signal);
          for (const key of wanted) add(key, objects.get(key));
        }
      }
      return found;
    },
  };
}
