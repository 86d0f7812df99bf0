import { dirname } from 'node:path/posix';
import { HeadObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import { mapConcurrently } from '../map-concurrently.ts';

const CONCURRENT_HEADS = 10;

/** The folders of names without a date. */
const UNDATED = /\/undated(?:\/encoded)?$/;

export interface ArchiveIndex {
  /** When each of these objects was written (epoch ms). Objects that do not exist are left out. */
  find(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** Finds a day's objects by listing its folder: a request returns up to a thousand. */
export function createArchiveIndex(s3: S3Client, bucket: string): ArchiveIndex {
  async function list(folder: string, abortSignal: AbortSignal): Promise<Map<string, number>> {
    const objects = new Map<string, number>();
    const request = {
      Bucket: bucket,
      Prefix: `${folder}/`,
      // XML cannot represent every character that a name may contain.
      EncodingType: 'url',
    } as const;
    const pages = paginateListObjectsV2({ client: s3 }, request, { abortSignal });
    for await (const { Contents = [], EncodingType } of pages) {
      for (const { Key = '', LastModified } of Contents) {
        objects.set(decodeKey(Key, EncodingType), LastModified?.getTime() ?? 0);
      }
    }
    return objects;
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

/**
 * A key of a listing for which `url` was the requested encoding. Some S3-compatible stores ignore that. AWS encodes a
 * space as "+". A key that is not encoded, whatever the response says, must not fail the whole listing.
 */
export function decodeKey(key: string, encoding: string | undefined): string {
  if (encoding !== 'url') return key;
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
