/** What the AWS SDK adds to the errors of a service, and to those of the connection to it. */
interface AwsFailure extends Error {
  $metadata: { httpStatusCode?: number };
}

/** Whether a request to AWS has failed, for whatever reason. */
export const isAwsFailure = (error: unknown): error is AwsFailure =>
  error instanceof Error && '$metadata' in error;

/** Statuses of gateways and proxies. AWS has none of them, or explains them. */
const FOREIGN_STATUSES = [302, 303, 407, 502, 504];

/** Whether the response is not one of AWS: the SDK could not read it, or found no error of AWS in it. */
export const isForeign = ({ name, message, $metadata: { httpStatusCode: status = 0 } }: AwsFailure) =>
  message.includes('Deserialization error') || (name === 'Unknown' && FOREIGN_STATUSES.includes(status));

/** Conflicts, conditions, ranges and rates: these concern one request, or one moment. */
const PASSING_STATUSES = [304, 408, 409, 412, 416, 425, 429];

/** Names that say the same, with other statuses. */
const THROTTLING = /Throttl|SlowDown|TooManyRequests|LimitExceeded|^RequestTimeout$/;

/** What S3 says of one object, one upload or one transmission. */
const ONE_OBJECT =
  /^(?:NotFound|NoSuchKey|NoSuchUpload|InvalidPart.*|InvalidRequest|EntityToo.*|KeyTooLong.*|MetadataTooLarge|BadDigest|InvalidDigest|IncompleteBody|.*Mismatch)$/;

/** What errors mean and what to do, by their names in S3, KMS and Secrets Manager. */
const MEANINGS: readonly [names: RegExp, meaning: string][] = [
  [/Expired|^TokenRefreshRequired$/, 'The AWS credentials have expired. Sign in again.'],
  [/^RequestTimeTooSkewed$|^RequestInTheFuture$/, "This machine's clock is wrong. Set it."],
  [
    /^InvalidAccessKeyId$|^InvalidToken$|ClientToken|^UnrecognizedClient|AuthenticationToken/,
    'AWS does not know these credentials. Sign in as for the AWS CLI.',
  ],
  [
    /^SignatureDoesNotMatch$|^(?:Invalid|Incomplete)Signature/,
    'The secret access key is wrong. Sign in as for the AWS CLI.',
  ],
  [
    /^KMS|^(?:De|En)cryptionFailure/,
    'A KMS key cannot be used: that of the bucket, or that of a secret. Enable it, or ask for permission to use it.',
  ],
  [/^NoSuchBucket$/, 'The bucket does not exist. Check account and region, or deploy the stack again.'],
  [/Redirect$|^AuthorizationHeaderMalformed$/, 'The bucket is in another region. Set AWS_REGION.'],
];

/**
 * Says what is wrong and what to do, if AWS has refused a request in a way that does not pass and that the next request
 * would meet as well. Otherwise returns `undefined`.
 */
export function describeRefusal(error: unknown): string | undefined {
  if (!isAwsFailure(error)) return undefined;
  const { name, message, $metadata } = error;
  const { httpStatusCode: status = 0 } = $metadata;
  const isClientError = status >= 300 && status < 500 && !PASSING_STATUSES.includes(status);
  if (!isClientError || THROTTLING.test(name) || ONE_OBJECT.test(name)) return undefined;
  const [, meaning] = MEANINGS.find(([names]) => names.test(name)) ?? [];
  if (meaning !== undefined) return `${meaning} (${name})`;
  // The response to a HEAD request has no body, and so no name.
  const reason = name === 'Unknown' ? `HTTP status ${status}` : `${name}: ${message}`;
  return status === 401 || status === 403
    ? `These AWS credentials lack a permission (${reason}). Ask for it, or sign in as somebody who has it.`
    : `AWS refuses what this command asks for (${reason}).`;
}
