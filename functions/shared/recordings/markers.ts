import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import { recordingFolder } from './recording-name.ts';

/** What is remembered about a recording that is not in the archive. */
export type MarkerKind = 'queued' | 'lost';

/** Key of a marker: an empty object, filed by the same days and names as the recordings. */
export const markerKey = (kind: MarkerKind, pbxId: string, recording: string) =>
  `reconciliation/${kind}/${recordingFolder(pbxId, recording)}${recording}`;

/**
 * What reconciliation has to remember between runs: that a job for a recording is queued, so that it is not queued
 * again every hour; and that a recording is lost, so that it is counted once.
 */
export interface Markers {
  /** Marks that the PBX no longer has the recording. Returns false if it was already marked. */
  markLost(pbxId: string, recording: string): Promise<boolean>;
  /** Marks that a job for the recording is queued. Replaces an earlier marker. */
  markQueued(pbxId: string, recording: string): Promise<void>;
}

export function createMarkers(s3: S3Client, bucket: string): Markers {
  const marker = (kind: MarkerKind, pbxId: string, recording: string) => ({
    Bucket: bucket,
    Key: markerKey(kind, pbxId, recording),
    Body: '',
  });
  return {
    async markLost(pbxId, recording) {
      try {
        await s3.send(new PutObjectCommand({ ...marker('lost', pbxId, recording), IfNoneMatch: '*' }));
        return true;
      } catch (error) {
        if (hasStatus(error, 412)) return false;
        throw error;
      }
    },
    async markQueued(pbxId, recording) {
      await s3.send(new PutObjectCommand(marker('queued', pbxId, recording)));
    },
  };
}
