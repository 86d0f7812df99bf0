import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CfnBucket,
  type LifecycleRule,
  ObjectLockRetention,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { BucketConfig } from '../config/bucket-config.ts';
import { allow } from './archive-function.ts';
import { acceptFindings } from './nag.ts';

/** The bucket with the recordings. It is retained when the stack is deleted. */
export class RecordingBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, config: BucketConfig) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: lifecycleRules(config),
      ...this.encryption(config),
      // Always enabled, though it locks only what is configured: CloudFormation can turn this on for a new bucket
      // only, and would replace the full one with an empty one.
      objectLockEnabled: true,
      ...defaultRetention(config),
    });
    // A bucket that outlives the stack must still refuse plain HTTP.
    this.bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    // The CDK's `eventBridgeEnabled` would add a helper function with a role of its own, only to set this property.
    const cfnBucket = this.bucket.node.defaultChild as CfnBucket;
    cfnBucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    acceptFindings(this.bucket, {
      S1:
        'Access logs would be a second place that collects callers’ numbers (they are in the keys). ' +
        'For an audit trail, turn on CloudTrail data events for this bucket, which miss nothing.',
    });
  }

  /** Allows looking up and storing a recording, aborting a failed upload, and marking how a job ended. */
  grantArchive(role: Role): void {
    this.allowOnRecordings(role, ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject']);
    for (const kind of ['lost', 'not-recorded', 'dead-lettered']) {
      this.allowOnKeys(`reconciliation/${kind}/*`, role, ['s3:GetObject', 's3:PutObject']);
    }
    // S3 decrypts the encrypted parts when it assembles them.
    if (this.bucket.encryptionKey) {
      allow(role, ['kms:Decrypt', 'kms:GenerateDataKey'], this.bucket.encryptionKey.keyArn);
    }
  }

  /** Allows looking up recordings, and marking those for which a job is queued. */
  grantReconcile(role: Role): void {
    this.allowOnKeys('recordings/*', role, ['s3:GetObject']);
    this.allowOnKeys('reconciliation/*', role, ['s3:GetObject']);
    this.allowOnKeys('reconciliation/queued/*', role, ['s3:PutObject']);
    this.allowListing(role);
    if (this.bucket.encryptionKey) allow(role, ['kms:GenerateDataKey'], this.bucket.encryptionKey.keyArn);
  }

  grantRead(role: Role): void {
    this.allowOnRecordings(role, ['s3:GetObject']);
    if (this.bucket.encryptionKey) allow(role, ['kms:Decrypt'], this.bucket.encryptionKey.keyArn);
  }

  private allowOnRecordings(role: Role, actions: string[]): void {
    this.allowOnKeys('recordings/*', role, actions);
    this.allowListing(role);
  }

  private allowOnKeys(keys: string, role: Role, actions: string[]): void {
    allow(role, actions, this.bucket.arnForObjects(keys));
    const arn = `<${Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket)}.Arn>`;
    acceptFindings(role, {
      [`IAM5[Resource::${arn}/${keys}]`]: 'The names of the recordings are not known at deployment.',
    });
  }

  /** Without this, S3 returns 403 instead of 404 for an object that does not exist. */
  private allowListing(role: Role): void {
    allow(role, ['s3:ListBucket'], this.bucket.bucketArn);
  }

  private encryption(config: BucketConfig): Partial<BucketProps> {
    if (config.encryption === 's3') return { encryption: BucketEncryption.S3_MANAGED };
    return {
      encryption: BucketEncryption.KMS,
      // One KMS request for many recordings instead of one for each.
      bucketKeyEnabled: true,
      encryptionKey: config.kmsKeyArn
        ? Key.fromKeyArn(this, 'Key', config.kmsKeyArn)
        : new Key(this, 'Key', {
            description: `Encrypts the recordings of ${Stack.of(this).stackName}`,
            enableKeyRotation: true,
            // Without the key, every recording would be lost.
            removalPolicy: RemovalPolicy.RETAIN,
          }),
    };
  }
}

function defaultRetention({ objectLock }: BucketConfig): Partial<BucketProps> {
  if (!objectLock) return {};
  return { objectLockDefaultRetention: ObjectLockRetention[objectLock.mode](Duration.days(objectLock.days)) };
}

function lifecycleRules(config: BucketConfig): LifecycleRule[] {
  const transitions = [
    { storageClass: StorageClass.INFREQUENT_ACCESS, after: config.infrequentAccessAfterDays },
    { storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, after: config.glacierInstantRetrievalAfterDays },
  ].flatMap(({ storageClass, after }) =>
    after === undefined ? [] : [{ storageClass, transitionAfter: Duration.days(after) }],
  );
  const rules: LifecycleRule[] = [
    // Cleans up after a function that was killed before it could abort its upload.
    { id: 'AbortUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
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
