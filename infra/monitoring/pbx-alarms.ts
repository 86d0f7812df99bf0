import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { SESSION_PERIOD_MINUTES } from '../../functions/shared/config/limits.ts';
import type { ArchiveMetrics } from './archive-metrics.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

interface PbxAlarmsProps {
  readonly topic: ITopic;
  readonly metrics: ArchiveMetrics;
}

/** The alarms for one PBX. Two and no more, so that fifty PBXs fit into one stack. */
export class PbxAlarms extends Construct {
  constructor(scope: Construct, pbxId: string, { topic, metrics }: PbxAlarmsProps) {
    super(scope, pbxId);

    new RunbookAlarm(this, 'SessionDown', {
      topic,
      pbxId,
      heading: 'session-down',
      problem: 'No session for 30 minutes.',
      urgency: 'now',
      impact:
        'Nothing is downloaded, and a PBX other than a P-Series sends no reports, so new recordings exist on the PBX alone and are lost as soon as it deletes them.',
      metric: metrics.forPbx(pbxId, 'SessionUp', 'Maximum', Duration.minutes(SESSION_PERIOD_MINUTES)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      // Three periods: as long as a token lives without being refreshed.
      evaluationPeriods: 3,
      // No data means that nothing keeps the session alive.
      treatMissingData: TreatMissingData.BREACHING,
    });

    new RunbookAlarm(this, 'NothingArchived', {
      topic,
      pbxId,
      heading: 'nothing-archived',
      problem: 'Nothing archived for 12 hours, although calls were recorded.',
      urgency: 'now',
      impact: 'New recordings exist on the PBX alone and are lost as soon as it deletes them.',
      metric: new MathExpression({
        // A PBX may repeat the reports of archived calls all night.
        expression: 'IF(jobs > 0 AND archived + FILL(settled, 0) == 0, 1, 0)',
        usingMetrics: {
          jobs: metrics.forPbx(pbxId, 'Jobs', 'Sum', Duration.hours(6)),
          archived: metrics.forPbx(pbxId, 'Archived', 'Sum', Duration.hours(6)),
          settled: metrics.forPbx(pbxId, 'Settled', 'Sum', Duration.hours(6)),
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
