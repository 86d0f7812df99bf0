import { METRICS, type MetricName } from '../../functions/shared/telemetry/metrics.ts';
import type { Resource } from './bundles.ts';
import type { CallWork, Work, Workload } from './work.ts';

/** US dollars, of AWS's public price lists, without free tiers. */
export const PRICES = {
  region: 'us-east-1',
  date: '2026-11',
  lambdaArmGbSecond: 0.0000133334,
  lambdaRequest: 0.2e-6,
  httpApiRequest: 1e-6,
  sqsRequest: 0.4e-6,
  s3Write: 0.005e-3,
  s3Read: 0.0004e-3,
  secretsManagerRequest: 0.05e-4,
  logGb: 0.5,
  secretMonth: 0.4,
  alarmMetricMonth: 0.1,
  metricMonth: 0.3,
  dashboardMonth: 3,
} as const;

/** What is neither measured here nor has a price. */
export const ASSUMPTIONS = {
  /** Memory that comes with one whole core, by Lambda's documentation; less memory comes with less of it. */
  mbPerCore: 1769,
  /** On the way to a PBX and back. Two connections with TLS and a request each make eight of them. */
  pbxRoundTripMs: 40,
  pbxRoundTrips: 8,
  awsRequestMs: 20,
  /** Lambda's own lines for each invocation. */
  platformLogBytes: 900,
  /** Lambda takes a job from its queue, and deletes it. */
  queueRequests: 2,
  /** Five pollers for each queue that ask every 20 seconds. */
  idlePollsPerHour: 900,
  hoursPerMonth: 730,
  /** Of a month, in which there are calls: ten hours of each working day. */
  callingShare: 0.3,
  scheduledRunSeconds: 1,
  scheduledRunGb: 0.25,
} as const;

const GIGABYTE = 1e9;
const { mbPerCore, pbxRoundTripMs, pbxRoundTrips, awsRequestMs, platformLogBytes, queueRequests } =
  ASSUMPTIONS;

export interface RecordingCost {
  minutes: number;
  megabitsPerSecond: number;
  /** How long the archive function runs for it. */
  seconds: number;
  /** Dollars per thousand recordings. */
  parts: Record<'lambda' | 'httpApi' | 'sqs' | 's3' | 'secretsManager' | 'logs', number>;
  total: number;
}

/** Of archiving a thousand recordings of one length through a line of one speed; storing them is not in it. */
export function costOfRecordings(
  { minutes, bytes, archiver }: CallWork,
  webhook: Work,
  megabitsPerSecond: number,
): RecordingCost {
  const transferMs = (bytes * 8) / (megabitsPerSecond * 1000);
  const archiverMs = transferMs + pbxRoundTrips * pbxRoundTripMs + busyMs(archiver);
  const both = [webhook, archiver];
  const sum = (count: (work: Work) => number) => both.reduce((total, work) => total + count(work), 0);
  const parts = {
    lambda: lambdaCost(webhook, busyMs(webhook)) + lambdaCost(archiver, archiverMs),
    httpApi: PRICES.httpApiRequest,
    sqs: (sum(({ requests }) => requests.sqs) + queueRequests) * PRICES.sqsRequest,
    s3: sum(({ requests }) => requests.s3Writes * PRICES.s3Write + requests.s3Reads * PRICES.s3Read),
    secretsManager: sum(({ requests }) => requests.secretsManager) * PRICES.secretsManagerRequest,
    logs: (sum(({ logBytes }) => logBytes + platformLogBytes) / GIGABYTE) * PRICES.logGb,
  };
  const perThousand = Object.fromEntries(
    Object.entries(parts).map(([part, cost]) => [part, cost * 1000]),
  ) as RecordingCost['parts'];
  const total = Object.values(perThousand).reduce((all, cost) => all + cost, 0);
  return { minutes, megabitsPerSecond, seconds: archiverMs / 1000, parts: perThousand, total };
}

/** Its own CPU time, on the share of a core that its memory comes with, and waiting for AWS. */
function busyMs({ cpuMs, memoryMb, requests }: Work): number {
  const { s3Writes, s3Reads, sqs, secretsManager } = requests;
  const awsMs = (s3Writes + s3Reads + sqs + secretsManager) * awsRequestMs;
  return cpuMs / Math.min(1, memoryMb / mbPerCore) + awsMs;
}

const lambdaCost = ({ memoryMb }: Work, ms: number): number =>
  (Math.ceil(ms) / 1000) * (memoryMb / 1024) * PRICES.lambdaArmGbSecond + PRICES.lambdaRequest;

export const costsOf = ({ webhook, calls }: Workload): RecordingCost[] =>
  calls
    .filter(({ minutes }) => minutes !== 5)
    .flatMap((call) => [1, 5, 50].map((speed) => costOfRecordings(call, webhook, speed)));

/** Metrics that have a value in every hour, and those that have some in the hours with calls; of others see nothing. */
const ALWAYS: MetricName[] = [
  'SessionUp',
  'LoginHeld',
  'Found',
  'Present',
  'Queued',
  'OldestMissingAge',
  'Reconciled',
];
const WHILE_CALLING: MetricName[] = ['Reports', 'Jobs', 'Archived', 'Bytes', 'Duration', 'Delay', 'Attempts'];

/** Dollars a month for the synthesized stack, whether there are calls or not. */
export function fixedCosts(resources: readonly Resource[]): Record<string, number> {
  const { idlePollsPerHour, hoursPerMonth, callingShare, scheduledRunSeconds, scheduledRunGb } = ASSUMPTIONS;
  const ofType = (type: string) => resources.filter(({ Type }) => Type === `AWS::${type}`);
  const alarmMetrics = ofType('CloudWatch::Alarm').map(
    ({ Properties }) => Properties.Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1,
  );
  const series = (names: MetricName[]) => names.reduce((sum, name) => sum + METRICS[name].by.length, 0);
  const runs = ofType('Events::Rule').reduce((sum, rule) => sum + runsPerMonth(rule), 0);
  const runCost = scheduledRunSeconds * scheduledRunGb * PRICES.lambdaArmGbSecond + PRICES.lambdaRequest;
  return {
    secrets: ofType('SecretsManager::Secret').length * PRICES.secretMonth,
    'polling idle queues':
      ofType('Lambda::EventSourceMapping').length * idlePollsPerHour * hoursPerMonth * PRICES.sqsRequest,
    metrics: (series(ALWAYS) + callingShare * series(WHILE_CALLING)) * PRICES.metricMonth,
    alarms: alarmMetrics.reduce((sum, count) => sum + count, 0) * PRICES.alarmMetricMonth,
    dashboard: ofType('CloudWatch::Dashboard').length * PRICES.dashboardMonth,
    'scheduled runs': runs * runCost,
  };
}

function runsPerMonth({ Properties: { ScheduleExpression } }: Resource): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(ScheduleExpression) ?? [];
  if (unit === undefined) throw new Error(`The cost model cannot read ${ScheduleExpression}.`);
  const hours = { minute: 1 / 60, hour: 1, day: 24 }[unit] as number;
  return ASSUMPTIONS.hoursPerMonth / (Number(count) * hours);
}
