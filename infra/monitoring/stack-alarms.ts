import { Duration } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ArchiveMetrics } from './archive-metrics.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

interface StackAlarmsProps {
  readonly topic: ITopic;
  readonly metrics: ArchiveMetrics;
  readonly deadLetterQueue: IQueue;
  readonly functions: readonly IFunction[];
  /** How often every PBX is reconciled. */
  readonly reconcileEvery: Duration;
}

/** What is watched of the stack as a whole. */
export class StackAlarms extends Construct {
  readonly alarms: RunbookAlarm[];

  constructor(scope: Construct, id: string, props: StackAlarmsProps) {
    super(scope, id);
    const { topic, metrics, deadLetterQueue, functions, reconcileEvery } = props;
    const fiveMinutes = Duration.minutes(5);
    const above = { comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD, threshold: 0, topic };
    this.alarms = [
      new RunbookAlarm(this, 'DeadLetters', {
        ...above,
        heading: 'dead-letters',
        meaning:
          'Something was given up and waits, with its reason, for a person. It is deleted after 14 days.',
        metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes }),
        evaluationPeriods: 1,
        // SQS tells nothing of a queue that has been empty for hours.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'LoginHeld', {
        ...above,
        heading: 'login-held',
        meaning: 'A PBX refused the login, so nobody tries it again. Its reports and downloads stand still.',
        // Longer than the ten minutes between two runs of pbx-session.
        metric: metrics.forStack('LoginHeld', 'Maximum', Duration.minutes(15)),
        evaluationPeriods: 1,
        // A hold does not end because nobody speaks of it.
        treatMissingData: TreatMissingData.IGNORE,
      }),
      new RunbookAlarm(this, 'RecordingLost', {
        ...above,
        heading: 'recording-lost',
        meaning: 'The PBX no longer has a recording that never reached the archive. Stays for a day.',
        metric: metrics.forStack('Lost', 'Sum', Duration.hours(1)),
        evaluationPeriods: 24,
        datapointsToAlarm: 1,
        // Only a loss is published.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'FunctionErrors', {
        ...above,
        heading: 'function-errors',
        meaning: 'A function crashed, ran out of time or memory, or could not start.',
        metric: sumOf(functions, (it) => it.metricErrors(), fiveMinutes),
        evaluationPeriods: 3,
        datapointsToAlarm: 1,
        // A function that nobody calls does not fail.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'Throttling', {
        ...above,
        heading: 'throttling',
        meaning: 'For a quarter of an hour functions have had to wait: the account allows too few at a time.',
        metric: sumOf(functions, (it) => it.metricThrottles(), fiveMinutes),
        // What is turned away comes again, so a moment of it does no harm.
        evaluationPeriods: 3,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'NotReconciled', {
        topic,
        heading: 'not-reconciled',
        meaning: 'Three times running the call log of a PBX could not be compared with the archive.',
        // The least of all PBXs'.
        metric: metrics.forStack('Reconciled', 'Minimum', reconcileEvery),
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold: 1,
        evaluationPeriods: 3,
        // Then the function does not even run.
        treatMissingData: TreatMissingData.BREACHING,
      }),
    ];
  }
}

/** Without data of one function, a plain sum would be no data. */
function sumOf(
  functions: readonly IFunction[],
  metricOf: (it: IFunction) => IMetric,
  period: Duration,
): MathExpression {
  const usingMetrics = Object.fromEntries(functions.map((it, n) => [`m${n}`, metricOf(it)]));
  const expression = Object.keys(usingMetrics)
    .map((id) => `FILL(${id}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, period });
}
