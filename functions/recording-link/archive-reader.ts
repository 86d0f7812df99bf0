import { hasStatus } from '../shared/aws/aws-service.ts';
import type { Bucket } from '../shared/aws/bucket.ts';
import type { Call } from '../shared/job.ts';
import { decodeCall } from '../shared/metadata.ts';

export interface ArchivedRecording {
  bytes: number;
  contentType: string;
  call: Call;
}

export interface ArchiveReader {
  find(key: string): Promise<ArchivedRecording | undefined>;
  /** A URL that gets the object without further credentials until `seconds` after `from`. */
  presign(key: string, disposition: string, seconds: number, from: Date): Promise<string>;
}

export function createArchiveReader(bucket: Bucket): ArchiveReader {
  return {
    async find(key) {
      try {
        const { headers } = await bucket.send('HEAD', key);
        return {
          bytes: Number(headers['content-length'] ?? 0),
          contentType: headers['content-type'] ?? 'application/octet-stream',
          call: decodeCall(metadataOf(headers)),
        };
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },
    presign(key, disposition, seconds, from) {
      return bucket.presign(key, { 'response-content-disposition': disposition }, seconds, from);
    },
  };
}

const metadataOf = (headers: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^x-amz-meta-/, ''), value]),
  );
