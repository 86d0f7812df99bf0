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
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly queues: Readonly<Record<string, IQueue>>;
  readonly reconcileEvery: Duration;
}

const [fiveMinutes, hour] = [Duration.minutes(5), Duration.hours(1)];
const sessionPeriod = Duration.minutes(SESSION_PERIOD_MINUTES);

/** How the archive does, from what must be 0 down to the details. */
export class ArchiveDashboard extends Dashboard {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    const { metrics, alarms, deadLetterQueue, functions, queues, reconcileEvery } = props;
    const ofFunctions = (metricOf: (it: IFunction) => { with(props: { label: string }): IMetric }) =>
      Object.entries(functions).map(([label, it]) => metricOf(it).with({ label }));

    super(scope, id, {
      dashboardName: Stack.of(scope).stackName,
      defaultInterval: Duration.days(1),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 3 })],
        [
          new SingleValueWidget({
            title: 'Must be 0',
            metrics: [
              metrics.forStack('Lost', 'Sum', Duration.days(1)).with({ label: 'Lost within a day' }),
              deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Dead letters' }),
              metrics.forStack('LoginHeld', 'Maximum', Duration.minutes(15)).with({ label: 'Logins held' }),
            ],
            width: 12,
            height: 3,
          }),
          new SingleValueWidget({
            title: `PBXs: ${Object.keys(queues).length}`,
            metrics: [
              metrics.sum('SessionUp', 'Maximum', sessionPeriod).with({ label: 'With a session' }),
              metrics
                .forStack('Reconciled', 'Minimum', reconcileEvery)
                .with({ label: 'All reconciled (1) or not (0)' }),
            ],
            width: 12,
            height: 3,
          }),
        ],
        [
          graph('Sessions (1: up)', [metrics.each('pbx', 'SessionUp', 'Maximum', sessionPeriod)]),
          graph('Recordings', [metrics.sum('Jobs', 'Sum', hour), metrics.sum('Archived', 'Sum', hour)]),
        ],
        [
          graph(
            'Seconds from the end of a call to its recording',
            ['p50', 'p95'].map((it) => metrics.forStack('Delay', it, hour).with({ label: it })),
          ),
          graph('Failures', [metrics.each('code', 'Failures', 'Sum', hour)]),
        ],
        [
          graph(
            'Oldest job in a queue, seconds',
            Object.entries(queues).map(([label, it]) => it.metricApproximateAgeOfOldestMessage({ label })),
          ),
          graph('Oldest job that failed, seconds', [metrics.each('pbx', 'JobAge', 'Maximum', hour)]),
        ],
        [
          graph('Reconciliation: oldest missing recording, seconds', [
            metrics.each('pbx', 'OldestMissingAge', 'Maximum', reconcileEvery),
          ]),
          graph('Reconciliation: recordings', [
            metrics.sum('Found', 'Maximum', reconcileEvery),
            metrics.sum('Present', 'Maximum', reconcileEvery),
            metrics.sum('Queued', 'Sum', reconcileEvery),
          ]),
        ],
        [
          graph('Reports', [metrics.each('pbx', 'Reports', 'Sum', hour)]),
          graph('Bytes archived', [metrics.each('pbx', 'Bytes', 'Sum', hour)]),
        ],
        [
          graph('Most attempts at a recording', [metrics.each('pbx', 'Attempts', 'Maximum', hour)]),
          graph('Longest run, seconds', [metrics.each('pbx', 'Duration', 'Maximum', hour)]),
        ],
        [
          graph(
            'Functions: errors',
            ofFunctions((it) => it.metricErrors({ period: fiveMinutes })),
          ),
          graph(
            'Functions: milliseconds',
            ofFunctions((it) => it.metricDuration({ statistic: 'p95' })),
          ),
        ],
      ],
    });
  }
}

const graph = (title: string, left: IMetric[]): IWidget =>
  new GraphWidget({ title, left, leftYAxis: { min: 0 }, width: 12 });
