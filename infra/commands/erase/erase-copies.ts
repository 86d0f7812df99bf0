import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasStatus } from '../../../functions/shared/aws-clients.ts';
import { createUploads } from '../../../functions/shared/recordings/uploads.ts';
import type { Copies, Remains } from './copies.ts';

/** A version that S3 refused to delete. */
export interface KeptVersion {
  key: string;
  versionId: string;
  /** ISO 8601, UTC: the end of its Object Lock retention. */
  lockedUntil?: string;
  lockMode?: string;
  hasLegalHold?: true;
}

export interface Erased {
  versionsDeleted: number;
  versionsKept: KeptVersion[];
}

/** Writes the marker that keeps the recording from being archived again, unless it is there already. */
export async function writeErasedMarker(s3: S3Client, bucket: string, key: string): Promise<void> {
  try {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, ContentLength: 0, IfNoneMatch: '*' }));
  } catch (error) {
    if (!hasStatus(error, 412)) throw error;
  }
}

/** Deletes everything that S3 allows to be deleted. */
export async function eraseRemains(s3: S3Client, bucket: string, remains: Remains): Promise<Erased> {
  const uploads = createUploads(s3, bucket);
  for (const upload of remains.uploads) await uploads.abort(upload);
  const erased: Erased = { versionsDeleted: 0, versionsKept: [] };
  for (const copies of [...remains.recordings, ...remains.markers]) {
    const kept = await eraseCopies(s3, bucket, copies);
    erased.versionsDeleted += copies.versionIds.length - kept.length;
    erased.versionsKept.push(...kept);
  }
  return erased;
}

/**
 * Deletes the oldest version first, and delete markers last: no earlier version must become the current one on the way.
 * If a version stays, so do the delete markers, which keep it out of listings and links.
 */
async function eraseCopies(s3: S3Client, bucket: string, copies: Copies): Promise<KeptVersion[]> {
  const { key, versionIds, deleteMarkerIds, isHidden } = copies;
  const kept: KeptVersion[] = [];
  for (const versionId of versionIds.toReversed()) {
    const version = { Bucket: bucket, Key: key, VersionId: versionId };
    try {
      await s3.send(new DeleteObjectCommand(version));
    } catch (error) {
      if (!hasStatus(error, 403)) throw error;
      kept.push({ key, versionId, ...(await readLock(s3, version)) });
    }
  }
  if (kept.length > 0) {
    if (!isHidden) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    return kept;
  }
  for (const VersionId of deleteMarkerIds) {
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId }));
  }
  return [];
}

/** What protects a version, as far as these credentials may know. */
async function readLock(
  s3: S3Client,
  version: { Bucket: string; Key: string; VersionId: string },
): Promise<Partial<KeptVersion>> {
  try {
    const { ObjectLockMode, ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus } = await s3.send(
      new HeadObjectCommand(version),
    );
    return {
      ...(ObjectLockRetainUntilDate && { lockedUntil: ObjectLockRetainUntilDate.toISOString() }),
      ...(ObjectLockMode && { lockMode: ObjectLockMode }),
      ...(ObjectLockLegalHoldStatus === 'ON' && { hasLegalHold: true }),
    };
  } catch (error) {
    if (hasStatus(error, 403)) return {};
    throw error;
  }
}
