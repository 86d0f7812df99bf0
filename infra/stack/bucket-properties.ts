import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BucketEncryption,
  type BucketProps,
  type CorsRule,
  HttpMethods,
  type LifecycleRule,
  ObjectLockRetention,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import type { BucketConfig } from '../config/bucket-config.ts';

export function encryptionBy(encryptionKey: IKey | undefined): Partial<BucketProps> {
  if (!encryptionKey) return { encryption: BucketEncryption.S3_MANAGED };
  // With a bucket key, there is one KMS request for many recordings instead of one for each.
  return { encryption: BucketEncryption.KMS, bucketKeyEnabled: true, encryptionKey };
}

/** For players and other scripts in a browser, which fetch a recording in ranges. */
export function corsFor(allowedOrigins: string[]): CorsRule {
  return {
    allowedOrigins,
    allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
    allowedHeaders: ['range', 'if-range', 'if-match', 'if-none-match'],
    exposedHeaders: ['Accept-Ranges', 'Content-Disposition', 'Content-Length', 'Content-Range', 'ETag'],
    maxAge: 3600,
  };
}

export function retentionFor({ objectLock }: BucketConfig): Partial<BucketProps> {
  if (!objectLock) return {};
  return { objectLockDefaultRetention: ObjectLockRetention[objectLock.mode](Duration.days(objectLock.days)) };
}

export function lifecycleRulesFor(config: BucketConfig): LifecycleRule[] {
  const transitions = [
    { storageClass: StorageClass.INFREQUENT_ACCESS, after: config.infrequentAccessAfterDays },
    { storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, after: config.glacierInstantRetrievalAfterDays },
  ].flatMap(({ storageClass, after }) =>
    after === undefined ? [] : [{ storageClass, transitionAfter: Duration.days(after) }],
  );
  const rules: LifecycleRule[] = [
    // Cleans up after a function that was killed before it could abort its upload.
    { id: 'AbortUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
    // Each attempt to log in writes a small object anew. Object Lock, where configured, keeps the old ones for longer.
    { id: 'DropLoginVersions', prefix: 'sessions/', noncurrentVersionExpiration: Duration.days(1) },
  ];
  if (transitions.length > 0) rules.push({ id: 'Transition', transitions });
  if (config.expireAfterDays !== undefined) {
    rules.push(
      {
        id: 'Expire',
        expiration: Duration.days(config.expireAfterDays),
        // In a versioned bucket only this frees the storage. For a week, a mistaken deletion can be undone.
        noncurrentVersionExpiration: Duration.days(7),
      },
      { id: 'DropDeleteMarkers', expiredObjectDeleteMarker: true },
    );
  }
  return rules;
}
