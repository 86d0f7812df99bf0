import { basename, dirname } from 'node:path/posix';
import {
  HeadObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mapConcurrently } from '../map-concurrently.ts';

const HEADS_AT_ONCE = 10;

export interface ArchiveIndex {
  /** When each of these objects was written, in epoch ms; those that are not there are left out. */
  find(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** Knows a day's objects by listing its folder: a thousand in a request. */
export function createArchiveIndex(s3: S3Client, bucket: string): ArchiveIndex {
  async function list(folder: string, abortSignal: AbortSignal): Promise<Map<string, number>> {
    const objects = new Map<string, number>();
    const request = {
      Bucket: bucket,
      Prefix: `${folder}/`,
      // XML cannot hold every character that a name may.
      EncodingType: 'url',
    } as const;
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, request, { abortSignal })) {
      for (const { Key = '', LastModified } of Contents) {
        objects.set(decodeURIComponent(Key.replaceAll('+', ' ')), LastModified?.getTime() ?? 0);
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
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
      throw error;
    }
  }

  return {
    async find(keys, signal) {
      const found = new Map<string, number>();
      const note = (key: string, writtenAt: number | undefined) => {
        if (writtenAt !== undefined) found.set(key, writtenAt);
      };
      for (const [folder, wanted] of Map.groupBy(keys, dirname)) {
        if (basename(folder) === 'undated') {
          // It grows for ever, so that listing it would take longer from year to year.
          await mapConcurrently(wanted, HEADS_AT_ONCE, async (key) => note(key, await head(key, signal)));
        } else {
          const objects = await list(folder, signal);
          for (const key of wanted) note(key, objects.get(key));
        }
      }
      return found;
    },
  };
}
