import { AwsError, hasStatus } from '../shared/aws/aws-service.ts';
import { type Bucket, textOf } from '../shared/aws/bucket.ts';
import { ArchiveError } from '../shared/errors.ts';
import { describing, type RecordingDescription, type WriteOutcome, writtenOnce } from './write-once.ts';

/** For what is done when the time is up already; two of them fit into what is kept in reserve for that. */
const CLEAN_UP_TIMEOUT_MS = 4_000;

export interface Upload {
  key: string;
  uploadId: string;
}

/** `crc32` as S3 writes it. */
export interface StoredPart {
  etag: string;
  crc32: string;
}

/** S3's multipart uploads, each of which becomes one recording. */
export interface Uploads {
  /** Returns the upload's id. Takes no signal: an upload whose id nobody learned could not be removed. */
  begin(key: string, about: RecordingDescription): Promise<string>;
  /** Fails with `upload-gone` if the upload has been aborted or completed. */
  putPart(
    upload: Upload,
    part: { partNumber: number; bytes: Buffer; crc32: string },
    signal: AbortSignal,
  ): Promise<StoredPart>;
  /**
   * Makes an object of the parts, whose numbers are 1, 2 and so on. Fails with `upload-gone`, or with
   * `upload-refused` if S3 finds that they are not what they should be.
   */
  complete(
    upload: Upload,
    whole: { parts: StoredPart[]; bytes: number; crc32: string },
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /** Frees what has been uploaded so far; harmless if the upload is gone. */
  abort(upload: Upload): Promise<void>;
}

export function createUploads(bucket: Bucket): Uploads {
  return {
    async begin(key, about) {
      const { body } = await bucket.send('POST', key, {
        query: { uploads: '' },
        headers: {
          ...describing(about),
          'x-amz-checksum-algorithm': 'CRC32',
          'x-amz-checksum-type': 'FULL_OBJECT',
        },
        signal: AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS),
      });
      const uploadId = textOf('UploadId', body);
      if (uploadId === undefined) throw new Error('S3 gave no upload id.');
      return uploadId;
    },

    async putPart({ key, uploadId }, { partNumber, bytes, crc32 }, signal) {
      const request = {
        query: { partNumber: String(partNumber), uploadId },
        headers: { 'x-amz-checksum-crc32': crc32 },
        body: bytes,
        signal,
      };
      const { headers } = await bucket.send('PUT', key, request).catch(failIfGone);
      return { etag: headers.etag ?? '', crc32 };
    },

    async complete({ key, uploadId }, { parts, bytes, crc32 }, signal) {
      const request = {
        query: { uploadId },
        headers: {
          'content-type': 'application/xml',
          'x-amz-checksum-crc32': crc32,
          'x-amz-checksum-type': 'FULL_OBJECT',
          'x-amz-mp-object-size': String(bytes),
          'if-none-match': '*',
        },
        body: listParts(parts),
        signal,
      };
      try {
        return await writtenOnce(bucket.send('POST', key, request).catch(failIfGone));
      } catch (error) {
        throw hasStatus(error, 400) ? refused(error) : error;
      }
    },

    async abort({ key, uploadId }) {
      try {
        const signal = AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS);
        await bucket.send('DELETE', key, { query: { uploadId }, signal });
      } catch (error) {
        if (!hasStatus(error, 404)) throw error;
      }
    },
  };
}

/** Another run of the same job has completed the upload, or the bucket's lifecycle rule has removed it. */
function failIfGone(error: unknown): never {
  if (!(error instanceof AwsError) || error.name !== 'NoSuchUpload') throw error;
  throw new ArchiveError('upload-gone', 'The upload is not there any more.', {
    action: 'retry',
    cause: error,
  });
}

/** What S3 wants to see of the parts. Their texts are S3's own: digits, hexadecimal in quotes, base64. */
function listParts(parts: StoredPart[]): string {
  const elements = parts.map(
    ({ etag, crc32 }, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag><ChecksumCRC32>${crc32}</ChecksumCRC32></Part>`,
  );
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return `<CompleteMultipartUpload xmlns="${namespace}">${elements.join('')}</CompleteMultipartUpload>`;
}

const refused = (cause: AwsError) =>
  new ArchiveError('upload-refused', `S3 does not make an object of the parts (${cause.name}).`, {
    action: 'retry',
    cause,
  });
