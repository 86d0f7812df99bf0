import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** For what is done when the time is up already; two of them fit into what is kept in reserve for that. */
const CLEAN_UP_TIMEOUT_MS = 4_000;

export interface StoredRecording {
  bytes: number;
  /** Base64 of the big-endian CRC-32 (IEEE) of the whole object, as S3 writes it. */
  crc32: string | undefined;
  isFullObjectChecksum: boolean;
}

export interface RecordingDescription {
  contentType: string;
  metadata: Record<string, string>;
}

/** `already-there`: the key had an object, which stays as it is. */
export type WriteOutcome = 'written' | 'already-there';

export interface PartUpload {
  partNumber: number;
  etag: string;
  crc32: string;
}

/** The bucket, seen as a place where each recording is written once. */
export interface RecordingStore {
  find(key: string, signal: AbortSignal): Promise<StoredRecording | undefined>;
  put(
    key: string,
    bytes: Buffer,
    crc32: string,
    about: RecordingDescription,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /** Returns the upload's id. Takes no signal: an upload whose id nobody learned could not be removed. */
  begin(key: string, about: RecordingDescription): Promise<string>;
  putPart(
    upload: { key: string; uploadId: string },
    part: { partNumber: number; bytes: Buffer; crc32: string },
    signal: AbortSignal,
  ): Promise<PartUpload>;
  complete(
    upload: { key: string; uploadId: string },
    whole: { parts: PartUpload[]; bytes: number; crc32: string },
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /** Frees what has been uploaded so far; harmless if the upload is gone. */
  abort(upload: { key: string; uploadId: string }): Promise<void>;
}

export function createRecordingStore(s3: S3Client, bucket: string): RecordingStore {
  return {
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
      return writtenOnce(s3.send(command, { abortSignal }));
    },

    async begin(key, { contentType, metadata }) {
      const command = new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'FULL_OBJECT',
        ContentType: contentType,
        Metadata: metadata,
      });
      const { UploadId } = await s3.send(command, { abortSignal: AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS) });
      if (UploadId === undefined) throw new Error('S3 gave no upload id.');
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
      const { ETag = '' } = await s3.send(command, { abortSignal });
      return { partNumber, etag: ETag, crc32 };
    },

    complete({ key, uploadId }, { parts, bytes, crc32 }, abortSignal) {
      const command = new CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        ChecksumCRC32: crc32,
        ChecksumType: 'FULL_OBJECT',
        MpuObjectSize: bytes,
        IfNoneMatch: '*',
        MultipartUpload: {
          Parts: parts.map((part) => ({
            PartNumber: part.partNumber,
            ETag: part.etag,
            ChecksumCRC32: part.crc32,
          })),
        },
      });
      return writtenOnce(s3.send(command, { abortSignal }));
    },

    async abort({ key, uploadId }) {
      try {
        const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
        await s3.send(command, { abortSignal: AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS) });
      } catch (error) {
        if (!hasStatus(error, 404)) throw error;
      }
    },
  };
}

/** 412 is S3's answer to `If-None-Match: *` when the object has come into being meanwhile. */
async function writtenOnce(write: Promise<unknown>): Promise<WriteOutcome> {
  try {
    await write;
    return 'written';
  } catch (error) {
    if (hasStatus(error, 412)) return 'already-there';
    throw error;
  }
}

const hasStatus = (error: unknown, status: number) =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
