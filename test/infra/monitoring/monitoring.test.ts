import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { METRICS, NAMESPACE } from '../../../functions/shared/telemetry/metrics.ts';
import { findResource, flatten, type Json, synthArchive } from '../stack/synth-archive.ts';

const archive = synthArchive();
const idOf = (type: string, prefix: string) => findResource(archive.resources, type, prefix)[0];
const [topicId] = findResource(archive.resources, 'AWS::SNS::Topic');

const alarms = Object.values(archive.resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');

/** The properties of the alarm with this name. */
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
  const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, flatten(Value)]));
  return [Namespace, MetricName, dimensions, statistic, period] as const;
};

/** The series of an alarm on one metric. */
const metricOf = (alarm: { [key: string]: Json }) =>
  series(alarm as unknown as Metric, alarm.Statistic, alarm.Period);

/** The expression of an alarm on several metrics, and the series of its variables. */
const mathOf = (alarm: { [key: string]: Json }) => {
  const queries = alarm.Metrics as unknown as Query[];
  const metrics = queries.flatMap(({ Id, MetricStat }) =>
    MetricStat ? [[Id, series(MetricStat.Metric, MetricStat.Stat, MetricStat.Period)] as const] : [],
  );
  return { expression: queries[0]?.Expression, metrics: Object.fromEntries(metrics) };
};

/** All series of an alarm. */
const seriesOf = (alarm: { [key: string]: Json }) =>
  'Metrics' in alarm ? Object.values(mathOf(alarm).metrics) : [metricOf(alarm)];

const stack = { stack: 'PbxRecordingArchive' };
const office = { ...stack, pbx: 'head-office' };
const functionIds = [
  'CdrWebhook',
  'ArchiveRecording',
  'PbxSession',
  'Reconciliation',
  'Index',
  'RecordingLink',
  'ArchiveApi',
  'Page',
].map((prefix) => idOf('AWS::Lambda::Function', prefix));
const sumOfFunctions = (metric: string) => ({
  expression: functionIds.map((_, n) => `FILL(m${n}, 0)`).join(' + '),
  metrics: Object.fromEntries(
    functionIds.map((id, n) => [`m${n}`, ['AWS/Lambda', metric, { FunctionName: `<${id}>` }, 'Sum', 300]]),
  ),
});

describe('an alarm of the stack is raised', () => {
  test('by the clock of a PBX that has been wrong for three hours', () => {
    expect(metricOf(alarmOf('clock-wrong'))).toEqual([NAMESPACE, 'ClockSkew', stack, 'Maximum', 3600]);
    expect(alarmOf('clock-wrong')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 3,
      TreatMissingData: 'notBreaching',
    });
  });

  test('by a dead letter, for as long as there is one', () => {
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

  test('by a held login of any PBX, and keeps its state while no data arrives', () => {
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

  test('by throttling that lasts a quarter of an hour', () => {
    expect(mathOf(alarmOf('throttling'))).toEqual(sumOfFunctions('Throttles'));
    expect(alarmOf('throttling')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 3,
      TreatMissingData: 'notBreaching',
    });
    expect(alarmOf('throttling')).not.toHaveProperty('DatapointsToAlarm');
  });

  test('by a PBX that three runs could not reconcile, or by a lack of runs', () => {
    expect(metricOf(alarmOf('not-reconciled'))).toEqual([NAMESPACE, 'Reconciled', stack, 'Minimum', 3600]);
    expect(alarmOf('not-reconciled')).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });

  test('by unreadable rows of any PBX in two runs in a row, until a run finds none', () => {
    expect(metricOf(alarmOf('cdr-rows-unreadable'))).toEqual([
      NAMESPACE,
      'UnreadableRows',
      stack,
      'Maximum',
      3600,
    ]);
    expect(alarmOf('cdr-rows-unreadable')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 2,
      TreatMissingData: 'ignore',
    });
    // The daily run, which looks back a week, is the only one of its hour, at most.
    expect(alarmOf('cdr-rows-unreadable')).not.toHaveProperty('DatapointsToAlarm');
  });

  test('later when the runs are further apart', () => {
    const reconciliation = { recent: { everyHours: 24, overHours: 48 } };
    synthArchive({ reconciliation }).template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Reconciled',
      Period: 24 * 3600,
    });
  });
});

describe('an alarm of a PBX is raised', () => {
  test('by half an hour without a session or without a report about it', () => {
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

  test('by a job that is four hours old, in the queue or in retries', () => {
    const queue = idOf('AWS::SQS::Queue', 'Pbxheadoffice');
    const queueName = { QueueName: `<${queue}.QueueName>` };
    expect(mathOf(alarmOf('jobs-waiting-1'))).toEqual({
      expression: 'MAX([FILL(queued0, 0), FILL(tried0, 0)])',
      metrics: {
        queued0: ['AWS/SQS', 'ApproximateAgeOfOldestMessage', queueName, 'Maximum', 3600],
        tried0: [NAMESPACE, 'JobAge', office, 'Maximum', 3600],
      },
    });
    expect(alarmOf('jobs-waiting-1')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 4 * 3600,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('by twelve hours with jobs but without an archived recording', () => {
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

  test('by a day in which every job comes from reconciliation, so no call was reported', () => {
    expect(mathOf(alarmOf('no-reports-1'))).toEqual({
      expression: 'IF(FILL(queued0, 0) > 0 AND FILL(jobs0, 0) <= FILL(queued0, 0), 1, 0)',
      metrics: {
        queued0: [NAMESPACE, 'Queued', office, 'Sum', 24 * 3600],
        jobs0: [NAMESPACE, 'Jobs', office, 'Sum', 24 * 3600],
      },
    });
    expect(alarmOf('no-reports-1')).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('that no call was reported together with those of four others: CloudWatch allows ten metrics', () => {
    const office = { baseUrl: 'https://203.0.113.10:8088' };
    const ids = Array.from({ length: 6 }, (_, n) => `branch-${n}`);
    const { resources } = synthArchive({ pbxs: Object.fromEntries(ids.map((id) => [id, office])) });
    const found = Object.values(resources)
      .filter(({ Properties }) => String(Properties.AlarmName).includes('no-reports'))
      .map(({ Properties }) => ({
        name: Properties.AlarmName,
        metrics: seriesOf(Properties).length,
        pbxs: ids.filter((id) => String(Properties.AlarmDescription).includes(id)),
      }));
    expect(found).toEqual([
      { name: 'PbxRecordingArchive-no-reports-1', metrics: 10, pbxs: ids.slice(0, 5) },
      { name: 'PbxRecordingArchive-no-reports-2', metrics: 2, pbxs: ids.slice(5) },
    ]);
  });

  test('for each PBX separately, and names the PBX', () => {
    const office = { baseUrl: 'https://203.0.113.10:8088' };
    const { resources } = synthArchive({ pbxs: { north: office, south: office } });
    const texts = Object.values(resources).map(({ Properties }) => [
      Properties.AlarmName,
      Properties.AlarmDescription,
    ]);
    for (const pbx of ['north', 'south']) {
      for (const heading of ['session-down', 'nothing-archived']) {
        const name = `PbxRecordingArchive-${heading}-${pbx}`;
        expect(texts).toContainEqual([name, expect.stringMatching(new RegExp(`^PBX ${pbx}: `))]);
      }
    }
  });
});

describe('every alarm', () => {
  test('says what is wrong, how soon to act, what happens until then, and where to look what to do', () => {
    expect(alarmOf('session-down-head-office').AlarmDescription).toBe(
      'PBX head-office: No session for 30 minutes. Act now. The PBX sends no reports, so new recordings exist on the ' +
        'PBX alone and are lost as soon as it deletes them. What to do: docs/runbook.md#session-down',
    );
    for (const { Properties } of alarms) {
      expect(Properties.AlarmDescription).toMatch(/\. Act (?:now|today|this week)\. [A-Z].*\. What to do: /);
      // CloudWatch's limit.
      expect(String(Properties.AlarmDescription).length).toBeLessThanOrEqual(1024);
    }
  });

  test('notifies the topic when it starts and when it ends', () => {
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({
        AlarmActions: [{ Ref: topicId }],
        OKActions: [{ Ref: topicId }],
      });
    }
  });

  test('looks back no further than CloudWatch allows: a day, or seven days with periods of at least an hour', () => {
    for (const { Properties } of alarms) {
      for (const [, , , , period] of seriesOf(Properties)) {
        const limit = Number(period) < 3600 ? 86_400 : 7 * 86_400;
        expect(Number(period) * Number(Properties.EvaluationPeriods)).toBeLessThanOrEqual(limit);
      }
    }
  });

  test('on our own metrics uses a metric and dimensions that the functions publish', () => {
    const ours = alarms
      .flatMap(({ Properties }) => seriesOf(Properties))
      .filter(([namespace]) => namespace === NAMESPACE);
    expect(ours).toHaveLength(11);
    for (const [, name, { stack, ...others }] of ours) {
      expect(stack).toBe('PbxRecordingArchive');
      const dimensions = Object.keys(others).length > 0 ? Object.keys(others) : ['stack'];
      expect(METRICS).toHaveProperty(`${name}.by`, expect.arrayContaining(dimensions));
    }
  });
});

describe('the topic', () => {
  test('accepts messages from the alarms of this account only, and only over TLS', () => {
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
    // CloudWatch alarms cannot publish to a topic that is encrypted with the key managed by AWS.
    archive.template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.absent() });
    expect(archive.outputs.AlarmTopicArn?.Value).toEqual({ Ref: topicId });
  });

  test('sends to the configured e-mail address, or to nobody', () => {
    const { template } = synthArchive({ alarms: { email: 'pbx@company.example' } });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'pbx@company.example',
    });
    archive.template.resourceCountIs('AWS::SNS::Subscription', 0);
  });
});
