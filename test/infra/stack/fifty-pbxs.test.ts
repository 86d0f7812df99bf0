import { describe, expect, test } from 'vitest';
import { largestSettings, longestPbxIds } from './largest-stack.ts';
import { flatten, synthArchive } from './synth-archive.ts';

const { resources } = synthArchive(largestSettings);

const propertiesOf = (type: string) =>
  Object.values(resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []));

/** Whether they fit into what AWS allows is in quotas.test.ts. */
describe('fifty PBXs with everything turned on', () => {
  test('have unique alarm names', () => {
    const names = propertiesOf('AWS::CloudWatch::Alarm').map(({ AlarmName }) => flatten(AlarmName));
    expect(new Set(names).size).toBe(11 + 2 * 50 + 2 * 10);
    expect(names).toHaveLength(new Set(names).size);
  });

  test('have one inline policy per role, and overflow into managed policies', () => {
    const roles = propertiesOf('AWS::IAM::Policy').map(({ Roles }) => flatten(Roles));
    expect(new Set(roles).size).toBe(roles.length);
    expect(propertiesOf('AWS::IAM::ManagedPolicy').length).toBeGreaterThan(0);
  });

  test('make each function depend on all its policies', () => {
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

  test('have a queue each', () => {
    const names = propertiesOf('AWS::SQS::Queue').flatMap(({ QueueName }) =>
      QueueName === undefined ? [] : [flatten(QueueName)],
    );
    expect(new Set(names).size).toBe(longestPbxIds.length);
  });
});
