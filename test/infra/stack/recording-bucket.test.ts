import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { findResource, flatten, type Json, statementsOf, synthArchive } from './synth-archive.ts';

const plain = synthArchive();

function bucketWith(bucket: Record<string, unknown>) {
  const synthesized = synthArchive({ bucket });
  const [, { Properties }] = findResource(synthesized.resources, 'AWS::S3::Bucket');
  return { ...synthesized, properties: Properties };
}

const rulesOf = (properties: { [key: string]: Json }) =>
  (properties.LifecycleConfiguration as unknown as { Rules: Record<string, Json>[] }).Rules;

describe('the bucket', () => {
  const [, bucket] = findResource(plain.resources, 'AWS::S3::Bucket');

  test('is private, versioned, encrypted, and ready for Object Lock', () => {
    expect(bucket.Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      ObjectLockEnabled: true,
    });
  });

  test('rejects plain HTTP, even after the stack is deleted', () => {
    plain.template.hasResource('AWS::S3::BucketPolicy', {
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Effect: 'Deny',
              Principal: { AWS: '*' },
              Action: 's3:*',
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            }),
          ]),
        },
      },
    });
  });

  test('is retained when the stack is deleted, but not when the first deployment fails', () => {
    plain.template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('notifies EventBridge of every recording, without a helper function', () => {
    expect(bucket.Properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
  });

  test('deletes unfinished uploads and replaced login states after a day, and nothing else unless configured', () => {
    expect(rulesOf(bucket.Properties)).toEqual([
      { Id: 'AbortUploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
      {
        Id: 'DropLoginVersions',
        Status: 'Enabled',
        Prefix: 'sessions/',
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ]);
    expect(bucket.Properties).not.toHaveProperty('ObjectLockConfiguration');
  });
});

describe('the configured bucket', () => {
  test('moves recordings to cheaper storage classes with instant access', () => {
    const { properties } = bucketWith({
      infrequentAccessAfterDays: 30,
      glacierInstantRetrievalAfterDays: 90,
    });
    expect(rulesOf(properties)).toContainEqual({
      Id: 'Transition',
      Status: 'Enabled',
      Transitions: [
        { StorageClass: 'STANDARD_IA', TransitionInDays: 30 },
        { StorageClass: 'GLACIER_IR', TransitionInDays: 90 },
      ],
    });
  });

  test('deletes expired recordings for good a week later, and their delete markers', () => {
    const { properties } = bucketWith({ expireAfterDays: 365 });
    expect(rulesOf(properties)).toEqual([
      expect.objectContaining({ Id: 'AbortUploads' }),
      expect.objectContaining({ Id: 'DropLoginVersions' }),
      {
        Id: 'Expire',
        Status: 'Enabled',
        ExpirationInDays: 365,
        NoncurrentVersionExpiration: { NoncurrentDays: 7 },
      },
      { Id: 'DropDeleteMarkers', Status: 'Enabled', ExpiredObjectDeleteMarker: true },
    ]);
  });

  test.each([
    ['governance', 'GOVERNANCE'],
    ['compliance', 'COMPLIANCE'],
  ])('locks recordings in %s mode', (mode, Mode) => {
    const { properties } = bucketWith({ objectLock: { mode, days: 180 } });
    expect(properties.ObjectLockConfiguration).toEqual({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode, Days: 180 } },
    });
  });

  test('encrypts with an existing KMS key', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000';
    const { properties, template } = bucketWith({ encryption: 'kms', kmsKeyArn });
    expect(properties.BucketEncryption).toEqual({
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: kmsKeyArn },
        },
      ],
    });
    template.resourceCountIs('AWS::KMS::Key', 0);
  });

  test('encrypts with a KMS key of the stack that rotates and is retained', () => {
    const { template, resources, outputs } = bucketWith({ encryption: 'kms' });
    const [keyId] = findResource(resources, 'AWS::KMS::Key');
    expect(flatten(outputs.RecordingsKeyArn?.Value)).toBe(`<${keyId}.Arn>`);
    template.hasResource('AWS::KMS::Key', {
      Properties: { EnableKeyRotation: true },
      DeletionPolicy: 'Retain',
    });
  });
});

describe('an existing bucket', () => {
  const kmsKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000';
  const existing = 'pbxrecordingarchive-recordings-1x2y3z';
  const { template, resources, outputs } = synthArchive({ bucket: { existing } });

  test('is used instead of a new one, and nothing about it is changed', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'AWS::KMS::Key']) {
      template.resourceCountIs(type, 0);
    }
    expect(outputs.RecordingsBucket?.Value).toBe(existing);
    expect(outputs).not.toHaveProperty('RecordingsKeyArn');
    for (const prefix of ['ArchiveRecording', 'Reconciliation', 'RecordingLink']) {
      const [, { Properties }] = findResource(resources, 'AWS::Lambda::Function', prefix);
      expect(Properties.Environment).toMatchObject({ Variables: { BUCKET_NAME: existing } });
    }
  });

  test('is granted to the functions as a new one is, with its key', () => {
    const grantsOf = (bucket: object) => {
      const synthesized = synthArchive({ bucket });
      const own = Object.entries(synthesized.resources).find(([, { Type }]) => Type === 'AWS::S3::Bucket');
      return ['ArchiveRecording', 'Reconciliation', 'RecordingLink'].map((prefix) =>
        statementsOf(synthesized.resources, prefix).flatMap(({ Action, Resource }) =>
          [Resource]
            .flat()
            .map((arn) => `${[Action].flat().join()} ${flatten(arn)}`)
            .filter((grant) => /(?:s3|kms):/.test(grant))
            .map((grant) =>
              grant.replace(own ? `<${own[0]}.Arn>` : `arn:<AWS::Partition>:s3:::${existing}`, 'BUCKET'),
            ),
        ),
      );
    };
    const kms = { encryption: 'kms', kmsKeyArn };
    expect(grantsOf({ existing })).toEqual(grantsOf({}));
    expect(grantsOf({ existing, ...kms })).toEqual(grantsOf(kms));
    expect(
      grantsOf({ existing, ...kms })
        .flat()
        .filter((grant) => grant.includes(kmsKeyArn)),
    ).toHaveLength(3);
  });
});
