import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { hasStatus } from '../aws-clients.ts';
import type { Call } from '../jobs/job.ts';
import { decodeMetadata } from './metadata.ts';

export interface ArchivedRecording {
  bytes: number;
  contentType: string;
  call: Call;
  /** What the recording's completeness was verified by, and doubts; empty if its object does not say. */
  verifiedBy: string[];
}

export interface ArchiveReader {
  find(key: string): Promise<ArchivedRecording | undefined>;
  /** A URL that returns the object without further credentials, from `signedAt` on and for `seconds`. */
  presign(key: string, disposition: string, seconds: number, signedAt: Date): Promise<string>;
}

export function createArchiveReader(s3: S3Client, bucket: string): ArchiveReader {
  return {
    async find(key) {
      try {
        const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        const { verifiedBy, openedAt, ...call } = decodeMetadata(head.Metadata ?? {});
        return {
          bytes: head.ContentLength ?? 0,
          contentType: head.ContentType ?? 'application/octet-stream',
          call,
          verifiedBy: verifiedBy === '' ? [] : verifiedBy.split(' '),
        };
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },
    presign(key, disposition, seconds, signedAt) {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentDisposition: disposition,
      });
      return getSignedUrl(s3, command, { expiresIn: seconds, signingDate: signedAt });
    },
  };
}
