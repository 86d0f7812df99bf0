import { type CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import type { Pbx } from '../../../functions/shared/config/pbx-registry.ts';
import { type Reporter, reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import { type MetricName, NAMESPACE } from '../../../functions/shared/telemetry/metrics.ts';
import { UsageError } from '../../shared/command-line.ts';
import { plural } from '../../shared/text.ts';
import { notChecked, ok, type Result, toDo } from './finding.ts';

/** Longer than an office is closed for. */
export const QUIET_DAYS = 14;

const HOUR_MS = 60 * 60_000;

/** What the metrics of the last days say about a PBX's reports. */
export interface ReportHistory {
  /** Start of the hour in which the last report came (epoch ms). */
  lastHour?: number;
  /** Reconciliation has found recorded calls. */
  hasCalls?: boolean;
}

type Metric = Extract<MetricName, 'Reports' | 'Found'>;

/** Returns the history of each PBX that has one. */
export async function findReports(
  cloudWatch: CloudWatchClient,
  stackName: string,
  pbxIds: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, ReportHistory>> {
  const query = (metric: Metric, pbx: string, index: number) => ({
    Id: `${metric.toLowerCase()}${index}`,
    MetricStat: {
      Metric: {
        Namespace: NAMESPACE,
        MetricName: metric,
        Dimensions: [
          { Name: 'stack', Value: stackName },
          { Name: 'pbx', Value: pbx },
        ],
      },
      Period: HOUR_MS / 1000,
      Stat: 'Sum',
    },
  });
  const pages = paginateGetMetricData(
    { client: cloudWatch },
    {
      StartTime: new Date(now - QUIET_DAYS * 24 * HOUR_MS),
      EndTime: new Date(now),
      MetricDataQueries: pbxIds.flatMap((pbx, index) => [
        query('Reports', pbx, index),
        query('Found', pbx, index),
      ]),
    },
  );
  const histories = new Map<string, ReportHistory>();
  for await (const { MetricDataResults = [] } of pages) {
    for (const { Id = '', Timestamps = [], Values = [], StatusCode } of MetricDataResults) {
      if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') {
        throw new UsageError(`CloudWatch does not show its metrics (${StatusCode}). Run this command again.`);
      }
      const [, metric, index] = /^([a-z]+)(\d+)$/.exec(Id) ?? [];
      const pbx = pbxIds[Number(index)] ?? '';
      const history = histories.get(pbx) ?? {};
      if (metric === 'found') {
        if (Values.some((found) => found > 0)) histories.set(pbx, { ...history, hasCalls: true });
      } else if (Timestamps.length > 0) {
        const lastHour = Math.max(...Timestamps.map((time) => time.getTime()), history.lastHour ?? 0);
        histories.set(pbx, { ...history, lastHour });
      }
    }
  }
  return histories;
}

export function checkLastReport(
  { lastHour, hasCalls = false }: ReportHistory,
  now: number,
  id: string,
  settings: Pick<Pbx, 'discoverEveryMinutes'> & Reporter,
): Result {
  if (lastHour !== undefined) {
    const hours = Math.max(Math.ceil((now - lastHour) / HOUR_MS), 1);
    return ok(`within the last ${hours > 48 ? plural(Math.ceil(hours / 24), 'day') : plural(hours, 'hour')}`);
  }
  if (settings.discoverEveryMinutes !== undefined) {
    return notChecked('none came, and none has to: discoverEveryMinutes is set');
  }
  const question = reportDialectOf(settings).question?.(id);
  return toDo(
    [
      hasCalls
        ? `None came for ${QUIET_DAYS} days, although reconciliation has found recorded calls: the PBX does not post reports, or posts them elsewhere.`
        : `None came for ${QUIET_DAYS} days.`,
      ...(question === undefined ? [] : [question]),
      hasCalls
        ? 'See docs/runbook.md#no-reports.'
        : 'Make a recorded call. If none comes then, see docs/runbook.md#no-reports.',
    ].join(' '),
  );
}
