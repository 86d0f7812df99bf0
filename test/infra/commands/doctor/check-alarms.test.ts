import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import { checkAlarms } from '../../../../infra/commands/doctor/check-alarms.ts';
import { type Resource, synthArchive } from '../../stack/synth-archive.ts';
import { type StandInAlarm, startCloudWatch } from './aws-stand-ins.ts';

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

async function check(present: StandInAlarm[]) {
  const cloudWatch = new CloudWatchClient({
    endpoint: await startCloudWatch({ alarms: present }),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'key-of-the-cloud-watch' },
  });
  return checkAlarms(cloudWatch, NAME);
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

test('a stack without alarms is to be repaired', async () => {
  expect(await check(others)).toEqual({
    status: 'to-do',
    text: 'There are none. Restore them: npx cdk deploy --revert-drift.',
  });
});
