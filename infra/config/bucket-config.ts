import * as v from 'valibot';
import { wholeNumberFrom } from '../../functions/shared/config/parse-settings.ts';

const days = (minDays: number) => v.optional(wholeNumberFrom(minDays));

const keyArnSchema = v.pipe(
  v.string(),
  v.regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'should be the ARN of a KMS key'),
);

/**
 * How the recordings are stored. Only storage classes with immediate access are offered: in any other, a link
 * would not work until the recording has been restored, which takes hours.
 */
export const bucketSchema = v.pipe(
  v.strictObject({
    /** An existing bucket, such as that of a deleted stack. CloudFormation cannot change its settings. */
    existing: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'should be the name of a bucket, not its ARN'),
      ),
    ),
    encryption: v.optional(v.picklist(['s3', 'kms']), 's3'),
    /** An existing key, for `kms`. If absent, the stack creates one. */
    kmsKeyArn: v.optional(keyArnSchema),
    /** Keys that older recordings are encrypted with. */
    formerKmsKeyArns: v.optional(v.array(keyArnSchema), []),
    /** S3's minimum is 30. */
    infrequentAccessAfterDays: days(30),
    glacierInstantRetrievalAfterDays: days(1),
    expireAfterDays: days(1),
    objectLock: v.optional(
      v.strictObject({
        /** With `compliance`, nobody can delete a recording before the days are over, not even the root user. */
        mode: v.picklist(['governance', 'compliance']),
        days: wholeNumberFrom(1, 36_500),
      }),
    ),
  }),
  v.forward(
    v.partialCheck(
      [['encryption'], ['kmsKeyArn']],
      (bucket) => bucket.kmsKeyArn === undefined || bucket.encryption === 'kms',
      'is only valid with encryption kms',
    ),
    ['kmsKeyArn'],
  ),
  v.forward(
    v.partialCheck(
      [['existing'], ['encryption'], ['kmsKeyArn']],
      (bucket) =>
        bucket.existing === undefined || bucket.encryption === 's3' || bucket.kmsKeyArn !== undefined,
      'is required: the stack creates no key for an existing bucket',
    ),
    ['kmsKeyArn'],
  ),
  v.forward(
    v.partialCheck(
      [
        ['existing'],
        ['infrequentAccessAfterDays'],
        ['glacierInstantRetrievalAfterDays'],
        ['expireAfterDays'],
        ['objectLock'],
      ],
      (bucket) =>
        bucket.existing === undefined ||
        (bucket.infrequentAccessAfterDays ??
          bucket.glacierInstantRetrievalAfterDays ??
          bucket.expireAfterDays ??
          bucket.objectLock) === undefined,
      'should not be combined with expiration, storage classes or objectLock: set these on the bucket itself',
    ),
    ['existing'],
  ),
  v.forward(
    v.partialCheck(
      [['infrequentAccessAfterDays'], ['glacierInstantRetrievalAfterDays']],
      // Required by S3, because Infrequent Access is billed for at least 30 days.
      (bucket) => isAtLeast(bucket.glacierInstantRetrievalAfterDays, bucket.infrequentAccessAfterDays, 30),
      'should be at least 30 days after infrequentAccessAfterDays',
    ),
    ['glacierInstantRetrievalAfterDays'],
  ),
  v.forward(
    v.partialCheck(
      [['expireAfterDays'], ['infrequentAccessAfterDays'], ['glacierInstantRetrievalAfterDays']],
      (bucket) =>
        isAtLeast(bucket.expireAfterDays, bucket.infrequentAccessAfterDays, 1) &&
        isAtLeast(bucket.expireAfterDays, bucket.glacierInstantRetrievalAfterDays, 1),
      'should be later than every transition',
    ),
    ['expireAfterDays'],
  ),
  v.forward(
    v.partialCheck(
      [['expireAfterDays'], ['objectLock']],
      (bucket) => isAtLeast(bucket.expireAfterDays, bucket.objectLock?.days, 0),
      'should be at least objectLock.days: a locked recording cannot be deleted',
    ),
    ['expireAfterDays'],
  ),
);

/** True also if either is absent: it then sets no limit. */
function isAtLeast(later: number | undefined, earlier: number | undefined, gapDays: number): boolean {
  return later === undefined || earlier === undefined || later >= earlier + gapDays;
}

export type BucketConfig = v.InferOutput<typeof bucketSchema>;
