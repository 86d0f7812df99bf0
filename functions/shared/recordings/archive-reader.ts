import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { create as contentDisposition } from 'content-disposition';
import { hasStatus } from '../aws-clients.ts';
import type { Call } from '../jobs/call.ts';
import { decodeMetadata } from './metadata.ts';

export interface ArchivedRecording {
  bytes: number;
  contentType: string;
  call: Call;
  /** What the recording's completeness was verified by, and doubts; empty if its object does not say. */
  verifiedBy: string[];
}

/** A presigned URL, which returns the object without further credentials. */
export interface Link {
  url: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

export interface LinkOptions {
  /** The name under which a browser saves the file. */
  fileName: string;
  /** Whether a browser saves the file, instead of playing it. */
  download: boolean;
  /** How long the link is valid. */
  seconds: number;
  /** From when on it is (epoch ms). */
  signedAt: number;
}

export interface ArchiveReader {
  find(key: string): Promise<ArchivedRecording | undefined>;
  presign(key: string, options: LinkOptions): Promise<Link>;
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
    async presign(key, { fileName, download, seconds, signedAt }) {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        // Otherwise a browser keeps what was heard on its disk, also after the person has signed out.
        ResponseCacheControl: 'private, no-store',
        ResponseContentDisposition: contentDisposition(fileName, {
          type: download ? 'attachment' : 'inline',
        }),
      });
      const url = await getSignedUrl(s3, command, { expiresIn: seconds, signingDate: new Date(signedAt) });
      return { url, expiresAt: new Date(signedAt + seconds * 1000).toISOString() };
    },
  };
}
