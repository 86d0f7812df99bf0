import type { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AlarmTopic } from './alarm-topic.ts';
import { ArchiveMetrics } from './archive-metrics.ts';
import { ArchiveDashboard } from './dashboard.ts';
import { JobsWaitingAlarms } from './jobs-waiting-alarms.ts';
import { NoReportsAlarms } from './no-reports-alarms.ts';
import { PbxAlarms } from './pbx-alarms.ts';
import { StackAlarms } from './stack-alarms.ts';

interface MonitoringProps {
  readonly stackName: string;
  readonly email: string | undefined;
  readonly deadLetterQueue: IQueue;
  readonly indexDeadLetterQueue: IQueue;
  /** Absent if events are not posted to a web server. */
  readonly eventDeadLetterQueue: IQueue | undefined;
  /** By their names on the dashboard. */
  readonly functions: Readonly<Record<string, IFunction>>;
  /** By PBX id. */
  readonly queues: Readonly<Record<string, IQueue>>;
  /** Those that report their calls. */
  readonly reportingPbxIds: readonly string[];
  readonly reconcileEvery: Duration;
  readonly reconcileWidelyEvery: Duration;
}

/** Alarms, the topic that they notify, and a dashboard. docs/runbook.md says what to do about each alarm. */
export class Monitoring extends Construct {
  readonly topic: AlarmTopic;

  constructor(scope: Construct, id: string, { stackName, email, ...props }: MonitoringProps) {
    super(scope, id);
    const metrics = new ArchiveMetrics(stackName);
    const topic = new AlarmTopic(this, 'Topic', email);
    const functions = Object.values(props.functions);
    const { alarms } = new StackAlarms(this, 'Stack', { ...props, functions, topic, metrics });
    const pbxs = new Construct(this, 'Pbx');
    for (const pbxId of Object.keys(props.queues)) new PbxAlarms(pbxs, pbxId, { topic, metrics });
    new JobsWaitingAlarms(this, 'JobsWaiting', { topic, metrics, queues: props.queues });
    new NoReportsAlarms(this, 'NoReports', { topic, metrics, pbxIds: props.reportingPbxIds });
    new ArchiveDashboard(this, 'Dashboard', { ...props, metrics, alarms });
    this.topic = topic;
  }
}
