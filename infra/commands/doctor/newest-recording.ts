import { basename } from 'node:path/posix';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { decodeKey } from '../../../functions/shared/recordings/list-objects.ts';

export interface NewestRecording {
  name: string;
  /** Epoch ms. */
  archivedAt: number;
}

/** Digits of the folders for year, month and day. */
const DATE_FOLDERS = [/^\d{4}$/, /^\d\d$/, /^\d\d$/];

/** Returns the recording that was archived last, of the last day that has any. */
export async function findNewestRecording(
  s3: S3Client,
  bucket: string,
  pbx: string,
): Promise<NewestRecording | undefined> {
  let folder = `recordings/${pbx}/`;
  for (const pattern of DATE_FOLDERS) {
    const { folders } = await list(s3, bucket, folder, '/');
    const newest = folders
      .filter((name) => pattern.test(name))
      .sort()
      .at(-1);
    // Only a PBX of which no recording has a date in its name has none of these folders.
    if (newest === undefined) {
      folder += 'undated/';
      break;
    }
    folder += `${newest}/`;
  }
  const { objects } = await list(s3, bucket, folder);
  const [newest] = objects.sort((one, other) => other.archivedAt - one.archivedAt);
  return newest && { name: nameOf(newest.key), archivedAt: newest.archivedAt };
}

const nameOf = (key: string) =>
  key.includes('/encoded/') ? decodeURIComponent(basename(key)) : basename(key);

async function list(s3: S3Client, bucket: string, prefix: string, delimiter?: string) {
  const folders: string[] = [];
  const objects: { key: string; archivedAt: number }[] = [];
  const request = { Bucket: bucket, Prefix: prefix, Delimiter: delimiter, EncodingType: 'url' } as const;
  for await (const page of paginateListObjectsV2({ client: s3 }, request)) {
    const { CommonPrefixes = [], Contents = [], EncodingType } = page;
    folders.push(...CommonPrefixes.map(({ Prefix = '' }) => basename(decodeKey(Prefix, EncodingType))));
    for (const { Key = '', LastModified } of Contents) {
      objects.push({ key: decodeKey(Key, EncodingType), archivedAt: LastModified?.getTime() ?? 0 });
    }
  }
  return { folders, objects };
}
