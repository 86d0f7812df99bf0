import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SESSION_PERIOD_MINUTES } from '../../functions/shared/config/limits.ts';
import type { ArchiveMetrics } from './archive-metrics.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

interface PbxAlarmsProps {
  readonly topic: ITopic;
  readonly metrics: ArchiveMetrics;
  readonly queue: IQueue;
}

/** What is watched of each PBX. Three alarms and no more: fifty PBXs have to fit into one stack. */
export class PbxAlarms extends Construct {
  constructor(scope: Construct, pbxId: string, { topic, metrics, queue }: PbxAlarmsProps) {
    super(scope, pbxId);

    new RunbookAlarm(this, 'SessionDown', {
      topic,
      pbxId,
      heading: 'session-down',
      meaning: 'No session for half an hour, so the PBX sends no reports: nothing new is archived.',
      metric: metrics.forPbx(pbxId, 'SessionUp', 'Maximum', Duration.minutes(SESSION_PERIOD_MINUTES)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      // As long as a token lives without being refreshed.
      evaluationPeriods: 3,
      // Then nobody keeps the session.
      treatMissingData: TreatMissingData.BREACHING,
    });

    new RunbookAlarm(this, 'JobsWaiting', {
      topic,
      pbxId,
      heading: 'jobs-waiting',
      meaning: 'A recording has been waiting to be archived for more than four hours.',
      metric: new MathExpression({
        expression: 'MAX([FILL(queued, 0), FILL(tried, 0)])',
        usingMetrics: {
          queued: queue.metricApproximateAgeOfOldestMessage(),
          // SQS leaves out what has been received three times, which is every job in trouble.
          tried: metrics.forPbx(pbxId, 'JobAge', 'Maximum', Duration.hours(1)),
        },
        period: Duration.hours(1),
      }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: Duration.hours(4).toSeconds(),
      // Between two attempts of an old job lies an hour, and a bit: one of two.
      evaluationPeriods: 2,
      datapointsToAlarm: 1,
      // Nothing waits.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

    new RunbookAlarm(this, 'NothingArchived', {
      topic,
      pbxId,
      heading: 'nothing-archived',
      meaning: 'For twelve hours there have been recorded calls, and none of them was archived.',
      metric: new MathExpression({
        expression: 'IF(jobs > 0 AND archived == 0, 1, 0)',
        usingMetrics: {
          jobs: metrics.forPbx(pbxId, 'Jobs', 'Sum', Duration.hours(6)),
          archived: metrics.forPbx(pbxId, 'Archived', 'Sum', Duration.hours(6)),
        },
        period: Duration.hours(6),
      }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      // A call at the end of one stretch is archived in the next: only two without a recording say something.
      evaluationPeriods: 2,
      // No calls.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
