import { S3ServiceException } from '@aws-sdk/client-s3';

export interface RecordingDescription {
  contentType: string;
  metadata: Record<string, string>;
}

/** `already-there`: the key had an object, which stays as it is. */
export type WriteOutcome = 'written' | 'already-there';

/** What was stored of a recording, or would have been. `crc32` as S3 writes it. */
export interface Saved {
  outcome: WriteOutcome;
  bytes: number;
  crc32: string;
}

/** 412 is S3's answer to `If-None-Match: *` when the object has come into being meanwhile. */
export async function writtenOnce(write: Promise<unknown>): Promise<WriteOutcome> {
  try {
    await write;
    return 'written';
  } catch (error) {
    if (hasStatus(error, 412)) return 'already-there';
    throw error;
  }
}

export const hasStatus = (error: unknown, status: number): error is S3ServiceException =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
