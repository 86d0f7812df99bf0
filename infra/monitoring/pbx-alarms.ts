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

/** The alarms for one PBX. Three and no more, so that fifty PBXs fit into one stack. */
export class PbxAlarms extends Construct {
  constructor(scope: Construct, pbxId: string, { topic, metrics, queue }: PbxAlarmsProps) {
    super(scope, pbxId);

    new RunbookAlarm(this, 'SessionDown', {
      topic,
      pbxId,
      heading: 'session-down',
      problem: 'No session for 30 minutes.',
      urgency: 'now',
      impact:
        'The PBX sends no reports, so new recordings exist on the PBX alone and are lost as soon as it deletes them.',
      metric: metrics.forPbx(pbxId, 'SessionUp', 'Maximum', Duration.minutes(SESSION_PERIOD_MINUTES)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      // Three periods: as long as a token lives without being refreshed.
      evaluationPeriods: 3,
      // No data means that nothing keeps the session alive.
      treatMissingData: TreatMissingData.BREACHING,
    });

    new RunbookAlarm(this, 'JobsWaiting', {
      topic,
      pbxId,
      heading: 'jobs-waiting',
      problem: 'A recording has been waiting to be archived for more than four hours.',
      urgency: 'today',
      impact: 'It exists on the PBX alone and is lost if the PBX deletes it before an attempt succeeds.',
      metric: new MathExpression({
        expression: 'MAX([FILL(queued, 0), FILL(tried, 0)])',
        usingMetrics: {
          queued: queue.metricApproximateAgeOfOldestMessage(),
          // SQS's metric ignores messages received three times or more, which is every job in trouble.
          tried: metrics.forPbx(pbxId, 'JobAge', 'Maximum', Duration.hours(1)),
        },
        period: Duration.hours(1),
      }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: Duration.hours(4).toSeconds(),
      // The attempts of an old job are a little more than an hour apart, so one of two periods may have no data.
      evaluationPeriods: 2,
      datapointsToAlarm: 1,
      // No data means that nothing is waiting.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

    new RunbookAlarm(this, 'NothingArchived', {
      topic,
      pbxId,
      heading: 'nothing-archived',
      problem: 'Nothing archived for 12 hours, although calls were recorded.',
      urgency: 'now',
      impact: 'New recordings exist on the PBX alone and are lost as soon as it deletes them.',
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
      // A call at the end of one period is archived in the next, so only two periods in a row are conclusive.
      evaluationPeriods: 2,
      // No data means that there were no calls.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
