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
import { MESSAGE_RETENTION_DAYS } from '../../functions/shared/config/limits.ts';
import type { ArchiveMetrics } from './archive-metrics.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

interface StackAlarmsProps {
  readonly topic: ITopic;
  readonly metrics: ArchiveMetrics;
  readonly deadLetterQueue: IQueue;
  readonly indexDeadLetterQueue: IQueue;
  readonly eventDeadLetterQueue: IQueue | undefined;
  readonly functions: readonly IFunction[];
  /** How often every PBX is reconciled. */
  readonly reconcileEvery: Duration;
  /** How often it is reconciled over a longer time. */
  readonly reconcileWidelyEvery: Duration;
}

/** The alarms for the stack as a whole. */
export class StackAlarms extends Construct {
  readonly alarms: RunbookAlarm[];

  constructor(scope: Construct, id: string, props: StackAlarmsProps) {
    super(scope, id);
    const { topic, metrics, deadLetterQueue, indexDeadLetterQueue, eventDeadLetterQueue } = props;
    const { functions, reconcileEvery, reconcileWidelyEvery } = props;
    const fiveMinutes = Duration.minutes(5);
    const above = { comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD, threshold: 0, topic };
    this.alarms = [
      new RunbookAlarm(this, 'DeadLetters', {
        ...above,
        heading: 'dead-letters',
        problem: 'A recording or report was given up.',
        urgency: 'today',
        impact: `The recording may exist on the PBX alone, and the dead letter is deleted after ${MESSAGE_RETENTION_DAYS} days.`,
        metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes }),
        evaluationPeriods: 1,
        // SQS publishes no data for a queue that has been empty for hours.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'NotIndexed', {
        ...above,
        heading: 'not-indexed',
        problem: 'Changes of the bucket could not be brought into the index.',
        urgency: 'this week',
        impact:
          'Searches may miss recordings, or find deleted ones. The recordings themselves and their links are not affected.',
        metric: indexDeadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes }),
        evaluationPeriods: 1,
        // SQS publishes no data for a queue that has been empty for hours.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'LoginHeld', {
        ...above,
        heading: 'login-held',
        problem: 'A PBX refused the login, so no more logins are tried.',
        urgency: 'now',
        impact:
          'Downloads have stopped, and so have reports unless the PBX is a P-Series, so new recordings exist on the PBX alone and are lost as soon as it deletes them.',
        // Longer than the interval between two runs of pbx-session.
        metric: metrics.forStack('LoginHeld', 'Maximum', Duration.minutes(15)),
        evaluationPeriods: 1,
        // No data does not mean that the hold has ended.
        treatMissingData: TreatMissingData.IGNORE,
      }),
      new RunbookAlarm(this, 'RecordingLost', {
        ...above,
        heading: 'recording-lost',
        problem:
          'A recording is lost: it was not archived, and the PBX no longer has it. The alarm clears after a day.',
        urgency: 'today',
        impact: 'The stack cannot bring it back, and more recordings are lost while the cause lasts.',
        metric: metrics.forStack('Lost', 'Sum', Duration.hours(1)),
        evaluationPeriods: 24,
        datapointsToAlarm: 1,
        // Only losses are published.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'FunctionErrors', {
        ...above,
        heading: 'function-errors',
        problem: 'A function crashed, ran out of time or memory, or could not start.',
        urgency: 'today',
        impact:
          'Reports and jobs are repeated, so nothing is lost yet, but recordings are late and links may fail.',
        metric: sumOverFunctions(functions, (fn) => fn.metricErrors(), fiveMinutes),
        evaluationPeriods: 3,
        datapointsToAlarm: 1,
        // No data means that no function was called.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'Throttling', {
        ...above,
        heading: 'throttling',
        problem: 'Functions throttled for 15 minutes: the account allows too few to run at once.',
        urgency: 'today',
        impact: 'Reports and jobs are repeated, so nothing is lost yet, but recordings and links are late.',
        metric: sumOverFunctions(functions, (fn) => fn.metricThrottles(), fiveMinutes),
        // Throttled invocations are retried, so a short burst does no harm.
        evaluationPeriods: 3,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'ClockWrong', {
        topic,
        heading: 'clock-wrong',
        problem: 'The clock of a PBX has been wrong for hours.',
        urgency: 'this week',
        impact:
          'Reconciliation asks for the call log by date, so it may not find a recording whose report was lost.',
        metric: metrics.forStack('ClockSkew', 'Maximum', Duration.hours(1)),
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold: 0,
        // After a power cut, a PBX sets its clock by a time server.
        evaluationPeriods: 3,
        // Published only while a clock is wrong.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'NotReconciled', {
        topic,
        heading: 'not-reconciled',
        problem:
          'The last three runs could not compare the call log of a PBX with the archive, or there were none.',
        urgency: 'this week',
        impact: 'A recording whose report was lost stays on the PBX alone until a run succeeds.',
        // The maximum over all PBXs: one that fails is enough. Single failures of several PBXs do not add up.
        metric: metrics.forStack('FailedReconciliations', 'Maximum', reconcileEvery),
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold: 1,
        // The second failure of a PBX in a row, and the third.
        evaluationPeriods: 2,
        // No data means that the function does not even run.
        treatMissingData: TreatMissingData.BREACHING,
      }),
      new RunbookAlarm(this, 'NotCaughtUp', {
        topic,
        heading: 'not-caught-up',
        problem:
          'The last two runs that look back furthest could not compare the call log of a PBX with the archive.',
        urgency: 'this week',
        impact:
          'A recording of a day on which the PBX could not be reached stays on the PBX alone until such a run succeeds.',
        metric: metrics.forStack('FailedWideReconciliations', 'Maximum', Duration.hours(1)),
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold: 1,
        // Until the next run, as far as CloudWatch looks back.
        evaluationPeriods: Math.min(reconcileWidelyEvery.toHours() + 1, 7 * 24),
        datapointsToAlarm: 1,
        // That the function does not run at all is noticed by the other schedule.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
      new RunbookAlarm(this, 'CdrRowsUnreadable', {
        ...above,
        heading: 'cdr-rows-unreadable',
        problem: 'A call log has rows that cannot be read.',
        urgency: 'this week',
        impact:
          'A recording in such a row is archived only if its report arrives: neither reconciliation nor backfill can find it.',
        metric: metrics.forStack('UnreadableRows', 'Maximum', reconcileEvery),
        // The daily run looks back further than the hourly ones. Rows that it alone finds are older, so their alarm has
        // been on already. It would otherwise come back every day for a week.
        evaluationPeriods: 2,
        // No data does not mean that the rows can be read.
        treatMissingData: TreatMissingData.IGNORE,
      }),
    ];
    if (eventDeadLetterQueue === undefined) return;
    this.alarms.push(
      new RunbookAlarm(this, 'EventsNotDelivered', {
        ...above,
        heading: 'events-not-delivered',
        problem: 'Events could not be posted to the web server of events.webhook.',
        urgency: 'today',
        impact: `The program behind it has not heard of recordings, and the events are deleted after ${MESSAGE_RETENTION_DAYS} days. The recordings themselves are archived.`,
        metric: eventDeadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes }),
        evaluationPeriods: 1,
        // SQS publishes no data for a queue that has been empty for hours.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
    );
  }
}

/** Without `FILL`, the sum would have no data as soon as one function has none. */
function sumOverFunctions(
  functions: readonly IFunction[],
  metricOf: (fn: IFunction) => IMetric,
  period: Duration,
): MathExpression {
  const usingMetrics = Object.fromEntries(functions.map((fn, n) => [`m${n}`, metricOf(fn)]));
  const expression = Object.keys(usingMetrics)
    .map((id) => `FILL(${id}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, period });
}
