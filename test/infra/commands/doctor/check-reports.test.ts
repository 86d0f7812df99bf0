import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from 'vitest';
import { metricsFor } from '../../../../functions/shared/telemetry/metrics.ts';
import { checkLastReport, findReports } from '../../../../infra/commands/doctor/check-reports.ts';
import { startCloudWatch } from './aws-stand-ins.ts';

const NOW = Date.UTC(2026, 10, 26, 12, 30);
const HOUR = 3600;
const ago = (hours: number) => NOW / 1000 - hours * HOUR;

type StandIn = Parameters<typeof startCloudWatch>[0];
type Settings = Parameters<typeof checkLastReport>[3];

async function findLast(standIn: StandIn, pbxIds: string[], settings: Settings = { family: 's-series' }) {
  const cloudWatch = new CloudWatchClient({
    endpoint: await startCloudWatch(standIn),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'key-of-the-cloud-watch' },
  });
  const found = await findReports(cloudWatch, 'Archive', pbxIds, NOW);
  return pbxIds.map((pbx) => checkLastReport(found.get(pbx) ?? {}, NOW, pbx, settings));
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
    { status: 'ok', text: 'within the last hour' },
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

test('calls without a report show that the PBX does not post: of an S-Series v2, the method may be TCP', async () => {
  const cloudWatch = {
    reports: { 'Archive/reports': [ago(5)] },
    found: { 'Archive/tcp': [0, 0, 4], 'Archive/quiet': [0, 0], 'Archive/reports': [2], 'Other/away': [3] },
  };
  const ids = ['tcp', 'quiet', 'reports', 'away'];
  const ofV2 = await findLast(cloudWatch, ids, { family: 's-series', apiVersion: 'v2.0.0' });
  const calls =
    'None came for 14 days, although reconciliation has found recorded calls: the PBX does not post reports, or posts them elsewhere. ';
  const method = 'Is the report method in its API Settings HTTP? With TCP, it posts no reports. ';
  expect(ofV2.map(({ text }) => text)).toEqual([
    `${calls}${method}See docs/runbook.md#no-reports.`,
    `None came for 14 days. ${method}Make a recorded call. If none comes then, see docs/runbook.md#no-reports.`,
    'within the last 6 hours',
    `None came for 14 days. ${method}Make a recorded call. If none comes then, see docs/runbook.md#no-reports.`,
  ]);
  const [ofV1] = await findLast(cloudWatch, ids, { family: 's-series', apiVersion: 'v1.1.0' });
  expect(ofV1).toEqual({ status: 'to-do', text: `${calls}See docs/runbook.md#no-reports.` });
});

test.each<[string, Settings, string]>([
  [
    'a P-Series: the webhook',
    { family: 'p-series', reportAuthentication: 'signature' },
    'Does the PBX have a webhook (Integrations > API) with a URL that ends in /reports/hq/p-series, method POST and event 30012? ',
  ],
  [
    'a P-Series that does not sign: the webhook, without its secret',
    { family: 'p-series', reportAuthentication: 'path' },
    'Does the PBX have a webhook (Integrations > API) with a URL that ends in /reports/hq/SECRET, method POST and event 30012? ',
  ],
  [
    'an S-Series v2: the report method',
    { family: 's-series', apiVersion: 'v2.0.0' },
    'Is the report method in its API Settings HTTP? With TCP, it posts no reports. ',
  ],
  ['an S-Series v1, which has no such choice: nothing', { family: 's-series', apiVersion: 'v1.1.0' }, ''],
  ['a Cloud PBX v2, which posts in any case: nothing', { family: 'cloud-pbx', apiVersion: 'v2.0.0' }, ''],
])('if no report came, a person has to look up what no response says: %s', (_, settings, hint) => {
  expect(checkLastReport({}, NOW, 'hq', settings)).toEqual({
    status: 'to-do',
    text: `None came for 14 days. ${hint}Make a recorded call. If none comes then, see docs/runbook.md#no-reports.`,
  });
});

test('reports that are rejected point to the secret of the webhook, of whichever PBX they are', async () => {
  const cloudWatch = {
    rejected: { Archive: [ago(70), ago(1.2), ago(15 * 24)], Other: [ago(1)] },
    reports: { 'Archive/reports': [ago(5)] },
    found: { 'Archive/calls': [4] },
  };
  const found = await findLast(cloudWatch, ['calls', 'none', 'reports'], {
    family: 'p-series',
    reportAuthentication: 'signature',
  });
  const rejected = (id: string) =>
    'But the webhook has rejected 4 reports, the latest within the last 2 hours. They may be from any PBX of the stack. ' +
    'If they are from this one, its webhook has another secret than the one entered as signatureSecret. ' +
    'Copy it from the PBX again (Integrations > API > Webhook Event Push). If not: Does the PBX have a webhook ' +
    `(Integrations > API) with a URL that ends in /reports/${id}/p-series, method POST and event 30012? ` +
    'docs/runbook.md#no-reports says how to find out.';
  expect(found).toEqual([
    {
      status: 'to-do',
      text: `No genuine report came for 14 days, although reconciliation has found recorded calls. ${rejected('calls')}`,
    },
    { status: 'to-do', text: `No genuine report came for 14 days. ${rejected('none')}` },
    { status: 'ok', text: 'within the last 6 hours' },
  ]);
});

describe('a PBX whose last genuine report is some days old', () => {
  const settings = { family: 'p-series', reportAuthentication: 'signature' } as const;
  const cloudWatch = {
    rejected: { Archive: [ago(70), ago(0.2)] },
    reports: { 'Archive/hq': [ago(10 * 24), ago(11 * 24)] },
    // The runs once a day go back over a week, so they find calls that have long been archived.
    found: { 'Archive/hq': [40, 38] },
    queued: { 'Archive/hq': [0, 3] },
  };
  const find = async (standIn: StandIn, others: Partial<Settings> = {}) =>
    (await findLast({ ...cloudWatch, ...standIn }, ['hq'], { ...settings, ...others } as Settings))[0];

  test('probably has another secret, if its calls are found in the call log only, and reports are rejected', async () => {
    const result = await find({});
    expect(result?.status).toBe('to-do');
    expect(result?.text).toMatch(
      /^No genuine report came for 10 days, although reconciliation has found recorded calls\. But the webhook has rejected 4 reports, the latest within the last hour\. .*another secret than the one entered as signatureSecret/,
    );
  });

  test('has just had no calls, if the rejected reports are those of a stranger', async () => {
    const ok = { status: 'ok', text: 'within the last 11 days' };
    // Every call that there was has been archived because of its report.
    expect(await find({ queued: {} })).toEqual(ok);
    expect(await find({ queued: { 'Archive/hq': [0, 0] } })).toEqual(ok);
    expect(await find({ queued: { 'Archive/another': [3] } })).toEqual(ok);
  });

  test('is not blamed for what was rejected more than a day ago', async () => {
    expect(await find({ rejected: { Archive: [ago(70)] } })).toMatchObject({ status: 'ok' });
    expect(await find({ rejected: { Archive: [ago(20)] } })).toMatchObject({ status: 'to-do' });
  });

  test('need not report, if its recordings are discovered', async () => {
    expect(await find({}, { discoverEveryMinutes: 5 })).toMatchObject({ status: 'ok' });
  });
});

test('a recording that takes longer than a day says nothing against the reports of that day', async () => {
  const found = await findLast(
    {
      rejected: { Archive: [ago(0.2)] },
      reports: { 'Archive/hq': [ago(20)], 'Archive/branch': [ago(27)] },
      found: { 'Archive/hq': [1], 'Archive/branch': [1, 1, 1, 1, 1, 1] },
      // Of branch, five hours ago: 22 hours after its last report.
      queued: { 'Archive/hq': [1], 'Archive/branch': [0, 0, 0, 0, 1] },
    },
    ['hq', 'branch'],
    { family: 'p-series', reportAuthentication: 'signature' },
  );
  expect(found.map(({ status }) => status)).toEqual(['ok', 'ok']);
});

test('the reports that are rejected are counted as the webhook counts them', () => {
  const line = { level: 'warn', event: 'report-rejected', pbx: 'hq' } as const;
  const [counted] = metricsFor(line);
  expect(counted?.values).toEqual([{ name: 'Failures', value: 1 }]);
  expect(counted?.dimensions).toContainEqual({ code: 'report-rejected' });
});

test.each<[string, Settings, RegExp]>([
  [
    'a P-Series that does not sign',
    { family: 'p-series', reportAuthentication: 'path' },
    /URL of its webhook/,
  ],
  ['an S-Series', { family: 's-series', apiVersion: 'v1.1.0' }, /old address.* new login/],
])('what is probably wrong if reports are rejected depends on the PBX: %s', (_, settings, fault) => {
  const rejected = { count: 1, lastHour: NOW - 1 };
  const { text } = checkLastReport({ rejected }, NOW, 'hq', settings);
  expect(text).toContain('rejected 1 report, the latest within the last hour. ');
  expect(text).toMatch(fault);
});

test('a PBX whose recordings are discovered need not report', () => {
  const settings = { family: 's-series', discoverEveryMinutes: 5 } as const;
  expect(checkLastReport({ hasCalls: true }, NOW, 'hq', settings).status).toBe('not-checked');
  expect(checkLastReport({ lastHour: NOW - 1 }, NOW, 'hq', settings).status).toBe('ok');
});
