import { basename } from 'node:path/posix';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { decodeKey } from '../../../functions/shared/recordings/list-objects.ts';
import { parseRecordingKey } from '../../../functions/shared/recordings/recording-name.ts';

export interface NewestRecording {
  name: string;
  /** Epoch ms. */
  archivedAt: number;
}

const DAY_MS = 24 * 60 * 60_000;

/** Digits of the folders for year, month and day. */
const DATE_FOLDERS = [/^\d{4}$/, /^\d\d$/, /^\d\d$/];

const UNDATED = 'undated';

/**
 * Returns the recording that was archived last: of the last day that has any, of the last one after tomorrow, because the
 * PBX's clock may have been wrong, and of those whose names have no date.
 */
export async function findNewestRecording(
  s3: S3Client,
  bucket: string,
  pbx: string,
  now: number,
): Promise<NewestRecording | undefined> {
  const root = `recordings/${pbx}/`;
  const listed = new Map<string, Promise<string[]>>();
  const foldersIn: ListFolders = (path) => {
    const names = listed.get(path) ?? listFolders(s3, bucket, root + path);
    listed.set(path, names);
    return names;
  };
  // It may have begun where the PBX is.
  const tomorrow = new Date(now + DAY_MS).toISOString().slice(0, 10).replaceAll('-', '/');
  const days = new Set([await findLastDay(foldersIn), await findLastDay(foldersIn, tomorrow)]);
  let newest: NewestRecording | undefined;
  for (const day of days) {
    if (day === undefined) continue;
    for await (const page of listRecordings(s3, bucket, root + day)) newest = lastOf(newest, page);
  }
  if (!(await foldersIn('')).includes(UNDATED)) return newest;
  for await (const page of listRecordings(s3, bucket, `${root}${UNDATED}/`)) {
    newest = lastOf(newest, page);
    // S3 lists by name: the last one may be on any page, and there may be hundreds. One of today is new enough.
    if (newest !== undefined && now - newest.archivedAt < DAY_MS) break;
  }
  return newest;
}

/** Lists the names of the folders in a folder of the PBX, such as `2026/01/`. */
type ListFolders = (path: string) => Promise<string[]>;

/** Finds the last day that has a folder, such as `2026/01/15/`, not later than `limit`. */
async function findLastDay(foldersIn: ListFolders, limit = '9999/99/99'): Promise<string | undefined> {
  const descend = async (path: string, [pattern, ...patterns]: RegExp[]): Promise<string | undefined> => {
    if (pattern === undefined) return path;
    const names = (await foldersIn(path)).filter(
      (name) => pattern.test(name) && path + name <= limit.slice(0, path.length + name.length),
    );
    for (const name of names.sort().reverse()) {
      // In the year or month of the limit, all the folders may be later ones.
      const day = await descend(`${path}${name}/`, patterns);
      if (day !== undefined) return day;
    }
    return undefined;
  };
  return descend('', DATE_FOLDERS);
}

const lastOf = (newest: NewestRecording | undefined, others: NewestRecording[]) =>
  others.reduce(
    (last, other) => (last === undefined || other.archivedAt > last.archivedAt ? other : last),
    newest,
  );

async function listFolders(s3: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const names: string[] = [];
  const request = { Bucket: bucket, Prefix: prefix, Delimiter: '/', EncodingType: 'url' } as const;
  for await (const { CommonPrefixes = [], EncodingType } of paginateListObjectsV2({ client: s3 }, request)) {
    names.push(...CommonPrefixes.map(({ Prefix = '' }) => basename(decodeKey(Prefix, EncodingType))));
  }
  return names;
}

/** Yields the recordings in a folder page by page, each of up to a thousand. */
async function* listRecordings(
  s3: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<NewestRecording[], void> {
  const request = { Bucket: bucket, Prefix: prefix, EncodingType: 'url' } as const;
  for await (const { Contents = [], EncodingType } of paginateListObjectsV2({ client: s3 }, request)) {
    yield Contents.flatMap(({ Key = '', LastModified }) => {
      const { recording: name } = parseRecordingKey(decodeKey(Key, EncodingType)) ?? {};
      return name === undefined ? [] : [{ name, archivedAt: LastModified?.getTime() ?? 0 }];
    });
  }
}
