import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ArchiveMetrics } from './archive-metrics.ts';
import { groupPbxs } from './group-pbxs.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

interface NoReportsAlarmsProps {
  readonly topic: ITopic;
  readonly metrics: ArchiveMetrics;
  readonly pbxIds: readonly string[];
}

/**
 * Raised when every job of a PBX on two days in a row comes from reconciliation: there is a session, or it would have
 * found nothing, but no report of a call arrives. One alarm for several PBXs.
 */
export class NoReportsAlarms extends Construct {
  constructor(scope: Construct, id: string, { topic, metrics, pbxIds }: NoReportsAlarmsProps) {
    super(scope, id);
    const period = Duration.days(1);
    for (const { number, members: group } of groupPbxs(pbxIds)) {
      new RunbookAlarm(this, number, {
        topic,
        heading: 'no-reports',
        suffix: number,
        problem: `A PBX reported no call for two days, although its call log has some. One of: ${group.join(', ')}.`,
        urgency: 'this week',
        impact:
          'Its recordings are archived, but up to two hours late, and only as long as reconciliation works.',
        metric: new MathExpression({
          expression: group
            .map((_, n) => `IF(FILL(queued${n}, 0) > 0 AND FILL(jobs${n}, 0) <= FILL(queued${n}, 0), 1, 0)`)
            .join(' + '),
          usingMetrics: Object.fromEntries(
            group.flatMap((pbxId, n) => [
              [`queued${n}`, metrics.forPbx(pbxId, 'Queued', 'Sum', period)],
              [`jobs${n}`, metrics.forPbx(pbxId, 'Jobs', 'Sum', period)],
            ]),
          ),
          period,
        }),
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold: 0,
        // Reconciliation queues a copy of a reported job that takes longer. The day may slide past the report of the last
        // call before a weekend, and still have the copy. The day before then has the report.
        evaluationPeriods: 2,
        // No data means that there were no calls.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    }
  }
}
