import { Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, type TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

interface RunbookAlarmProps
  extends Pick<
    AlarmProps,
    'metric' | 'threshold' | 'comparisonOperator' | 'evaluationPeriods' | 'datapointsToAlarm'
  > {
  /** The anchor of its heading in docs/runbook.md. */
  readonly heading: string;
  /** Of which PBX; of the stack as a whole if absent. */
  readonly pbxId?: string;
  readonly meaning: string;
  readonly treatMissingData: TreatMissingData;
  readonly topic: ITopic;
}

/** Tells what it means, where to read what to do about it, and when it is over. */
export class RunbookAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    const { heading, pbxId, meaning, topic, ...alarm } = props;
    const subject = pbxId === undefined ? '' : `PBX ${pbxId}: `;
    super(scope, id, {
      ...alarm,
      alarmName: [Stack.of(scope).stackName, heading, pbxId].filter(Boolean).join('-'),
      alarmDescription: `${subject}${meaning} What to do: docs/runbook.md#${heading}`,
    });
    const action = new SnsAction(topic);
    this.addAlarmAction(action);
    this.addOkAction(action);
  }
}
