import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { METRICS, NAMESPACE } from '../../../functions/shared/telemetry/metrics.ts';
import { findResource, flatten, type Json, synthArchive } from '../stack/synth-archive.ts';

const archive = synthArchive();
const idOf = (type: string, prefix: string) => findResource(archive.resources, type, prefix)[0];
const [topicId] = findResource(archive.resources, 'AWS::SNS::Topic');

const alarms = Object.values(archive.resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');

/** The properties of the alarm that is called so. */
function alarmOf(name: string): { [key: string]: Json } {
  const found = alarms.find(({ Properties }) => Properties.AlarmName === `PbxRecordingArchive-${name}`);
  if (found === undefined) throw new Error(`there is no alarm ${name}`);
  return found.Properties;
}

interface Metric {
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: Json }[];
}

interface Query {
  Id: string;
  Expression?: string;
  MetricStat?: { Metric: Metric; Period: number; Stat: string };
}

const series = ({ Namespace, MetricName, Dimensions }: Metric, statistic: unknown, period: unknown) => {
  const dimensions = Object.fromEntries(Dimensions.map((it) => [it.Name, flatten(it.Value)]));
  return [Namespace, MetricName, dimensions, statistic, period] as const;
};

/** What an alarm on one metric looks at. */
const metricOf = (alarm: { [key: string]: Json }) =>
  series(alarm as unknown as Metric, alarm.Statistic, alarm.Period);

/** The expression of an alarm, and what its letters stand for. */
const mathOf = (alarm: { [key: string]: Json }) => {
  const queries = alarm.Metrics as unknown as Query[];
  const metrics = queries.flatMap(({ Id, MetricStat: it }) =>
    it ? [[Id, series(it.Metric, it.Stat, it.Period)] as const] : [],
  );
  return { expression: queries[0]?.Expression, metrics: Object.fromEntries(metrics) };
};

/** All that an alarm looks at. */
const seriesOf = (alarm: { [key: string]: Json }) =>
  'Metrics' in alarm ? Object.values(mathOf(alarm).metrics) : [metricOf(alarm)];

const stack = { stack: 'PbxRecordingArchive' };
const office = { ...stack, pbx: 'head-office' };
const functionIds = ['CdrWebhook', 'ArchiveRecording', 'PbxSession', 'Reconciliation', 'RecordingLink'].map(
  (prefix) => idOf('AWS::Lambda::Function', prefix),
);
const sumOfFunctions = (metric: string) => ({
  expression: 'FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0) + FILL(m4, 0)',
  metrics: Object.fromEntries(
    functionIds.map((id, n) => [`m${n}`, ['AWS/Lambda', metric, { FunctionName: `<${id}>` }, 'Sum', 300]]),
  ),
});

describe('an alarm of the stack is raised', () => {
  test('by a dead letter, while there is one', () => {
    const queue = idOf('AWS::SQS::Queue', 'DeadLetterQueue');
    expect(metricOf(alarmOf('dead-letters'))).toEqual([
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      { QueueName: `<${queue}.QueueName>` },
      'Maximum',
      300,
    ]);
    expect(alarmOf('dead-letters')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('by a login that is held at any PBX, until somebody says that it is not', () => {
    expect(metricOf(alarmOf('login-held'))).toEqual([NAMESPACE, 'LoginHeld', stack, 'Maximum', 900]);
    expect(alarmOf('login-held')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'ignore',
    });
  });

  test('by one lost recording, for a day', () => {
    expect(metricOf(alarmOf('recording-lost'))).toEqual([NAMESPACE, 'Lost', stack, 'Sum', 3600]);
    expect(alarmOf('recording-lost')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 24,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('by one error of any function', () => {
    expect(mathOf(alarmOf('function-errors'))).toEqual(sumOfFunctions('Errors'));
    expect(alarmOf('function-errors')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('by functions that are throttled for a quarter of an hour', () => {
    expect(mathOf(alarmOf('throttling'))).toEqual(sumOfFunctions('Throttles'));
    expect(alarmOf('throttling')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 3,
      TreatMissingData: 'notBreaching',
    });
    expect(alarmOf('throttling')).not.toHaveProperty('DatapointsToAlarm');
  });

  test('by a PBX that three runs could not reconcile, or by no run at all', () => {
    expect(metricOf(alarmOf('not-reconciled'))).toEqual([NAMESPACE, 'Reconciled', stack, 'Minimum', 3600]);
    expect(alarmOf('not-reconciled')).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });

  test('later where the runs are further apart', () => {
    const reconciliation = { recent: { everyHours: 24, overHours: 48 } };
    synthArchive({ reconciliation }).template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Reconciled',
      Period: 24 * 3600,
    });
  });
});

describe('an alarm of a PBX is raised', () => {
  test('by half an hour without a session, or without anybody who keeps it', () => {
    expect(metricOf(alarmOf('session-down-head-office'))).toEqual([
      NAMESPACE,
      'SessionUp',
      office,
      'Maximum',
      600,
    ]);
    expect(alarmOf('session-down-head-office')).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });

  test('by a job that is four hours old, be it in the queue or tried again and again', () => {
    const queue = idOf('AWS::SQS::Queue', 'Pbxheadoffice');
    const queueName = { QueueName: `<${queue}.QueueName>` };
    expect(mathOf(alarmOf('jobs-waiting-head-office'))).toEqual({
      expression: 'MAX([FILL(queued, 0), FILL(tried, 0)])',
      metrics: {
        queued: ['AWS/SQS', 'ApproximateAgeOfOldestMessage', queueName, 'Maximum', 3600],
        tried: [NAMESPACE, 'JobAge', office, 'Maximum', 3600],
      },
    });
    expect(alarmOf('jobs-waiting-head-office')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 4 * 3600,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('by twelve hours with calls and without a recording', () => {
    expect(mathOf(alarmOf('nothing-archived-head-office'))).toEqual({
      expression: 'IF(jobs > 0 AND archived == 0, 1, 0)',
      metrics: {
        jobs: [NAMESPACE, 'Jobs', office, 'Sum', 6 * 3600],
        archived: [NAMESPACE, 'Archived', office, 'Sum', 6 * 3600],
      },
    });
    expect(alarmOf('nothing-archived-head-office')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 2,
      TreatMissingData: 'notBreaching',
    });
  });

  test('for each PBX by itself, and says for which', () => {
    const office = { baseUrl: 'https://203.0.113.10:8088' };
    const { resources } = synthArchive({ pbxs: { north: office, south: office } });
    const texts = Object.values(resources).map(({ Properties }) => [
      Properties.AlarmName,
      Properties.AlarmDescription,
    ]);
    for (const pbx of ['north', 'south']) {
      for (const heading of ['session-down', 'jobs-waiting', 'nothing-archived']) {
        const name = `PbxRecordingArchive-${heading}-${pbx}`;
        expect(texts).toContainEqual([name, expect.stringMatching(new RegExp(`^PBX ${pbx}: `))]);
      }
    }
  });
});

describe('every alarm', () => {
  test('is told when it begins and when it is over', () => {
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({
        AlarmActions: [{ Ref: topicId }],
        OKActions: [{ Ref: topicId }],
      });
    }
  });

  test('looks back no further than CloudWatch can: a day, or seven with periods of an hour and more', () => {
    for (const { Properties } of alarms) {
      for (const [, , , , period] of seriesOf(Properties)) {
        const limit = Number(period) < 3600 ? 86_400 : 7 * 86_400;
        expect(Number(period) * Number(Properties.EvaluationPeriods)).toBeLessThanOrEqual(limit);
      }
    }
  });

  test('of ours looks at a metric that the functions publish by these dimensions', () => {
    const ours = alarms
      .flatMap(({ Properties }) => seriesOf(Properties))
      .filter(([namespace]) => namespace === NAMESPACE);
    expect(ours).toHaveLength(7);
    for (const [, name, { stack, ...others }] of ours) {
      expect(stack).toBe('PbxRecordingArchive');
      const dimensions = Object.keys(others).length > 0 ? Object.keys(others) : ['stack'];
      expect(METRICS).toHaveProperty(`${name}.by`, expect.arrayContaining(dimensions));
    }
  });
});

describe('the topic', () => {
  test('takes what this account’s alarms say, and nothing in plain text', () => {
    archive.template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      Topics: [{ Ref: topicId }],
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Effect: 'Deny',
            Principal: '*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Resource: { Ref: topicId },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ],
      },
    });
    // Alarms may not use the key that AWS manages.
    archive.template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.absent() });
    expect(archive.outputs.AlarmTopicArn?.Value).toEqual({ Ref: topicId });
  });

  test('goes to the configured e-mail address, or to nobody', () => {
    const { template } = synthArchive({ alarms: { email: 'pbx@company.example' } });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'pbx@company.example',
    });
    archive.template.resourceCountIs('AWS::SNS::Subscription', 0);
  });
});
