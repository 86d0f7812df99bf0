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

/** The recordings. It outlives the stack. */
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
      // Always able to lock, and locking only as configured: CloudFormation can turn this on for a new bucket
      // only, and would put an empty one in the place of the full one.
      objectLockEnabled: true,
      ...defaultRetention(config),
    });
    // A bucket that stays without the stack must still refuse plain HTTP.
    this.bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    // Bucket's own `eventBridgeEnabled` brings a helper function with a role of its own, only to set this property.
    const cfnBucket = this.bucket.node.defaultChild as CfnBucket;
    cfnBucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    acceptFindings(this.bucket, {
      S1:
        'Access logs would be a second place that collects callers’ numbers (they are in the keys). ' +
        'Who needs an audit trail turns on CloudTrail data events for this bucket, which miss nothing.',
    });
  }

  /** To see whether a recording is there, store it, take back a failed upload, and note what is lost. */
  grantArchive(role: Role): void {
    this.allowOnRecordings(role, ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject']);
    this.allowOn('reconciliation/lost/*', role, ['s3:PutObject']);
    // S3 reads the parts it has encrypted when it puts them together.
    if (this.bucket.encryptionKey) {
      allow(role, ['kms:Decrypt', 'kms:GenerateDataKey'], this.bucket.encryptionKey.keyArn);
    }
  }

  /** To see what is there, and note for which recordings a job is in the queue. */
  grantReconcile(role: Role): void {
    this.allowOn('recordings/*', role, ['s3:GetObject']);
    this.allowOn('reconciliation/*', role, ['s3:GetObject']);
    this.allowOn('reconciliation/queued/*', role, ['s3:PutObject']);
    this.allowList(role);
    if (this.bucket.encryptionKey) allow(role, ['kms:GenerateDataKey'], this.bucket.encryptionKey.keyArn);
  }

  grantRead(role: Role): void {
    this.allowOnRecordings(role, ['s3:GetObject']);
    if (this.bucket.encryptionKey) allow(role, ['kms:Decrypt'], this.bucket.encryptionKey.keyArn);
  }

  private allowOnRecordings(role: Role, actions: string[]): void {
    this.allowOn('recordings/*', role, actions);
    this.allowList(role);
  }

  private allowOn(keys: string, role: Role, actions: string[]): void {
    allow(role, actions, this.bucket.arnForObjects(keys));
    const arn = `<${Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket)}.Arn>`;
    acceptFindings(role, {
      [`IAM5[Resource::${arn}/${keys}]`]: 'Recordings come and go; their names are not known here.',
    });
  }

  /** Without it S3 answers 403 instead of 404 for an object that is not there. */
  private allowList(role: Role): void {
    allow(role, ['s3:ListBucket'], this.bucket.bucketArn);
  }

  private encryption(config: BucketConfig): Partial<BucketProps> {
    if (config.encryption === 's3') return { encryption: BucketEncryption.S3_MANAGED };
    return {
      encryption: BucketEncryption.KMS,
      // One key request for many recordings instead of one for each.
      bucketKeyEnabled: true,
      encryptionKey: config.kmsKeyArn
        ? Key.fromKeyArn(this, 'Key', config.kmsKeyArn)
        : new Key(this, 'Key', {
            description: `The recordings of ${Stack.of(this).stackName}`,
            enableKeyRotation: true,
            // Without it every recording would be lost.
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
    // The second net under a function that died before it could abort its upload.
    { id: 'AbortUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
  ];
  if (transitions.length > 0) rules.push({ id: 'Transition', transitions });
  if (config.expireAfterDays !== undefined) {
    rules.push(
      {
        id: 'Expire',
        expiration: Duration.days(config.expireAfterDays),
        // In a versioned bucket only this removes the bytes. A week in which a mistaken deletion can be undone.
        noncurrentVersionExpiration: Duration.days(7),
      },
      { id: 'DropDeleteMarkers', expiredObjectDeleteMarker: true },
    );
  }
  return rules;
}
