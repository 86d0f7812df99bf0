import { RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, type CfnBucket, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { BucketConfig } from '../config/bucket-config.ts';
import { allow } from './archive-function.ts';
import { corsFor, encryptionBy, lifecycleRulesFor, retentionFor } from './bucket-properties.ts';
import { acceptFindings } from './nag.ts';

/** The bucket with the recordings, and its key, if any. Both are retained when the stack is deleted. */
export class RecordingBucket extends Construct {
  readonly bucket: Bucket | IBucket;
  /** ARN of the key that encrypts new recordings. */
  readonly keyArn: string | undefined;
  /** ARNs of all keys that recordings may be encrypted with. */
  private readonly keyArns: string[];

  constructor(scope: Construct, id: string, config: BucketConfig, allowedOrigins: string[]) {
    super(scope, id);
    const key = this.encryptionKey(config);
    this.keyArn = key?.keyArn;
    this.keyArns = [...(key ? [key.keyArn] : []), ...config.formerKmsKeyArns];
    this.bucket =
      config.existing === undefined
        ? this.createBucket(config, key, allowedOrigins)
        : Bucket.fromBucketName(this, 'Bucket', config.existing);
  }

  /** Allows looking up and storing a recording, aborting a failed upload, and marking how a job ended. */
  grantArchive(role: Role): void {
    this.allowOnRecordings(role, ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject']);
    this.allowOnKeys('reconciliation/ended/*', role, ['s3:GetObject', 's3:PutObject']);
    this.allowOnKeys('reconciliation/erased/*', role, ['s3:GetObject']);
    // Version 0.1.0 wrote these.
    this.allowOnKeys('reconciliation/lost/*', role, ['s3:GetObject']);
    // S3 decrypts the encrypted parts when it assembles them.
    // An upload goes on with the key with which it began, even if the bucket has another one by then.
    if (this.keyArns.length > 0) allow(role, ['kms:Decrypt', 'kms:GenerateDataKey'], ...this.keyArns);
  }

  /** Allows looking up recordings, and marking those for which a job is queued. */
  grantReconcile(role: Role): void {
    this.allowOnKeys('recordings/*', role, ['s3:GetObject']);
    this.allowOnKeys('reconciliation/*', role, ['s3:GetObject']);
    this.allowOnKeys('reconciliation/queued/*', role, ['s3:PutObject']);
    this.allowListing(role);
    if (this.keyArn) allow(role, ['kms:GenerateDataKey'], this.keyArn);
  }

  /** Allows reading what the index says of a recording. */
  grantIndex(role: Role): void {
    this.allowOnRecordings(role, ['s3:GetObject']);
    this.allowOnKeys('reconciliation/*', role, ['s3:GetObject']);
    if (this.keyArns.length > 0) allow(role, ['kms:Decrypt'], ...this.keyArns);
  }

  /** Allows sharing when to log in to a PBX, and when not to. */
  grantLogins(role: Role): void {
    this.allowOnKeys('sessions/*', role, ['s3:GetObject', 's3:PutObject']);
    this.allowListing(role);
    if (this.keyArns.length > 0) allow(role, ['kms:Decrypt'], ...this.keyArns);
    if (this.keyArn) allow(role, ['kms:GenerateDataKey'], this.keyArn);
  }

  grantRead(role: Role): void {
    this.allowOnRecordings(role, ['s3:GetObject']);
    if (this.keyArns.length > 0) allow(role, ['kms:Decrypt'], ...this.keyArns);
  }

  /** Where presigned links lead, as a source in a Content-Security-Policy. */
  get linkSource(): string {
    const { bucketName, bucketRegionalDomainName } = this.bucket;
    if (Token.isUnresolved(bucketName) || !bucketName.includes('.'))
      return `https://${bucketRegionalDomainName}`;
    // No certificate covers a host name with more dots, so the SDK puts the name of such a bucket into the path.
    const { region, urlSuffix } = Stack.of(this);
    return `https://s3.${region}.${urlSuffix}/${bucketName}/`;
  }

  private allowOnRecordings(role: Role, actions: string[]): void {
    this.allowOnKeys('recordings/*', role, actions);
    this.allowListing(role);
  }

  private allowOnKeys(keys: string, role: Role, actions: string[]): void {
    allow(role, actions, this.bucket.arnForObjects(keys));
    acceptFindings(role, {
      [`IAM5[Resource::${this.arnInFindings()}/${keys}]`]:
        'The names of the recordings are not known at deployment, and there may be many PBXs.',
    });
  }

  /** Without this, S3 returns 403 instead of 404 for an object that does not exist. */
  private allowListing(role: Role): void {
    allow(role, ['s3:ListBucket'], this.bucket.bucketArn);
  }

  /** The bucket's ARN as cdk-nag writes it. */
  private arnInFindings(): string {
    const stack = Stack.of(this);
    const { defaultChild } = this.bucket.node;
    if (defaultChild) return `<${stack.getLogicalId(defaultChild as CfnBucket)}.Arn>`;
    const partition = Token.isUnresolved(stack.partition) ? '<AWS::Partition>' : stack.partition;
    return `arn:${partition}:s3:::${this.bucket.bucketName}`;
  }

  private createBucket(config: BucketConfig, key: IKey | undefined, allowedOrigins: string[]): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      // S3 refuses to delete a bucket with recordings, so this deletes only what a failed deployment has left empty.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      lifecycleRules: lifecycleRulesFor(config),
      ...encryptionBy(key),
      // Always enabled, though it locks only what is configured: CloudFormation can turn this on for a new bucket
      // only, and would replace the full one with an empty one.
      objectLockEnabled: true,
      ...retentionFor(config),
      ...(allowedOrigins.length > 0 && { cors: [corsFor(allowedOrigins)] }),
    });
    // A bucket that outlives the stack must still refuse plain HTTP.
    bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    // The CDK's `eventBridgeEnabled` would add a helper function with a role of its own, only to set this property.
    const cfnBucket = bucket.node.defaultChild as CfnBucket;
    cfnBucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    acceptFindings(bucket, {
      S1:
        'Access logs would be a second place that collects callers’ numbers (they are in the keys). ' +
        'For an audit trail, turn on CloudTrail data events for this bucket, which miss nothing.',
    });
    return bucket;
  }

  private encryptionKey(config: BucketConfig): IKey | undefined {
    if (config.encryption === 's3') return undefined;
    if (config.kmsKeyArn) return Key.fromKeyArn(this, 'Key', config.kmsKeyArn);
    return new Key(this, 'Key', {
      description: `Encrypts the recordings of ${Stack.of(this).stackName}`,
      enableKeyRotation: true,
      // Not RETAIN_ON_UPDATE_OR_DELETE, as for the bucket: an update that adds the key and then fails would delete it,
      // and with it every recording that was stored meanwhile.
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
