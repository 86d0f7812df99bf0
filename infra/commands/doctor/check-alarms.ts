import { type CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { ok, type Result, toDo } from './finding.ts';

/** Whether the stack's alarms are there, may notify, and are quiet. */
export async function checkAlarms(cloudWatch: CloudWatchClient, stackName: string): Promise<Result> {
  const alarms: MetricAlarm[] = [];
  const pages = paginateDescribeAlarms({ client: cloudWatch }, { AlarmNamePrefix: `${stackName}-` });
  for await (const { MetricAlarms = [] } of pages) {
    alarms.push(...MetricAlarms.filter((alarm) => isOfStack(alarm, stackName)));
  }
  if (alarms.length === 0) return toDo('There are none. Restore them: npx cdk deploy --revert-drift.');
  const raised = namesOf(alarms.filter(({ StateValue }) => StateValue === 'ALARM'));
  const disabled = namesOf(alarms.filter(({ ActionsEnabled }) => ActionsEnabled === false));
  const problems = [
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
