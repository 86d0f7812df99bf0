import { hasStatus } from './aws/aws-service.ts';
import type { Bucket } from './aws/bucket.ts';
import { recordingFolder } from './recording-name.ts';

/** Nothing, and its CRC-32: a bucket under an object lock takes no object without a checksum. */
const EMPTY = { body: '', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } };

/** What is remembered of a recording that is not in the archive. */
export type LedgerEntry = 'queued' | 'lost';

/** Where an entry's note lies: an empty object beside the recordings, by the same days and names. */
export const ledgerKey = (entry: LedgerEntry, pbxId: string, recording: string) =>
  `reconciliation/${entry}/${recordingFolder(pbxId, recording)}${recording}`;

/**
 * What reconciliation must not forget from one run to the next: that it has queued a job for a recording, so
 * that it need not do so every hour; and that a recording is lost, so that it is counted once.
 */
export interface Ledger {
  /** Notes that the PBX no longer has the recording. Returns false if that had been noted before. */
  noteLost(pbxId: string, recording: string): Promise<boolean>;
  /** Notes that a job for the recording is in the queue; a later note replaces it. */
  noteQueued(pbxId: string, recording: string): Promise<void>;
}

export function createLedger(bucket: Bucket): Ledger {
  return {
    async noteLost(pbxId, recording) {
      try {
        const headers = { ...EMPTY.headers, 'if-none-match': '*' };
        await bucket.send('PUT', ledgerKey('lost', pbxId, recording), { ...EMPTY, headers });
        return true;
      } catch (error) {
        if (hasStatus(error, 412)) return false;
        throw error;
      }
    },
    async noteQueued(pbxId, recording) {
      await bucket.send('PUT', ledgerKey('queued', pbxId, recording), EMPTY);
    },
  };
}
