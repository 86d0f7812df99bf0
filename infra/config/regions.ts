import type { ArchiveConfig } from './archive-config.ts';

const isIn = (partition: 'cn' | 'eusc' | 'us-gov', region: string) => region.startsWith(`${partition}-`);

/** Where CloudFormation has no API destinations, by AWS's resource specification of November 2026. */
const WITHOUT_API_DESTINATIONS: readonly string[] = [
  'ap-east-2',
  'ap-southeast-5',
  'ap-southeast-6',
  'ca-west-1',
  'il-central-1',
  'mx-central-1',
];

/** Why the configuration cannot be deployed in `region`, or `undefined` if nothing is known against it. */
export const findRegionProblem = (config: ArchiveConfig, region: string): string | undefined =>
  findPlainHttpProblem(config, region) ??
  findWebhookProblem(config, region) ??
  findKeyProblem(config, region);

function findPlainHttpProblem({ webhook }: ArchiveConfig, region: string): string | undefined {
  if (!webhook.plainHttp) return undefined;
  const instead =
    'Remove the setting, let a proxy of yours accept the reports over HTTP and forward them to the stack over HTTPS, and give its address as reportUrl of the PBX.';
  if (isIn('us-gov', region)) {
    return `webhook.plainHttp needs CloudFront, which is not available in AWS GovCloud (${region}). ${instead}`;
  }
  if (isIn('cn', region)) {
    return `webhook.plainHttp needs the host name of a CloudFront distribution, and in China (${region}) CloudFront serves only domains of your own that have an ICP registration. ${instead}`;
  }
  return undefined;
}

function findWebhookProblem({ events }: ArchiveConfig, region: string): string | undefined {
  if (events.webhook === undefined || !WITHOUT_API_DESTINATIONS.includes(region)) return undefined;
  return `events.webhook needs API destinations of EventBridge, which ${region} does not have. Remove the setting, and let a rule of yours pass the events on, for example to a function.`;
}

/**
 * S3 accepts any key when the encryption of a bucket is set, and refuses the objects later ("Amazon S3 does not validate
 * the KMS key ID", API reference of PutBucketEncryption). A replica of a multi-Region key has an ARN of its own region.
 */
function findKeyProblem({ bucket }: ArchiveConfig, region: string): string | undefined {
  const arns = [
    ['kmsKeyArn', bucket.kmsKeyArn] as const,
    ...bucket.formerKmsKeyArns.map((arn, index) => [`formerKmsKeyArns.${index}`, arn] as const),
  ];
  const elsewhere = arns.flatMap(([setting, arn]) => {
    const keyRegion = arn?.split(':')[3];
    return keyRegion === undefined || keyRegion === region ? [] : [`bucket.${setting} is in ${keyRegion}`];
  });
  if (elsewhere.length === 0) return undefined;
  return `${elsewhere.join(', ')}, but S3 uses only keys in the region of the bucket, which is ${region}. Give the ARN of a key there (a multi-Region key has another one for its replica), or set AWS_REGION to the region of the key.`;
}

/** What to know before deploying in `region`. The sources are AWS's own lists of differences, which change. */
export function describeRegion(region: string): string | undefined {
  if (isIn('us-gov', region)) {
    return 'AWS lists the JSON log format of Lambda, which the functions use, as not available in GovCloud. Check this before you deploy.';
  }
  if (isIn('cn', region)) {
    return 'In China, API Gateway passes on the reports of the PBXs only if your account has an ICP recordal. Have it before you deploy.';
  }
  if (isIn('eusc', region)) {
    return 'In the European Sovereign Cloud, some services came later than others. Check that API Gateway offers HTTP APIs there before you deploy.';
  }
  return undefined;
}
