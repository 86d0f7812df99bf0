import { type CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import type { Pbx } from '../../../functions/shared/config/pbx-registry.ts';
import { type Reporter, reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import { NAMESPACE } from '../../../functions/shared/telemetry/metrics.ts';
import { UsageError } from '../../shared/command-line.ts';
import { plural } from '../../shared/text.ts';
import { notChecked, ok, type Result, toDo } from './finding.ts';

/** Longer than an office is closed for. */
export const QUIET_DAYS = 14;

const HOUR_MS = 60 * 60_000;

/** Returns when the hour began in which the last report of each PBX came (epoch ms). */
export async function findLastReports(
  cloudWatch: CloudWatchClient,
  stackName: string,
  pbxIds: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const pages = paginateGetMetricData(
    { client: cloudWatch },
    {
      StartTime: new Date(now - QUIET_DAYS * 24 * HOUR_MS),
      EndTime: new Date(now),
      MetricDataQueries: pbxIds.map((pbx, index) => ({
        Id: `pbx${index}`,
        MetricStat: {
          Metric: {
            Namespace: NAMESPACE,
            MetricName: 'Reports',
            Dimensions: [
              { Name: 'stack', Value: stackName },
              { Name: 'pbx', Value: pbx },
            ],
          },
          Period: HOUR_MS / 1000,
          Stat: 'Sum',
        },
      })),
    },
  );
  const found = new Map<string, number>();
  for await (const { MetricDataResults = [] } of pages) {
    for (const { Id = '', Timestamps = [], StatusCode } of MetricDataResults) {
      if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') {
        throw new UsageError(`CloudWatch does not show its metrics (${StatusCode}). Run this command again.`);
      }
      const pbx = pbxIds[Number(Id.slice('pbx'.length))] ?? '';
      const latest = Math.max(...Timestamps.map((time) => time.getTime()), found.get(pbx) ?? 0);
      if (latest > 0) found.set(pbx, latest);
    }
  }
  return found;
}

export function checkLastReport(
  hourBegan: number | undefined,
  now: number,
  id: string,
  settings: Pick<Pbx, 'discoverEveryMinutes'> & Reporter,
): Result {
  if (hourBegan === undefined && settings.discoverEveryMinutes !== undefined) {
    return notChecked('none came, and none has to: discoverEveryMinutes is set');
  }
  if (hourBegan === undefined) {
    const question = reportDialectOf(settings).question?.(id);
    return toDo(
      `None came for ${QUIET_DAYS} days. ${question === undefined ? '' : `${question} `}Make a recorded call. If none comes then, see docs/runbook.md#no-reports.`,
    );
  }
  const hours = Math.max(Math.ceil((now - hourBegan) / HOUR_MS), 1);
  return ok(`within the last ${hours > 48 ? plural(Math.ceil(hours / 24), 'day') : plural(hours, 'hour')}`);
}
