import { hasStatus } from '../shared/aws/aws-service.ts';
import type { Bucket } from '../shared/aws/bucket.ts';
import { createUploads, type Uploads } from './uploads.ts';
import { describing, type RecordingDescription, type WriteOutcome, writtenOnce } from './write-once.ts';

export interface StoredRecording {
  bytes: number;
  /** Base64 of the big-endian CRC-32 (IEEE) of the whole object, as S3 writes it. */
  crc32: string | undefined;
  isFullObjectChecksum: boolean;
}

/** The bucket, seen as a place where each recording is written once. */
export interface RecordingStore extends Uploads {
  find(key: string, signal: AbortSignal): Promise<StoredRecording | undefined>;
  put(
    key: string,
    bytes: Buffer,
    crc32: string,
    about: RecordingDescription,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
}

export function createRecordingStore(bucket: Bucket): RecordingStore {
  return {
    ...createUploads(bucket),

    async find(key, signal) {
      try {
        const { headers } = await bucket.send('HEAD', key, {
          headers: { 'x-amz-checksum-mode': 'ENABLED' },
          signal,
        });
        return {
          bytes: Number(headers['content-length'] ?? 0),
          crc32: headers['x-amz-checksum-crc32'],
          isFullObjectChecksum: headers['x-amz-checksum-type'] === 'FULL_OBJECT',
        };
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },

    put(key, bytes, crc32, about, signal) {
      const headers = { ...describing(about), 'x-amz-checksum-crc32': crc32, 'if-none-match': '*' };
      return writtenOnce(bucket.send('PUT', key, { headers, body: bytes, signal }));
    },
  };
}
