import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SESSION_PERIOD_MINUTES } from '../../functions/shared/config/limits.ts';
import type { ArchiveMetrics } from './archive-metrics.ts';

interface DashboardProps {
  readonly metrics: ArchiveMetrics;
  readonly alarms: IAlarm[];
  readonly deadLetterQueue: IQueue;
  readonly indexDeadLetterQueue: IQueue;
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly queues: Readonly<Record<string, IQueue>>;
  readonly reconcileEvery: Duration;
}

const [fiveMinutes, hour] = [Duration.minutes(5), Duration.hours(1)];
const sessionPeriod = Duration.minutes(SESSION_PERIOD_MINUTES);

/** The state of the archive: first the counts that must be 0, then the details. */
export class ArchiveDashboard extends Dashboard {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    const { metrics, alarms, deadLetterQueue, indexDeadLetterQueue, functions, queues, reconcileEvery } =
      props;
    const perFunction = (metricOf: (fn: IFunction) => { with(props: { label: string }): IMetric }) =>
      Object.entries(functions).map(([label, fn]) => metricOf(fn).with({ label }));

    super(scope, id, {
      // Unlike alarms, dashboards of all regions of an account share one namespace.
      dashboardName: `${Stack.of(scope).stackName}-${Stack.of(scope).region}`,
      defaultInterval: Duration.days(1),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 3 })],
        [
          new SingleValueWidget({
            title: 'Must be 0',
            metrics: [
              metrics.forStack('Lost', 'Sum', Duration.days(1)).with({ label: 'Lost in 24 hours' }),
              deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Dead letters' }),
              indexDeadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Not indexed' }),
              metrics.forStack('LoginHeld', 'Maximum', Duration.minutes(15)).with({ label: 'Logins held' }),
              metrics
                .forStack('UnreadableRows', 'Maximum', reconcileEvery)
                .with({ label: 'Unreadable rows of a call log' }),
              metrics
                .forStack('FailedReconciliations', 'Maximum', reconcileEvery)
                .with({ label: 'Failed reconciliations of a PBX, in a row' }),
              metrics
                .forStack('FailedWideReconciliations', 'Maximum', Duration.days(1))
                .with({ label: 'The same, of those that look back furthest' }),
            ],
            width: 12,
            height: 3,
          }),
          new SingleValueWidget({
            title: `PBXs: ${Object.keys(queues).length}`,
            metrics: [
              metrics.sumOverPbxs('SessionUp', 'Maximum', sessionPeriod).with({ label: 'With a session' }),
            ],
            width: 12,
            height: 3,
          }),
        ],
        [
          graph('Sessions (1: up)', [metrics.splitBy('pbx', 'SessionUp', 'Maximum', sessionPeriod)]),
          graph('Recordings', [
            metrics.sumOverPbxs('Jobs', 'Sum', hour),
            metrics.sumOverPbxs('Archived', 'Sum', hour),
            metrics.sumOverPbxs('Settled', 'Sum', hour),
          ]),
        ],
        [
          graph(
            'Seconds from end of call to archived recording',
            ['p50', 'p95'].map((label) => metrics.forStack('Delay', label, hour).with({ label })),
          ),
          graph('Failures', [metrics.splitBy('code', 'Failures', 'Sum', hour)]),
        ],
        [
          graph(
            'Oldest queued job, seconds',
            Object.entries(queues).map(([label, queue]) =>
              queue.metricApproximateAgeOfOldestMessage({ label }),
            ),
          ),
          graph('Oldest failed job, seconds', [metrics.splitBy('pbx', 'JobAge', 'Maximum', hour)]),
        ],
        [
          graph('Reconciliation: oldest missing recording, seconds', [
            metrics.splitBy('pbx', 'OldestMissingAge', 'Maximum', reconcileEvery),
          ]),
          graph('Reconciliation: recordings', [
            metrics.sumOverPbxs('Found', 'Maximum', reconcileEvery),
            metrics.sumOverPbxs('Present', 'Maximum', reconcileEvery),
            metrics.sumOverPbxs('Queued', 'Sum', reconcileEvery),
          ]),
        ],
        [
          graph('Reports', [metrics.splitBy('pbx', 'Reports', 'Sum', hour)]),
          graph('Bytes archived', [metrics.splitBy('pbx', 'Bytes', 'Sum', hour)]),
        ],
        [
          graph('Most attempts for a recording', [metrics.splitBy('pbx', 'Attempts', 'Maximum', hour)]),
          graph('Longest run, seconds', [metrics.splitBy('pbx', 'Duration', 'Maximum', hour)]),
        ],
        [
          graph('Wrong clock of a PBX, seconds', [metrics.splitBy('pbx', 'ClockSkew', 'Maximum', hour)]),
          graph('Rows of the index that were wrong', [metrics.forStack('IndexRepairs', 'Sum', hour)]),
        ],
        [
          graph('Recordings stored with a doubt', [metrics.splitBy('pbx', 'Doubtful', 'Sum', hour)]),
          graph('One name, several recordings; unanswered calls', [
            metrics.sumOverPbxs('Replaced', 'Sum', hour),
            metrics.sumOverPbxs('StoredBeside', 'Sum', hour),
            metrics.sumOverPbxs('NotRecorded', 'Sum', hour),
          ]),
        ],
        [
          graph(
            'Functions: errors',
            perFunction((fn) => fn.metricErrors({ period: fiveMinutes })),
          ),
          graph(
            'Functions: p95 duration, milliseconds',
            perFunction((fn) => fn.metricDuration({ statistic: 'p95' })),
          ),
        ],
      ],
    });
  }
}

const graph = (title: string, left: IMetric[]): IWidget =>
  new GraphWidget({ title, left, leftYAxis: { min: 0 }, width: 12 });
