import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { METRICS, NAMESPACE } from '../../../functions/shared/telemetry/metric-definitions.ts';
import { findResource, flatten, type Json, synthArchive } from '../stack/synth-archive.ts';
import { evaluateMetricMath, type Series } from './metric-math.ts';

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

/** The series that an expression computes with, by their names in it. */
const metricsOf = (alarm: { [key: string]: Json }) => {
  const queries = alarm.Metrics as unknown as Query[];
  const metrics = queries.flatMap(({ Id, MetricStat }) =>
    MetricStat ? [[Id, series(MetricStat.Metric, MetricStat.Stat, MetricStat.Period)] as const] : [],
  );
  return Object.fromEntries(metrics);
};

/** All series of an alarm. */
const seriesOf = (alarm: { [key: string]: Json }) =>
  'Metrics' in alarm ? Object.values(metricsOf(alarm)) : [metricOf(alarm)];

/**
 * Whether an alarm on an expression is on after its series had these values, one a period, the oldest first. A period
 * without data is as good as one within the threshold.
 */
function isRaised(alarm: { [key: string]: Json }, values: Record<string, Series>): boolean {
  const { ComparisonOperator, Threshold, EvaluationPeriods, TreatMissingData } = alarm;
  expect({ ComparisonOperator, TreatMissingData }).toEqual({
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });
  const [query] = alarm.Metrics as unknown as Query[];
  const periods = evaluateMetricMath(String(query?.Expression), values).slice(-Number(EvaluationPeriods));
  const breaching = periods.filter((value) => value !== undefined && value > Number(Threshold));
  return breaching.length >= Number(alarm.DatapointsToAlarm ?? EvaluationPeriods);
}

/** Whether an alarm on one metric is on after it had these values, one a period, the oldest first. */
function isRaisedBy(alarm: { [key: string]: Json }, values: Series): boolean {
  expect(alarm.ComparisonOperator).toBe('GreaterThanThreshold');
  const isBreaching = (value: number | undefined) =>
    value === undefined ? alarm.TreatMissingData === 'breaching' : value > Number(alarm.Threshold);
  const breaching = values.slice(-Number(alarm.EvaluationPeriods)).filter(isBreaching);
  return breaching.length >= Number(alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods);
}

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
const metricOfFunctions = (metric: string) =>
  Object.fromEntries(
    functionIds.map((id, n) => [`m${n}`, ['AWS/Lambda', metric, { FunctionName: `<${id}>` }, 'Sum', 300]]),
  );

/** What the functions count; CloudWatch has no data of one that was not called. */
const countedBy = (functions: Record<string, Series>): Record<string, Series> => ({
  ...Object.fromEntries(functionIds.map((_, n) => [`m${n}`, [none, none, none]])),
  ...functions,
});

const none = undefined;
const HOUR = 3600;

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
    const alarm = alarmOf('function-errors');
    expect(metricsOf(alarm)).toEqual(metricOfFunctions('Errors'));
    expect(isRaised(alarm, countedBy({}))).toBe(false);
    expect(isRaised(alarm, countedBy({ m0: [0, 0, 0], m1: [0, none, 0] }))).toBe(false);
    for (const id of Object.keys(metricsOf(alarm))) {
      expect(isRaised(alarm, countedBy({ [id]: [1, 0, none] }))).toBe(true);
    }
  });

  test('by throttling that lasts a quarter of an hour', () => {
    const alarm = alarmOf('throttling');
    expect(metricsOf(alarm)).toEqual(metricOfFunctions('Throttles'));
    expect(isRaised(alarm, countedBy({}))).toBe(false);
    expect(isRaised(alarm, countedBy({ m0: [9, 9, none] }))).toBe(false);
    expect(isRaised(alarm, countedBy({ m0: [9, none, 9] }))).toBe(false);
    expect(isRaised(alarm, countedBy({ m0: [1, none, 1], m3: [0, 1, none] }))).toBe(true);
  });

  test('by a PBX that three runs in a row could not reconcile, or by a lack of runs', () => {
    const alarm = alarmOf('not-reconciled');
    expect(metricOf(alarm)).toEqual([NAMESPACE, 'FailedReconciliations', stack, 'Maximum', HOUR]);
    // What the runs of several PBXs published, hour by hour.
    expect(isRaisedBy(alarm, [3, 4])).toBe(true);
    expect(isRaisedBy(alarm, [1, 2, 3])).toBe(true);
    expect(isRaisedBy(alarm, [0, 1, 2])).toBe(false);
    expect(isRaisedBy(alarm, [2, 3, 0])).toBe(false);
    // Each run fails for one of many PBXs, but for another one each time.
    expect(isRaisedBy(alarm, [1, 1, 1, 1, 1, 1])).toBe(false);
    expect(isRaisedBy(alarm, [0, none, none])).toBe(true);
  });

  test('by a PBX that two runs over the last week could not reconcile, until the next run', () => {
    const alarm = alarmOf('not-caught-up');
    expect(metricOf(alarm)).toEqual([NAMESPACE, 'FailedWideReconciliations', stack, 'Maximum', HOUR]);
    const day = (failedInARow: number) => [failedInARow, ...Array<undefined>(23).fill(none)];
    expect(isRaisedBy(alarm, [...day(0), ...day(1)])).toBe(false);
    // Another PBX each day.
    expect(isRaisedBy(alarm, [...day(1), ...day(1)])).toBe(false);
    expect(isRaisedBy(alarm, [...day(1), 2])).toBe(true);
    // The hours without a run do not end it, only the next one does.
    expect(isRaisedBy(alarm, [...day(1), ...day(2)])).toBe(true);
    expect(isRaisedBy(alarm, [...day(2), 3])).toBe(true);
    expect(isRaisedBy(alarm, [...day(2), 0, none])).toBe(false);
    expect(isRaisedBy(alarm, Array(48).fill(none))).toBe(false);
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
      MetricName: 'FailedReconciliations',
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
    const alarm = alarmOf('jobs-waiting-1');
    expect(metricsOf(alarm)).toEqual({
      queued0: ['AWS/SQS', 'ApproximateAgeOfOldestMessage', queueName, 'Maximum', HOUR],
      tried0: [NAMESPACE, 'JobAge', office, 'Maximum', HOUR],
    });
    const idle = { queued0: [none, none], tried0: [none, none] };
    expect(isRaised(alarm, idle)).toBe(false);
    expect(isRaised(alarm, { queued0: [3 * HOUR, 4 * HOUR], tried0: [none, 4 * HOUR] })).toBe(false);
    expect(isRaised(alarm, { ...idle, queued0: [0, 4 * HOUR + 1] })).toBe(true);
    expect(isRaised(alarm, { queued0: [0, 0], tried0: [none, 4 * HOUR + 1] })).toBe(true);
    // The attempts are more than an hour apart.
    expect(isRaised(alarm, { queued0: [0, 0], tried0: [9 * HOUR, none] })).toBe(true);
    expect(isRaised(alarm, { queued0: [0, 0, 0], tried0: [9 * HOUR, none, none] })).toBe(false);
  });

  test('by twelve hours with jobs but without an archived recording', () => {
    const alarm = alarmOf('nothing-archived-head-office');
    expect(metricsOf(alarm)).toEqual({
      jobs: [NAMESPACE, 'Jobs', office, 'Sum', 6 * HOUR],
      archived: [NAMESPACE, 'Archived', office, 'Sum', 6 * HOUR],
      settled: [NAMESPACE, 'Settled', office, 'Sum', 6 * HOUR],
    });
    const settled = [none, none];
    expect(isRaised(alarm, { jobs: [2, 3], archived: [0, 0], settled })).toBe(true);
    // One recording is enough, and a job may be archived in the next period.
    expect(isRaised(alarm, { jobs: [2, 3], archived: [0, 1], settled })).toBe(false);
    expect(isRaised(alarm, { jobs: [2, 3], archived: [1, 0], settled })).toBe(false);
    expect(isRaised(alarm, { jobs: [2, none], archived: [0, 2], settled })).toBe(false);
    // Six hours of it, and a night without calls.
    expect(isRaised(alarm, { jobs: [2, none], archived: [0, none], settled })).toBe(false);
    expect(isRaised(alarm, { jobs: [none, 3], archived: [none, 0], settled })).toBe(false);
    expect(isRaised(alarm, { jobs: [none, none], archived: [none, none], settled })).toBe(false);
    // A PBX repeats the report of an archived call all night.
    expect(isRaised(alarm, { jobs: [40, 40], archived: [0, 0], settled: [40, 40] })).toBe(false);
  });

  test('by two days in which every job comes from reconciliation, so no call was reported', () => {
    const alarm = alarmOf('no-reports-1');
    expect(metricsOf(alarm)).toEqual({
      queued0: [NAMESPACE, 'Queued', office, 'Sum', 24 * HOUR],
      jobs0: [NAMESPACE, 'Jobs', office, 'Sum', 24 * HOUR],
    });
    // Jobs counts those of reports and of reconciliation.
    expect(isRaised(alarm, { queued0: [2, 3], jobs0: [2, 3] })).toBe(true);
    expect(isRaised(alarm, { queued0: [2, 3], jobs0: [2, 4] })).toBe(false);
    expect(isRaised(alarm, { queued0: [0, 0], jobs0: [4, 4] })).toBe(false);
    expect(isRaised(alarm, { queued0: [none, none], jobs0: [4, 4] })).toBe(false);
    expect(isRaised(alarm, { queued0: [0, 0], jobs0: [none, none] })).toBe(false);
    expect(isRaised(alarm, { queued0: [none, none], jobs0: [none, none] })).toBe(false);
    // The last call before a weekend was reported at 17:55, and reconciliation queued a copy of its job at 18:40. At 18:10
    // on the next day, the report belongs to the day before, and the copy to the last one.
    expect(isRaised(alarm, { queued0: [0, 1], jobs0: [9, 1] })).toBe(false);
    expect(isRaised(alarm, { queued0: [0, 1, 0], jobs0: [9, 1, none] })).toBe(false);
  });

  test('that no call was reported together with those of four others: CloudWatch allows ten metrics', () => {
    const office = { baseUrl: 'https://203.0.113.10:8088' };
    const ids = Array.from({ length: 6 }, (_, n) => `branch-${n}`);
    const { resources } = synthArchive({ pbxs: Object.fromEntries(ids.map((id) => [id, office])) });
    const found = Object.values(resources)
      .map(({ Properties }) => Properties)
      .filter(({ AlarmName }) => String(AlarmName).includes('no-reports'));
    expect(
      found.map((alarm) => ({
        name: alarm.AlarmName,
        metrics: seriesOf(alarm).length,
        pbxs: ids.filter((id) => String(alarm.AlarmDescription).includes(id)),
      })),
    ).toEqual([
      { name: 'PbxRecordingArchive-no-reports-1', metrics: 10, pbxs: ids.slice(0, 5) },
      { name: 'PbxRecordingArchive-no-reports-2', metrics: 2, pbxs: ids.slice(5) },
    ]);
    const [ofFive = {}] = found;
    const reported = Object.fromEntries(
      [0, 1, 2, 3, 4].flatMap((n) => [
        [`queued${n}`, [1, 1]],
        [`jobs${n}`, [5, 5]],
      ]),
    );
    expect(isRaised(ofFive, reported)).toBe(false);
    for (const n of [0, 1, 2, 3, 4]) {
      expect(isRaised(ofFive, { ...reported, [`jobs${n}`]: [1, 1] })).toBe(true);
    }
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
      'PBX head-office: No session for 30 minutes. Act now. Nothing is downloaded, and a PBX other than a P-Series ' +
        'sends no reports, so new recordings exist on the PBX alone and are lost as soon as it deletes them. What to do: docs/runbook.md#session-down',
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
    expect(ours).toHaveLength(13);
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
