import { App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { ArchiveStack } from '../../../infra/stack/archive-stack.ts';
import { context, officeOnly } from './synth-archive.ts';

/** Has every check of `cdk synth`: the AwsSolutions rules of cdk-nag, and the template validation of the CDK. */
function createCheckedApp(): App {
  const app = new App({ context });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

const place = { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d'] };
const variants = {
  'the smallest configuration': {},
  'fifty PBXs': {
    pbxs: Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`branch-${n}`, { baseUrl: `https://10.0.${n}.10:8088` }]),
    ),
  },
  'links by IAM': { links: { authorization: { type: 'iam' } } },
  'links by JWT': {
    links: { authorization: { type: 'jwt', issuer: 'https://login.example/', audience: ['recordings'] } },
  },
  'a VPC with new endpoints': {
    network: { ...place, endpoints: 'create', routeTableIds: ['rtb-0a1b2c3d'] },
  },
  'a VPC with existing endpoints and security groups': {
    network: { ...place, endpoints: 'existing', securityGroupIds: ['sg-0a1b2c3d'] },
  },
  'a plain HTTP endpoint': { webhook: { plainHttp: true } },
  'a new KMS key': { bucket: { encryption: 'kms' } },
  'an existing KMS key': {
    bucket: {
      encryption: 'kms',
      kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000',
    },
  },
  'an existing bucket': {
    bucket: {
      existing: 'recordings-of-old',
      formerKmsKeyArns: ['arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000'],
    },
  },
  'links for other origins': { links: { allowedOrigins: ['https://crm.example.com'] } },
  'every retention setting': {
    logRetentionDays: 365,
    tags: { department: 'support' },
    bucket: {
      infrequentAccessAfterDays: 30,
      glacierInstantRetrievalAfterDays: 90,
      expireAfterDays: 3650,
      objectLock: { mode: 'compliance', days: 3650 },
    },
  },
};

describe('the checks at synth', () => {
  test.each(Object.entries(variants))('accept %s', (_name, config) => {
    const app = createCheckedApp();
    new ArchiveStack(app, readArchiveConfig({ ...officeOnly, ...config }));
    expect(() => app.synth()).not.toThrow();
  });

  test.each(['cn-north-1', 'eusc-de-east-1'])('accept %s', (region) => {
    const app = createCheckedApp();
    const bucket = { existing: 'recordings-of-old' };
    const network = { ...place, endpoints: 'create', routeTableIds: ['rtb-0a1b2c3d'] };
    new ArchiveStack(app, readArchiveConfig({ ...officeOnly, bucket, network }), { env: { region } });
    expect(() => app.synth()).not.toThrow();
  });

  test('reject a finding that is not accepted with a reason', () => {
    const app = createCheckedApp();
    new Bucket(new Stack(app, 'Careless'), 'Bucket');
    expect(() => app.synth()).toThrow(/AwsSolutions-S1\b/);
  });
});
