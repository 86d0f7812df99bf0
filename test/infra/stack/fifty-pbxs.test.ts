import { describe, expect, test } from 'vitest';
import { findResource, flatten, type Json, type Resource, synthArchive } from './synth-archive.ts';

/** The longest names that the configuration allows, in the partition with the longest ARNs. */
const stackName = 'A'.repeat(39);
const pbxIds = Array.from({ length: 50 }, (_, n) => `branch-${'x'.repeat(30)}-${String(n).padStart(2, '0')}`);
const network = {
  vpcId: 'vpc-0a000000',
  subnetIds: ['subnet-0a000000', 'subnet-0b000000'],
  endpoints: 'create',
  routeTableIds: ['rtb-0a000000'],
};
const { resources, outputs } = synthArchive({
  stackName,
  network,
  pbxs: Object.fromEntries(pbxIds.map((id, n) => [id, { baseUrl: `https://10.0.${n}.10:8088` }])),
  bucket: { encryption: 'kms', expireAfterDays: 365 },
  alarms: { email: 'pbx@company.example' },
  webhook: { plainHttp: true },
});

const service = 'us-gov-west-1:123456789012';
function arnOf(id: string): string {
  const { Type, Properties } = resources[id] ?? { Type: '', Properties: {} };
  if (Type === 'AWS::SQS::Queue') {
    // Names that CloudFormation makes up have at most 80 characters.
    return `arn:aws-us-gov:sqs:${service}:${Properties.QueueName ?? 'q'.repeat(80)}`;
  }
  if (Type === 'AWS::SecretsManager::Secret') {
    return `arn:aws-us-gov:secretsmanager:${service}:secret:${Properties.Name}-AbCdEf`;
  }
  return `arn:aws-us-gov:${'x'.repeat(140)}`;
}

/** As IAM will see it: with ARNs in the place of references. */
function deployed(value: Json): Json {
  if (Array.isArray(value)) return value.map(deployed);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.Ref === 'string') return arnOf(value.Ref);
  const getAtt = value['Fn::GetAtt'];
  if (Array.isArray(getAtt)) return arnOf(String(getAtt[0]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, deployed(inner)]));
}

const policiesOf = (type: string) =>
  Object.values(resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }: Resource) => ({
      role: JSON.stringify(Properties.Roles),
      characters: JSON.stringify(deployed(Properties.PolicyDocument ?? null)).length,
    }));

describe('fifty PBXs with everything turned on', () => {
  test('fit one stack, with room left below the 500 resources of CloudFormation', () => {
    expect(Object.keys(resources).length).toBeLessThan(480);
    expect(Object.keys(outputs).length).toBeLessThan(200);
  });

  test('fit one dashboard: 500 metrics in a graph, 2,500 in all, as far as they are known beforehand', () => {
    const [, { Properties }] = findResource(resources, 'AWS::CloudWatch::Dashboard');
    const { widgets } = JSON.parse(flatten(Properties.DashboardBody));
    const counts: number[] = widgets.map(
      ({ properties }: { properties: { metrics?: unknown[] } }) => properties.metrics?.length ?? 0,
    );
    expect(Math.max(...counts)).toBe(50);
    expect(counts.reduce((sum, count) => sum + count)).toBeLessThan(100);
  });

  test('have alarm names within 255 characters, each only once', () => {
    const names = Object.values(resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::CloudWatch::Alarm' ? [String(Properties.AlarmName)] : [],
    );
    expect(new Set(names).size).toBe(6 + 3 * 50);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(255);
  });

  test('fit the inline policies of a role: 10,240 characters', () => {
    const inline = policiesOf('AWS::IAM::Policy');
    expect(new Set(inline.map(({ role }) => role)).size).toBe(inline.length);
    for (const { characters } of inline) expect(characters).toBeLessThanOrEqual(10_240);
  });

  test('overflow into managed policies that keep their limits: 6,144 characters, ten for a role', () => {
    const managed = policiesOf('AWS::IAM::ManagedPolicy');
    for (const { characters } of managed) expect(characters).toBeLessThanOrEqual(6144);
    for (const policies of Map.groupBy(managed, ({ role }) => role).values()) {
      expect(policies.length).toBeLessThanOrEqual(10);
    }
  });

  test('leave each function waiting for all of its policies', () => {
    const { DependsOn } =
      Object.values(resources).find(
        ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Timeout === 900,
      ) ?? {};
    const overflow = Object.keys(resources).filter((id) =>
      id.startsWith('ArchiveRecordingRoleOverflowPolicy'),
    );
    expect(overflow.length).toBeGreaterThan(0);
    expect(DependsOn).toEqual(expect.arrayContaining(overflow));
  });

  test('have queue names within 80 characters', () => {
    const names = Object.values(resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::SQS::Queue' && Properties.QueueName ? [String(Properties.QueueName)] : [],
    );
    expect(names).toHaveLength(50);
    expect(Math.max(...names.map((name) => name.length))).toBe(80);
  });
});
