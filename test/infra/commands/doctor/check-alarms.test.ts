import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SNSClient } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import { checkAlarms } from '../../../../infra/commands/doctor/check-alarms.ts';
import { type Resource, synthArchive } from '../../stack/synth-archive.ts';
import { type StandInAlarm, startCloudWatch, startSns } from './aws-stand-ins.ts';

const NAME = 'PbxRecordingArchive';

/** The alarms of a deployed stack with one PBX, head-office. */
const alarmsOf = (stackName: string): StandInAlarm[] =>
  Object.values(synthArchive({ stackName }).resources)
    .filter(({ Type }: Resource) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => ({
      AlarmName: String(Properties.AlarmName),
      AlarmDescription: String(Properties.AlarmDescription),
      StateValue: 'OK',
      ActionsEnabled: true,
    }));

const alarms = alarmsOf(NAME);
const others = alarmsOf(`${NAME}-2`).map((alarm) => ({ ...alarm, StateValue: 'ALARM' as const }));

async function check(present: StandInAlarm[], subscriptions = {}) {
  const account = {
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'key-of-the-cloud-watch' },
  };
  return checkAlarms({
    cloudWatch: new CloudWatchClient({ ...account, endpoint: await startCloudWatch({ alarms: present }) }),
    sns: new SNSClient({ ...account, endpoint: await startSns(subscriptions) }),
    stackName: NAME,
    topicArn: 'arn:aws:sns:eu-central-1:111122223333:alarms',
  });
}

const change = (heading: string, changes: Partial<StandInAlarm>) =>
  alarms.map((alarm) => (alarm.AlarmName.includes(heading) ? { ...alarm, ...changes } : alarm));

test('alarms that are all quiet are ok, whatever those of a stack with a longer name are', async () => {
  expect(await check([...others, ...alarms])).toEqual({ status: 'ok', text: `${alarms.length}, none is on` });
});

test('alarms that are on are named', async () => {
  expect(await check(change('-session-down-', { StateValue: 'ALARM' }))).toEqual({
    status: 'to-do',
    text: 'On: PbxRecordingArchive-session-down-head-office. See docs/runbook.md.',
  });
});

test('alarms that notify nobody are named', async () => {
  expect(await check(change('recording-lost', { ActionsEnabled: false }))).toEqual({
    status: 'to-do',
    text: 'Nobody is notified of: PbxRecordingArchive-recording-lost. Enable the actions of these alarms.',
  });
});

test.each([
  [0, 'set alarms.email, or subscribe to the topic in the output AlarmTopicArn.'],
  [1, "somebody has to click the link in AWS's mail, which may be among the spam."],
])(
  'alarms of which nobody hears are reported, with %i subscriptions to be confirmed',
  async (pending, advice) => {
    expect(await check(alarms, { confirmed: 0, pending })).toEqual({
      status: 'to-do',
      text: `Nobody is notified: ${advice}`,
    });
  },
);

test('a stack without alarms is to be repaired', async () => {
  expect(await check(others)).toEqual({
    status: 'to-do',
    text: 'There are none. Restore them: npx cdk deploy --revert-drift.',
  });
});
