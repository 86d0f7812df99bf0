import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import {
  createUploads,
  type RecordingDescription,
  toWriteOutcome,
  type Uploads,
  type WriteOutcome,
} from './uploads.ts';

export interface StoredRecording {
  bytes: number;
  /** CRC-32 (IEEE) of the complete object, big-endian and in base64, as in S3's API. */
  crc32: string | undefined;
  isFullObjectChecksum: boolean;
}

/** The bucket, in which each recording is written only once. */
export interface RecordingStore extends Uploads {
  find(key: string, signal: AbortSignal): Promise<StoredRecording | undefined>;
  put(
    key: string,
    bytes: Buffer,
    crc32: string,
    description: RecordingDescription,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
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
        return {
          bytes: head.ContentLength ?? 0,
          crc32: head.ChecksumCRC32,
          isFullObjectChecksum: head.ChecksumType === 'FULL_OBJECT',
        };
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },

    put(key, bytes, crc32, { contentType, metadata }, abortSignal) {
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: bytes,
        ChecksumCRC32: crc32,
        IfNoneMatch: '*',
        ContentType: contentType,
        Metadata: metadata,
      });
      return toWriteOutcome(s3.send(command, { abortSignal }));
    },
  };
}
