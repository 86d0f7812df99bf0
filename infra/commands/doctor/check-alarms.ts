import { type CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { GetTopicAttributesCommand, type SNSClient } from '@aws-sdk/client-sns';
import { UsageError } from '../../shared/command-line.ts';
import { ok, type Result, toDo } from './finding.ts';

interface AlarmDeps {
  cloudWatch: CloudWatchClient;
  sns: SNSClient;
  stackName: string;
  topicArn: string | undefined;
}

/** Whether the stack's alarms are there, notify somebody, and are quiet. */
export async function checkAlarms({ cloudWatch, sns, stackName, topicArn }: AlarmDeps): Promise<Result> {
  const alarms: MetricAlarm[] = [];
  const pages = paginateDescribeAlarms({ client: cloudWatch }, { AlarmNamePrefix: `${stackName}-` });
  for await (const { MetricAlarms = [] } of pages) {
    alarms.push(...MetricAlarms.filter((alarm) => isOfStack(alarm, stackName)));
  }
  if (alarms.length === 0) return toDo('There are none. Restore them: npx cdk deploy --revert-drift.');
  const raised = namesOf(alarms.filter(({ StateValue }) => StateValue === 'ALARM'));
  const disabled = namesOf(alarms.filter(({ ActionsEnabled }) => ActionsEnabled === false));
  if (topicArn === undefined) throw new UsageError('The stack has no output AlarmTopicArn.');
  const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
  const { SubscriptionsConfirmed = '0', SubscriptionsPending = '0' } = Attributes;
  const problems = [
    ...(SubscriptionsConfirmed === '0' ? [describeNobody(SubscriptionsPending)] : []),
    ...(raised === '' ? [] : [`On: ${raised}. See docs/runbook.md.`]),
    ...(disabled === '' ? [] : [`Nobody is notified of: ${disabled}. Enable the actions of these alarms.`]),
  ];
  return problems.length === 0 ? ok(`${alarms.length}, none is on`) : toDo(problems.join(' '));
}

/** The prefix is also that of a stack whose name begins in the same way. */
function isOfStack({ AlarmName = '', AlarmDescription = '' }: MetricAlarm, stackName: string): boolean {
  const [, heading] = /docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription) ?? [];
  return heading !== undefined && AlarmName.startsWith(`${stackName}-${heading}`);
}

const namesOf = (alarms: readonly MetricAlarm[]) =>
  alarms
    .map(({ AlarmName = '' }) => AlarmName)
    .sort()
    .join(', ');

const describeNobody = (pending: string) =>
  pending === '0'
    ? 'Nobody is notified: set alarms.email, or subscribe to the topic in the output AlarmTopicArn.'
    : "Nobody is notified: somebody has to click the link in AWS's mail, which may be among the spam.";
