import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import { recordingFolder } from './recording-name.ts';

/** What is remembered of a recording that is not in the archive. */
export type MarkerKind = 'queued' | 'lost';

/** Where an entry's note lies: an empty object beside the recordings, by the same days and names. */
export const markerKey = (entry: MarkerKind, pbxId: string, recording: string) =>
  `reconciliation/${entry}/${recordingFolder(pbxId, recording)}${recording}`;

/**
 * What reconciliation must not forget from one run to the next: that it has queued a job for a recording, so
 * that it need not do so every hour; and that a recording is lost, so that it is counted once.
 */
export interface Markers {
  /** Notes that the PBX no longer has the recording. Returns false if that had been noted before. */
  markLost(pbxId: string, recording: string): Promise<boolean>;
  /** Notes that a job for the recording is in the queue; a later note replaces it. */
  markQueued(pbxId: string, recording: string): Promise<void>;
}

export function createMarkers(s3: S3Client, bucket: string): Markers {
  const note = (entry: MarkerKind, pbxId: string, recording: string) => ({
    Bucket: bucket,
    Key: markerKey(entry, pbxId, recording),
    Body: '',
  });
  return {
    async markLost(pbxId, recording) {
      try {
        await s3.send(new PutObjectCommand({ ...note('lost', pbxId, recording), IfNoneMatch: '*' }));
        return true;
      } catch (error) {
        if (hasStatus(error, 412)) return false;
        throw error;
      }
    },
    async markQueued(pbxId, recording) {
      await s3.send(new PutObjectCommand(note('queued', pbxId, recording)));
    },
  };
}
