import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ArchiveMetrics } from './archive-metrics.ts';
import { groupPbxs } from './group-pbxs.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

interface JobsWaitingAlarmsProps {
  readonly topic: ITopic;
  readonly metrics: ArchiveMetrics;
  /** By PBX id. */
  readonly queues: Readonly<Record<string, IQueue>>;
}

/** Raised while the oldest job of a PBX has waited for hours. One alarm for several PBXs. */
export class JobsWaitingAlarms extends Construct {
  constructor(scope: Construct, id: string, { topic, metrics, queues }: JobsWaitingAlarmsProps) {
    super(scope, id);
    const period = Duration.hours(1);
    for (const { number, members } of groupPbxs(Object.entries(queues))) {
      const ages = members.flatMap((_, n) => [`FILL(queued${n}, 0)`, `FILL(tried${n}, 0)`]);
      new RunbookAlarm(this, number, {
        topic,
        heading: 'jobs-waiting',
        suffix: number,
        problem:
          'A recording has been waiting to be archived for more than four hours. ' +
          `Its PBX is one of: ${members.map(([pbxId]) => pbxId).join(', ')}.`,
        urgency: 'today',
        impact: 'It exists on the PBX alone and is lost if the PBX deletes it before an attempt succeeds.',
        metric: new MathExpression({
          expression: `MAX([${ages.join(', ')}])`,
          usingMetrics: Object.fromEntries(
            members.flatMap(([pbxId, queue], n) => [
              [`queued${n}`, queue.metricApproximateAgeOfOldestMessage()],
              // SQS's metric ignores messages received three times or more, which is every job in trouble.
              [`tried${n}`, metrics.forPbx(pbxId, 'JobAge', 'Maximum', period)],
            ]),
          ),
          period,
        }),
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold: Duration.hours(4).toSeconds(),
        // The attempts of an old job are a little more than an hour apart, so one of two periods may have no data.
        evaluationPeriods: 2,
        datapointsToAlarm: 1,
        // No data means that nothing is waiting.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    }
  }
}
