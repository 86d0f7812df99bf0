import { type CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import type { Pbx } from '../../../functions/shared/config/pbx-registry.ts';
import { type Reporter, reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import type { LogEvent } from '../../../functions/shared/telemetry/events.ts';
import { type MetricName, NAMESPACE } from '../../../functions/shared/telemetry/metric-definitions.ts';
import { UsageError } from '../../shared/command-line.ts';
import { plural } from '../../shared/text.ts';
import { notChecked, ok, type Result, toDo } from './finding.ts';

/** Longer than an office is closed for. */
export const QUIET_DAYS = 14;

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** What the metrics of the last days say about a PBX's reports. */
export interface ReportHistory {
  /** Start of the hour in which the last report came (epoch ms). */
  lastHour?: number;
  /** Reconciliation has found recorded calls. */
  hasCalls?: boolean;
  /** Start of the hour in which reconciliation last queued a recording that had not been archived (epoch ms). */
  lastQueuedHour?: number;
  /** Reports that were not authentic. They are counted per stack: any of its PBXs, or a stranger, may have sent them. */
  rejected?: { count: number; lastHour: number };
}

type Metric = Extract<MetricName, 'Reports' | 'Found' | 'Queued' | 'Failures'>;

const REJECTED = 'report-rejected' satisfies LogEvent;

/** Returns the history of each PBX that has one. */
export async function findReports(
  cloudWatch: CloudWatchClient,
  stackName: string,
  pbxIds: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, ReportHistory>> {
  const query = (metric: Metric, index: number, dimension: { Name: 'pbx' | 'code'; Value: string }) => ({
    Id: `${metric.toLowerCase()}${index}`,
    MetricStat: {
      Metric: {
        Namespace: NAMESPACE,
        MetricName: metric,
        Dimensions: [{ Name: 'stack', Value: stackName }, dimension],
      },
      Period: HOUR_MS / 1000,
      Stat: 'Sum',
    },
  });
  const pages = paginateGetMetricData(
    { client: cloudWatch },
    {
      StartTime: new Date(now - QUIET_DAYS * DAY_MS),
      EndTime: new Date(now),
      MetricDataQueries: [
        query('Failures', 0, { Name: 'code', Value: REJECTED }),
        ...pbxIds.flatMap((pbx, index) => [
          query('Reports', index, { Name: 'pbx', Value: pbx }),
          query('Found', index, { Name: 'pbx', Value: pbx }),
          query('Queued', index, { Name: 'pbx', Value: pbx }),
        ]),
      ],
    },
  );
  const histories = new Map<string, ReportHistory>();
  const rejected = { count: 0, lastHour: 0 };
  for await (const { MetricDataResults = [] } of pages) {
    for (const { Id = '', Timestamps = [], Values = [], StatusCode } of MetricDataResults) {
      if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') {
        throw new UsageError(`CloudWatch does not show its metrics (${StatusCode}). Run this command again.`);
      }
      const latest = Math.max(...Timestamps.map((time) => time.getTime()));
      const [, metric, index] = /^([a-z]+)(\d+)$/.exec(Id) ?? [];
      const pbx = pbxIds[Number(index)] ?? '';
      const history = histories.get(pbx) ?? {};
      if (metric === 'failures') {
        rejected.count += Values.reduce((sum, count) => sum + count, 0);
        rejected.lastHour = Math.max(rejected.lastHour, latest);
      } else if (metric === 'found') {
        if (Values.some((found) => found > 0)) histories.set(pbx, { ...history, hasCalls: true });
      } else if (metric === 'queued') {
        const hours = Timestamps.flatMap((time, index) => ((Values[index] ?? 0) > 0 ? time.getTime() : []));
        const lastQueuedHour = Math.max(...hours, history.lastQueuedHour ?? 0);
        if (hours.length > 0) histories.set(pbx, { ...history, lastQueuedHour });
      } else if (Timestamps.length > 0) {
        histories.set(pbx, { ...history, lastHour: Math.max(latest, history.lastHour ?? 0) });
      }
    }
  }
  if (rejected.count === 0) return histories;
  return new Map(pbxIds.map((pbx) => [pbx, { ...histories.get(pbx), rejected }]));
}

export function checkLastReport(
  history: ReportHistory,
  now: number,
  id: string,
  settings: Pick<Pbx, 'discoverEveryMinutes'> & Reporter,
): Result {
  const { lastHour, hasCalls = false, rejected } = history;
  const hasToReport = settings.discoverEveryMinutes === undefined;
  if (lastHour !== undefined && !(hasToReport && isProbablyRejected(history, now))) {
    return ok(`within ${describeSpan(lastHour, now)}`);
  }
  if (!hasToReport) return notChecked('none came, and none has to: discoverEveryMinutes is set');
  const { likelyFault, question: questionOf } = reportDialectOf(settings);
  const question = questionOf?.(id);
  if (rejected !== undefined) {
    const quietDays = lastHour === undefined ? QUIET_DAYS : Math.floor((now - lastHour) / DAY_MS);
    const calls = hasCalls ? ', although reconciliation has found recorded calls' : '';
    return toDo(
      [
        `No genuine report came for ${plural(quietDays, 'day')}${calls}. But the webhook has rejected ${plural(rejected.count, 'report')}, the latest within ${describeSpan(rejected.lastHour, now)}.`,
        `They may be from any PBX of the stack. If they are from this one, ${likelyFault}`,
        ...(question === undefined ? [] : [`If not: ${question}`]),
        'docs/runbook.md#no-reports says how to find out.',
      ].join(' '),
    );
  }
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

/**
 * Whether reports were rejected in the last day, and reconciliation has had to queue calls since the last genuine one. A
 * stranger's reports are rejected as well, but they make no calls.
 */
function isProbablyRejected({ lastHour = 0, lastQueuedHour = 0, rejected }: ReportHistory, now: number) {
  // Within a day of a report, reconciliation may have queued a copy of the job that the report had queued.
  return (
    rejected !== undefined && now - rejected.lastHour < DAY_MS + HOUR_MS && lastQueuedHour - lastHour > DAY_MS
  );
}

/** "the last 3 hours", for what happened in the hour that began at `hour`. */
function describeSpan(hour: number, now: number): string {
  const hours = Math.ceil((now - hour) / HOUR_MS);
  if (hours <= 1) return 'the last hour';
  return `the last ${hours > 48 ? plural(Math.ceil(hours / 24), 'day') : plural(hours, 'hour')}`;
}
