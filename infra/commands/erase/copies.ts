import { basename, extname } from 'node:path/posix';
import {
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { decodeKey } from '../../../functions/shared/recordings/list-objects.ts';
import { MARKER_KINDS, markerKey } from '../../../functions/shared/recordings/markers.ts';
import { parseRecordingKey, recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import type { Upload } from '../../../functions/shared/recordings/uploads.ts';

/** All that the bucket has of one key. */
export interface Copies {
  key: string;
  /** Versions with contents, the newest first, as S3 lists them. */
  versionIds: string[];
  deleteMarkerIds: string[];
  /** Whether an ordinary request finds nothing, because the newest is a delete marker. */
  isHidden: boolean;
}

/** What has to go for a recording to be erased. */
export interface Remains {
  /** The recording, and other recordings of the same name. */
  recordings: Copies[];
  /** What reconciliation remembers of it. Their keys contain its name. */
  markers: Copies[];
  /** Parts of recordings that were never completed. */
  uploads: Upload[];
}

/** The name of the recording, and those of the other recordings of its name. */
export function namesOf(recording: string, { recordings }: Remains): string[] {
  const found = recordings.map(({ key }) => parseRecordingKey(key)?.recording ?? basename(key));
  return [...new Set([recording, ...found])];
}

export async function findRemains(
  s3: S3Client,
  bucket: string,
  pbx: string,
  recording: string,
): Promise<Remains> {
  const key = recordingKey(pbx, recording);
  const others = othersOf(key);
  const isExactly = (wanted: string) => (candidate: string) => candidate === wanted;
  const recordings = [
    ...(await listCopies(s3, bucket, key, isExactly(key))),
    ...(await listCopies(s3, bucket, others.prefix, others.includes)),
  ];
  const markers: Copies[] = [];
  for (const kind of MARKER_KINDS) {
    if (kind === 'erased') continue;
    const marker = markerKey(kind, pbx, recording);
    markers.push(...(await listCopies(s3, bucket, marker, isExactly(marker))));
  }
  const uploads = [
    ...(await listUploads(s3, bucket, key, isExactly(key))),
    ...(await listUploads(s3, bucket, others.prefix, others.includes)),
  ];
  return { recordings, markers, uploads };
}

/** The keys of other recordings of the same name, as `keyBeside` makes them. */
function othersOf(key: string) {
  const extension = extname(key);
  const prefix = `${key.slice(0, key.length - extension.length)}~`;
  return {
    prefix,
    includes: (candidate: string) =>
      candidate.startsWith(prefix) &&
      candidate.endsWith(extension) &&
      /^[0-9a-f]{8}$/.test(candidate.slice(prefix.length, candidate.length - extension.length)),
  };
}

async function listCopies(
  s3: S3Client,
  bucket: string,
  prefix: string,
  isWanted: (key: string) => boolean,
): Promise<Copies[]> {
  const found = new Map<string, Copies>();
  const copiesOf = (key: string) => {
    const copies = found.get(key) ?? { key, versionIds: [], deleteMarkerIds: [], isHidden: false };
    found.set(key, copies);
    return copies;
  };
  let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
  while (next !== undefined) {
    const page: ListObjectVersionsCommandOutput = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...next }),
    );
    const { Versions = [], DeleteMarkers = [], NextKeyMarker = '', NextVersionIdMarker, EncodingType } = page;
    for (const { Key = '', VersionId = '' } of Versions) {
      copiesOf(decodeKey(Key, EncodingType)).versionIds.push(VersionId);
    }
    for (const { Key = '', VersionId = '', IsLatest = false } of DeleteMarkers) {
      const copies = copiesOf(decodeKey(Key, EncodingType));
      copies.deleteMarkerIds.push(VersionId);
      copies.isHidden ||= IsLatest;
    }
    next = page.IsTruncated
      ? { KeyMarker: decodeKey(NextKeyMarker, EncodingType), VersionIdMarker: NextVersionIdMarker }
      : undefined;
  }
  return [...found.values()].filter(({ key }) => isWanted(key));
}

/** The first page is enough: a thousand uploads of one recording do not occur. */
async function listUploads(
  s3: S3Client,
  bucket: string,
  prefix: string,
  isWanted: (key: string) => boolean,
): Promise<Upload[]> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
  return Uploads.map(({ Key: key = '', UploadId: uploadId = '' }) => ({ key, uploadId })).filter(({ key }) =>
    isWanted(key),
  );
}
