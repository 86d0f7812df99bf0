import type { AcceptedFinding } from './findings.ts';

/** Findings that are not flaws of this stack. Those of cdk-nag are accepted in infra/stack, beside the construct. */
export const ACCEPTED_FINDINGS: readonly AcceptedFinding[] = [
  {
    rule: 'W3005',
    resource: 'AWS::Lambda::Function.',
    reason:
      'The CDK makes a function depend on its role and the policies of that role. Only the dependency on the role is ' +
      'redundant, and it does no harm.',
  },
  {
    rule: 'CKV_AWS_18',
    resource: 'AWS::S3::Bucket.Recordings',
    reason:
      'Access logs would be a second place that collects callers’ numbers. CloudTrail data events miss nothing.',
  },
  {
    rule: 'CKV_AWS_26',
    resource: 'AWS::SNS::Topic.OperationTopic',
    reason:
      'CloudWatch may not use the key that AWS manages for SNS. The messages name no call, and leave by e-mail anyway.',
  },
  {
    rule: 'CKV_AWS_27',
    resource: 'AWS::SQS::Queue.',
    reason: 'The queues are encrypted with a key of SQS (SqsManagedSseEnabled). checkov looks for a KMS key.',
  },
  {
    rule: 'CKV_AWS_28',
    resource: 'AWS::DynamoDB::Table.IndexTable',
    reason:
      'The index is made from the bucket, by npm run reindex too. The table that cannot be rebuilt has backups.',
  },
  {
    rule: 'CKV_AWS_34',
    resource: 'AWS::CloudFront::Distribution.PlainHttpFront',
    reason: 'This endpoint exists to accept plain HTTP, and only under /reports/.',
  },
  {
    rule: 'CKV_AWS_68',
    resource: 'AWS::CloudFront::Distribution.PlainHttpFront',
    reason:
      'The secret in the path authorizes, and API Gateway throttles. A WAF costs more than the rest of the stack.',
  },
  {
    rule: 'CKV_AWS_86',
    resource: 'AWS::CloudFront::Distribution.PlainHttpFront',
    reason: 'An access log would contain the path, and the path contains the secret.',
  },
  {
    rule: 'CKV_AWS_111',
    resource: 'AWS::IAM::Policy.',
    reason:
      "Lambda's documentation requires the EC2 actions for network interfaces on all resources. cdk-nag finds any " +
      'other wildcard.',
  },
  {
    rule: 'CKV_AWS_115',
    resource: 'AWS::Lambda::Function.',
    reason:
      'A new account can run ten functions at once and may reserve none of these. maxConcurrency limits the downloads, ' +
      'and API Gateway throttles the rest.',
  },
  {
    rule: 'CKV_AWS_116',
    resource: 'AWS::Lambda::Function.',
    reason:
      'What must not be lost comes through queues that have a dead-letter queue. After a failed scheduled run, the next ' +
      'one does its work, and errors raise an alarm.',
  },
  {
    rule: 'CKV_AWS_117',
    resource: 'AWS::Lambda::Function.',
    reason:
      'A VPC is a setting (network), for the functions that talk to a PBX. The others talk to AWS alone, and permissions ' +
      'protect what they reach.',
  },
  {
    rule: 'CKV_AWS_119',
    resource: 'AWS::DynamoDB::Table.',
    reason:
      'The tables are encrypted with a key of DynamoDB. With a customer-managed key, whoever disables it could put the ' +
      'access log out of service.',
  },
  {
    rule: 'CKV_AWS_149',
    resource: 'AWS::SecretsManager::Secret.',
    reason:
      'The secrets are encrypted with the key that AWS manages for Secrets Manager. Only access from other accounts ' +
      'would need another key, and there is none.',
  },
  {
    rule: 'CKV_AWS_158',
    resource: 'AWS::Logs::LogGroup.',
    reason: 'CloudWatch Logs encrypts every log group. The logs contain neither phone numbers nor secrets.',
  },
  {
    rule: 'CKV_AWS_173',
    resource: 'AWS::Lambda::Function.',
    reason: 'Lambda encrypts environment variables with a key of its own. They contain names, and no secret.',
  },
  {
    rule: 'CKV_AWS_174',
    resource: 'AWS::CloudFront::Distribution.PlainHttpFront',
    reason: 'The default certificate of CloudFront does not allow a higher minimum.',
  },
];
