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
  /** The anchor of the alarm's heading in docs/runbook.md. */
  readonly heading: string;
  /** The PBX that the alarm watches. If absent, it watches the stack as a whole. */
  readonly pbxId?: string;
  /** The end of the name, if there are several alarms with this heading that do not watch a single PBX. */
  readonly suffix?: string;
  /** What is wrong, in a sentence. */
  readonly problem: string;
  /** How soon somebody has to act: also at night, on the same day, or within the week. */
  readonly urgency: 'now' | 'today' | 'this week';
  /** What happens until then, in a sentence. */
  readonly impact: string;
  readonly treatMissingData: TreatMissingData;
  readonly topic: ITopic;
}

/**
 * An alarm whose text says what is wrong, how soon somebody has to act, and where the runbook says what to do. It also
 * notifies when it clears. The runbook repeats urgency and impact word for word.
 */
export class RunbookAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    const { heading, pbxId, suffix = pbxId, problem, urgency, impact, topic, ...alarm } = props;
    const subject = pbxId === undefined ? '' : `PBX ${pbxId}: `;
    super(scope, id, {
      ...alarm,
      alarmName: [Stack.of(scope).stackName, heading, suffix].filter(Boolean).join('-'),
      alarmDescription: `${subject}${problem} Act ${urgency}. ${impact} What to do: docs/runbook.md#${heading}`,
    });
    const action = new SnsAction(topic);
    this.addAlarmAction(action);
    this.addOkAction(action);
  }
}
