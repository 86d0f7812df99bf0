import {
  CopyObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import type { StoredRecording } from './compare-with-stored.ts';
import { decodeMetadata } from './metadata.ts';
import {
  createUploads,
  type RecordingDescription,
  toWriteOutcome,
  type Uploads,
  type WriteOutcome,
  writeCondition,
} from './uploads.ts';

const DAY_MS = 24 * 60 * 60_000;

/** For a listing that takes no signal. */
const OWN_TIMEOUT_MS = 4_000;

/** The bucket, in which nothing is overwritten unless the caller names what it replaces. */
export interface RecordingStore extends Uploads {
  find(key: string, signal: AbortSignal): Promise<StoredRecording | undefined>;
  /** With `replaces`, the ETag of the object to replace; otherwise creates an object. */
  put(
    object: { key: string; bytes: Buffer; crc32: string; replaces?: string | undefined },
    description: RecordingDescription,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /** Copies the object that has this ETag, with its metadata, unless there is an object under `key`. */
  copy(source: { key: string; etag: string }, key: string, signal: AbortSignal): Promise<WriteOutcome>;
  /** Whether a recording of the PBX was stored between these times (epoch ms), among those of the days since the first. */
  hasStoredBetween(pbxId: string, from: number, to: number): Promise<boolean>;
}

export function createRecordingStore(s3: S3Client, bucket: string): RecordingStore {
  return {
    ...createUploads(s3, bucket),

    async find(key, abortSignal) {
      try {
        const head = await s3.send(
          new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }),
          { abortSignal },
        );
        const { callId, talkSeconds, verifiedBy, openedAt } = decodeMetadata(head.Metadata ?? {});
        return {
          bytes: head.ContentLength ?? 0,
          crc32: head.ChecksumCRC32,
          isFullObjectChecksum: head.ChecksumType === 'FULL_OBJECT',
          etag: head.ETag ?? '',
          openedAt: openedAt ?? head.LastModified?.getTime() ?? 0,
          verifiedBy,
          callId,
          talkSeconds,
        };
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },

    put({ key, bytes, crc32, replaces }, { contentType, metadata }, abortSignal) {
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: bytes,
        ChecksumCRC32: crc32,
        ...writeCondition(replaces),
        ContentType: contentType,
        Metadata: metadata,
      });
      return toWriteOutcome(s3.send(command, { abortSignal }));
    },

    copy(source, key, abortSignal) {
      const command = new CopyObjectCommand({
        Bucket: bucket,
        Key: key,
        CopySource: `${bucket}/${encodeURIComponent(source.key)}`,
        CopySourceIfMatch: source.etag,
        IfNoneMatch: '*',
        // Copying tags would need further permissions, as soon as a recording has any.
        TaggingDirective: 'REPLACE',
      });
      return toWriteOutcome(s3.send(command, { abortSignal }));
    },

    async hasStoredBetween(pbxId, from, to) {
      const abortSignal = AbortSignal.timeout(OWN_TIMEOUT_MS);
      // The days of the PBX's calendar may be those before and after UTC's.
      for (let day = to + DAY_MS; day > from - 2 * DAY_MS; day -= DAY_MS) {
        const folder = new Date(day).toISOString().slice(0, 10).replaceAll('-', '/');
        const request = { Bucket: bucket, Prefix: `recordings/${pbxId}/${folder}/` };
        for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, request, {
          abortSignal,
        })) {
          const times = Contents.map(({ LastModified }) => LastModified?.getTime() ?? 0);
          // S3 leaves out the fraction of a second.
          if (times.some((time) => time > from && time + 1000 <= to)) return true;
        }
      }
      return false;
    },
  };
}
