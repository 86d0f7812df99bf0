import { hasStatus } from '../shared/aws-clients.ts';

export interface RecordingDescription {
  contentType: string;
  metadata: Record<string, string>;
}

/** `already-there`: the key had an object, which stays as it is. */
export type WriteOutcome = 'written' | 'already-there';

/** How the saving of a recording ended; `crc32` as S3 writes it. */
export type Saved = { outcome: 'written'; bytes: number; crc32: string } | { outcome: 'already-there' };

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
