import { basename } from 'node:path/posix';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import { ArchiveError, toArchiveError } from '../errors.ts';
import type { Job, UnfinishedUpload } from '../jobs/job.ts';
import { log } from '../telemetry/log.ts';
import { recordingKey } from './recording-name.ts';

/** For the requests that take no signal: one that begins an upload, and one that aborts it after the time is up. */
const OWN_TIMEOUT_MS = 4_000;

export interface Upload {
  key: string;
  uploadId: string;
}

/** `crc32` is base64, as in S3's API. */
export interface StoredPart {
  etag: string;
  crc32: string;
}

/** S3's multipart uploads. Each becomes one recording. */
export interface Uploads {
  /** Returns the upload's id. Takes no signal: after an abort the id could be unknown, and the upload would stay. */
  begin(key: string, description: RecordingDescription): Promise<string>;
  /** Rejects with `upload-gone` if the upload has been aborted or completed. */
  putPart(
    upload: Upload,
    part: { partNumber: number; bytes: Buffer; crc32: string },
    signal: AbortSignal,
  ): Promise<StoredPart>;
  /**
   * Makes an object of the parts, which are numbered from 1. With `replaces`, the ETag of the object to replace;
   * otherwise creates an object. Rejects with `upload-gone`, or with `upload-refused` if
   * S3 finds a wrong part, size or checksum.
   */
  complete(
    upload: Upload,
    contents: { parts: StoredPart[]; bytes: number; crc32: string; replaces?: string | undefined },
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /** Frees the storage of the uploaded parts. Harmless if the upload is gone. */
  abort(upload: Upload): Promise<void>;
}

export function createUploads(s3: S3Client, bucket: string): Uploads {
  return {
    async begin(key, { contentType, metadata }) {
      const command = new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'FULL_OBJECT',
        ContentType: contentType,
        Metadata: metadata,
      });
      const { UploadId } = await s3.send(command, { abortSignal: AbortSignal.timeout(OWN_TIMEOUT_MS) });
      if (UploadId === undefined) throw new Error('S3 returned no upload id.');
      return UploadId;
    },

    async putPart({ key, uploadId }, { partNumber, bytes, crc32 }, abortSignal) {
      const command = new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        Body: bytes,
        ChecksumCRC32: crc32,
      });
      const { ETag = '' } = await s3.send(command, { abortSignal }).catch(failIfGone);
      return { etag: ETag, crc32 };
    },

    async complete({ key, uploadId }, { parts, bytes, crc32, replaces }, abortSignal) {
      const command = new CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        ChecksumCRC32: crc32,
        ChecksumType: 'FULL_OBJECT',
        MpuObjectSize: bytes,
        ...writeCondition(replaces),
        MultipartUpload: {
          Parts: parts.map((part, index) => ({
            PartNumber: index + 1,
            ETag: part.etag,
            ChecksumCRC32: part.crc32,
          })),
        },
      });
      try {
        return await toWriteOutcome(s3.send(command, { abortSignal }).catch(failIfGone));
      } catch (error) {
        throw hasStatus(error, 400) ? refused(error) : error;
      }
    },

    async abort({ key, uploadId }) {
      try {
        const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
        await s3.send(command, { abortSignal: AbortSignal.timeout(OWN_TIMEOUT_MS) });
      } catch (error) {
        if (!hasStatus(error, 404)) throw error;
      }
    },
  };
}

/** A duplicate job has completed or discarded the upload, or the bucket's lifecycle rule has removed it. */
function failIfGone(error: unknown): never {
  if (!(error instanceof S3ServiceException) || error.name !== 'NoSuchUpload') throw error;
  throw new ArchiveError('upload-gone', 'The multipart upload no longer exists in S3.', { cause: error });
}

const refused = (cause: S3ServiceException) =>
  new ArchiveError('upload-refused', `S3 rejected the multipart upload (${cause.name}).`, { cause });

/** The upload that a job or its interrupted attempt has left open, if any. */
export const uploadOf = (
  { pbx, recording }: Pick<Job, 'pbx' | 'recording'>,
  stored: Pick<UnfinishedUpload, 'uploadId' | 'key'> | undefined,
): Upload | undefined =>
  stored && { key: stored.key ?? recordingKey(pbx, recording), uploadId: stored.uploadId };

/** Aborts an upload that will not be resumed. Never rejects. */
export async function discardUpload(
  upload: Upload | undefined,
  uploads: Pick<Uploads, 'abort'>,
): Promise<void> {
  if (upload === undefined) return;
  try {
    await uploads.abort(upload);
  } catch (error) {
    // The bucket's lifecycle rule removes it a day later.
    log('warn', 'upload-abort-failed', {
      recording: basename(upload.key),
      code: toArchiveError(error).code,
    });
  }
}

export interface RecordingDescription {
  contentType: string;
  metadata: Record<string, string>;
}

/** `conflict`: the key has an object that the write was not to replace. It is unchanged. */
export type WriteOutcome = 'written' | 'conflict';

/** Either creates the object, or replaces exactly the one with this ETag. */
export const writeCondition = (replaces: string | undefined) =>
  replaces === undefined ? { IfNoneMatch: '*' } : { IfMatch: replaces };

/** S3 responds to a conditional write with 412 if its condition is not met; with `If-Match`, 404 if nothing is there. */
export async function toWriteOutcome(write: Promise<unknown>): Promise<WriteOutcome> {
  try {
    await write;
    return 'written';
  } catch (error) {
    if (hasStatus(error, 412)) return 'conflict';
    throw error;
  }
}
