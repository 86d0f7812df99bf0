import * as v from 'valibot';

const days = (least: number) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(least, `should be at least ${least}`)));

/**
 * How the recordings are kept. Only storage classes that are read at once are on offer: a link to a
 * recording that first has to be restored would be broken for hours.
 */
export const bucketSchema = v.pipe(
  v.strictObject({
    encryption: v.optional(v.picklist(['s3', 'kms']), 's3'),
    /** With `kms`: an existing key of yours. Without it the stack makes one. */
    kmsKeyArn: v.optional(
      v.pipe(
        v.string(),
        v.regex(
          /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
          'should be the ARN of a KMS key',
        ),
      ),
    ),
    /** S3 refuses less than 30. */
    infrequentAccessAfterDays: days(30),
    glacierInstantRetrievalAfterDays: days(1),
    expireAfterDays: days(1),
    objectLock: v.optional(
      v.strictObject({
        /** `compliance` cannot be undone by anyone, the account's root user included, before the days are over. */
        mode: v.picklist(['governance', 'compliance']),
        days: v.pipe(
          v.number(),
          v.integer(),
          v.minValue(1, 'should be at least 1'),
          v.maxValue(36_500, 'should be at most 36500'),
        ),
      }),
    ),
  }),
  v.forward(
    v.partialCheck(
      [['encryption'], ['kmsKeyArn']],
      (bucket) => bucket.kmsKeyArn === undefined || bucket.encryption === 'kms',
      'should only be given with encryption kms',
    ),
    ['kmsKeyArn'],
  ),
  v.forward(
    v.partialCheck(
      [['infrequentAccessAfterDays'], ['glacierInstantRetrievalAfterDays']],
      // S3's rule, because Infrequent Access is paid for 30 days at least.
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
      'should not be earlier than objectLock.days: a locked recording cannot be removed',
    ),
    ['expireAfterDays'],
  ),
);

/** What is not configured is in nobody's way. */
function isAtLeast(later: number | undefined, earlier: number | undefined, gapDays: number): boolean {
  return later === undefined || earlier === undefined || later >= earlier + gapDays;
}

export type BucketConfig = v.InferOutput<typeof bucketSchema>;
