import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import { checkLastReport, findLastReports } from '../../../../infra/commands/doctor/check-reports.ts';
import { startCloudWatch } from './aws-stand-ins.ts';

const NOW = Date.UTC(2026, 10, 26, 12, 30);
const HOUR = 3600;
const ago = (hours: number) => NOW / 1000 - hours * HOUR;

type StandIn = Parameters<typeof startCloudWatch>[0];

async function findLast(standIn: StandIn, pbxIds: string[]) {
  const cloudWatch = new CloudWatchClient({
    endpoint: await startCloudWatch(standIn),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'key-of-the-cloud-watch' },
  });
  const found = await findLastReports(cloudWatch, 'Archive', pbxIds, NOW);
  return pbxIds.map((pbx) => checkLastReport(found.get(pbx), NOW));
}

test('the last report of each PBX of this stack is found, on whatever page it is', async () => {
  const found = await findLast(
    {
      reports: {
        'Archive/busy': [ago(30), ago(0.2), ago(5)],
        'Archive/calm': [ago(5)],
        'Archive/away': [ago(100)],
        'Archive/silent': [ago(15 * 24)],
        'Other/none': [ago(1)],
      },
    },
    ['busy', 'calm', 'away', 'silent', 'none'],
  );
  const nothing = {
    status: 'to-do',
    text: 'None came for 14 days. Make a recorded call. If none comes then, see docs/runbook.md#no-reports.',
  };
  expect(found).toEqual([
    { status: 'ok', text: 'within the last 1 hour' },
    { status: 'ok', text: 'within the last 6 hours' },
    { status: 'ok', text: 'within the last 5 days' },
    nothing,
    nothing,
  ]);
});

test.each(['InternalError', 'Forbidden'] as const)(
  'nothing is claimed if CloudWatch says %s',
  async (statusCode) => {
    await expect(findLast({ statusCode }, ['busy'])).rejects.toThrow(
      `CloudWatch does not show its metrics (${statusCode}). Run this command again.`,
    );
  },
);
