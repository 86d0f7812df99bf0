import { describe, expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { describeRegion, findRegionProblem } from '../../../infra/config/regions.ts';

const pbxs = { office: { baseUrl: 'https://10.0.0.5:8088' } };
const plain = readArchiveConfig({ pbxs, webhook: { plainHttp: true } });

describe('webhook.plainHttp', () => {
  test.each(['us-gov-west-1', 'us-gov-east-1', 'cn-north-1', 'cn-northwest-1'])(
    'cannot be deployed in %s, and the message says what to do instead',
    (region) => {
      const problem = findRegionProblem(plain, region);
      expect(problem).toMatch(/^webhook\.plainHttp needs .*CloudFront/);
      expect(problem).toContain(region);
      expect(problem).toMatch(/reportUrl of the PBX\.$/);
      expect(findRegionProblem(readArchiveConfig({ pbxs }), region)).toBeUndefined();
    },
  );

  test.each(['eu-central-1', 'us-east-1', 'eusc-de-east-1'])('can be deployed in %s', (region) => {
    expect(findRegionProblem(plain, region)).toBeUndefined();
  });
});

describe('events.webhook', () => {
  const webhook = { url: 'https://crm.example.com/events', header: 'x-key', secret: 'crm-key' };
  const config = readArchiveConfig({ pbxs, events: { webhook } });

  test.each(['ca-west-1', 'il-central-1'])('cannot be deployed in %s', (region) => {
    expect(findRegionProblem(config, region)).toMatch(/^events\.webhook needs API destinations .* Remove /);
    expect(findRegionProblem(readArchiveConfig({ pbxs }), region)).toBeUndefined();
  });

  test.each(['eu-central-1', 'us-gov-west-1'])('can be deployed in %s', (region) => {
    expect(findRegionProblem(config, region)).toBeUndefined();
  });
});

describe('a KMS key', () => {
  const keyIn = (region: string, id = '00000000-0000-4000-8000-000000000000', partition = 'aws') =>
    `arn:${partition}:kms:${region}:111122223333:key/${id}`;
  const problemOf = (bucket: object, region: string) =>
    findRegionProblem(readArchiveConfig({ pbxs, bucket }), region);
  const encryptedWith = (kmsKeyArn: string) => ({ encryption: 'kms', kmsKeyArn });
  const multiRegionId = 'mrk-00000000000040008000000000000000';

  test('of another region is refused, because S3 would refuse every recording', () => {
    const problem = problemOf(encryptedWith(keyIn('eu-west-1')), 'eu-central-1');
    expect(problem).toMatch(/^bucket\.kmsKeyArn is in eu-west-1, .* which is eu-central-1\. Give the ARN /);
    expect(problemOf({ existing: 'of-old', ...encryptedWith(keyIn('eu-west-1')) }, 'eu-central-1')).toBe(
      problem,
    );
  });

  test('of another region cannot be the key of recordings that are there', () => {
    const formerKmsKeyArns = [keyIn('eu-central-1'), keyIn('us-east-1')];
    expect(problemOf({ formerKmsKeyArns }, 'eu-central-1')).toMatch(
      /^bucket\.formerKmsKeyArns\.1 is in us-east-1, but /,
    );
  });

  test('is told of together with all others', () => {
    const bucket = { ...encryptedWith(keyIn('eu-west-1')), formerKmsKeyArns: [keyIn('us-east-1')] };
    expect(problemOf(bucket, 'eu-central-1')).toMatch(
      /^bucket\.kmsKeyArn is in eu-west-1, bucket\.formerKmsKeyArns\.0 is in us-east-1, but /,
    );
  });

  test('of several regions is the one that its ARN names', () => {
    expect(problemOf(encryptedWith(keyIn('eu-central-1', multiRegionId)), 'eu-central-1')).toBeUndefined();
    expect(problemOf(encryptedWith(keyIn('eu-west-1', multiRegionId)), 'eu-central-1')).toContain('replica');
  });

  test.each([
    ['eu-central-1', 'aws'],
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
  ])('of the region itself can be used: %s', (region, partition) => {
    const arn = keyIn(region, undefined, partition);
    expect(problemOf({ ...encryptedWith(arn), formerKmsKeyArns: [arn] }, region)).toBeUndefined();
    expect(problemOf({ encryption: 'kms' }, region)).toBeUndefined();
  });
});

test('what differs in a region is said in a sentence or two', () => {
  expect(describeRegion('us-gov-west-1')).toMatch(/JSON log format/);
  expect(describeRegion('cn-north-1')).toMatch(/ICP recordal/);
  expect(describeRegion('eusc-de-east-1')).toMatch(/HTTP APIs/);
  expect(describeRegion('eu-central-1')).toBeUndefined();
});
