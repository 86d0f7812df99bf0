import { METRICS, type MetricName } from '../../functions/shared/telemetry/metric-definitions.ts';
import type { Resource } from './stack.ts';
import type { CallWork, Work } from './work.ts';

/** US dollars, from AWS's public price lists, without free tiers. */
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
  /** Also for an event of S3: https://aws.amazon.com/eventbridge/pricing */
  eventBridgeEvent: 1e-6,
  dynamoDbWrite: 0.625e-6,
  dynamoDbRead: 0.125e-6,
  /** From AWS to the internet, beyond the 100 GB a month that are free. */
  transferGb: 0.09,
  logGb: 0.5,
  secretMonth: 0.4,
  alarmMetricMonth: 0.1,
  metricMonth: 0.3,
  dashboardMonth: 3,
} as const;

/** Values that the benchmark can neither measure nor look up in a price list. */
const ASSUMPTIONS = {
  /** Lambda's documentation: one full core comes with this much memory, and CPU is proportional to memory. */
  mbPerCore: 1769,
  pbxRoundTripMs: 40,
  /** Two TLS connections with one request each. */
  pbxRoundTrips: 8,
  awsRequestMs: 20,
  /** Lambda's own log lines for each invocation. */
  platformLogBytes: 900,
  /** Lambda receives a job from its queue and deletes it. */
  queueRequests: 2,
  /** Lambda runs five pollers for each queue, with long polls of 20 seconds. */
  idlePollsPerHour: 900,
  hoursPerMonth: 730,
  /** Share of a month with calls: ten hours of each working day. */
  callingShare: 0.3,
  scheduledRunSeconds: 1,
  scheduledRunGb: 0.25,
  /**
   * What the index does for a recording: the bucket's event and the one that is published, three requests to its queue,
   * three to S3, and a row in the table and in its three indexes.
   */
  index: { events: 2, sqs: 3, s3Reads: 3, dynamoDbWrites: 4, seconds: 0.3, gb: 0.25 },
  /**
   * What a person needs who opens the page, searches and plays one recording: the page and its files, five requests to the
   * API, and two rows of the access log, each with its two indexes. A search of all PBXs reads from each.
   */
  listening: {
    httpApi: 10,
    invocations: 10,
    s3Reads: 4,
    dynamoDbReads: 50,
    dynamoDbWrites: 6,
    seconds: 0.6,
    gb: 0.25,
  },
} as const;

const RECORDINGS = 1000;
const GIGABYTE = 1e9;
const { mbPerCore, pbxRoundTripMs, pbxRoundTrips, awsRequestMs, platformLogBytes, queueRequests } =
  ASSUMPTIONS;

/**
 * What it costs to archive a thousand recordings of one length over a line of one speed, without storage.
 *
 * @returns dollars, and how long archive-recording runs for one of them
 */
export function costOfRecordings(
  { minutes, bytes, archiver }: CallWork,
  webhook: Work,
  megabitsPerSecond: number,
) {
  const transferMs = (bytes * 8) / (megabitsPerSecond * 1000);
  const archiverMs = transferMs + pbxRoundTrips * pbxRoundTripMs + busyMs(archiver);
  const perRecording = (count: (work: Work) => number) => count(webhook) + count(archiver);
  const { s3Write, s3Read } = PRICES;
  const parts = {
    lambda: RECORDINGS * (lambdaCost(webhook, busyMs(webhook)) + lambdaCost(archiver, archiverMs)),
    httpApi: RECORDINGS * PRICES.httpApiRequest,
    sqs: RECORDINGS * (perRecording(({ requests }) => requests.sqs) + queueRequests) * PRICES.sqsRequest,
    s3: RECORDINGS * perRecording(({ requests }) => requests.s3Writes * s3Write + requests.s3Reads * s3Read),
    secretsManager:
      RECORDINGS * perRecording(({ requests }) => requests.secretsManager) * PRICES.secretsManagerRequest,
    logs:
      (RECORDINGS * perRecording(({ logBytes }) => logBytes + platformLogBytes) * PRICES.logGb) / GIGABYTE,
    index: RECORDINGS * costOfIndexing(),
  };
  return { minutes, megabitsPerSecond, seconds: archiverMs / 1000, parts, total: sum(Object.values(parts)) };
}

function costOfIndexing(): number {
  const { events, sqs, s3Reads, dynamoDbWrites, seconds, gb } = ASSUMPTIONS.index;
  return (
    events * PRICES.eventBridgeEvent +
    sqs * PRICES.sqsRequest +
    s3Reads * PRICES.s3Read +
    dynamoDbWrites * PRICES.dynamoDbWrite +
    seconds * gb * PRICES.lambdaArmGbSecond +
    PRICES.lambdaRequest
  );
}

/** What it costs to find and play a thousand recordings of a size, in dollars; the transfer to the listeners by itself. */
export function costOfListening(bytes: number): { requests: number; transfer: number } {
  const { httpApi, invocations, s3Reads, dynamoDbReads, dynamoDbWrites, seconds, gb } = ASSUMPTIONS.listening;
  const each =
    httpApi * PRICES.httpApiRequest +
    invocations * PRICES.lambdaRequest +
    s3Reads * PRICES.s3Read +
    dynamoDbReads * PRICES.dynamoDbRead +
    dynamoDbWrites * PRICES.dynamoDbWrite +
    seconds * gb * PRICES.lambdaArmGbSecond;
  return { requests: RECORDINGS * each, transfer: (RECORDINGS * bytes * PRICES.transferGb) / GIGABYTE };
}

export const recordingCosts = ({ webhook, calls }: { webhook: Work; calls: CallWork[] }) =>
  calls
    .filter(({ minutes }) => minutes !== 5)
    .flatMap((call) => [1, 5, 50].map((speed) => costOfRecordings(call, webhook, speed)));

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** CPU time on the function's share of a core, plus the time spent waiting for AWS. */
const busyMs = ({ cpuMs, memoryMb, requests }: Work): number =>
  cpuMs / Math.min(1, memoryMb / mbPerCore) + sum(Object.values(requests)) * awsRequestMs;

const lambdaCost = ({ memoryMb }: Work, ms: number): number =>
  (Math.ceil(ms) / 1000) * (memoryMb / 1024) * PRICES.lambdaArmGbSecond + PRICES.lambdaRequest;

/** CloudWatch bills a metric for the hours in which it has a value. Most metrics have one in every hour. */
const WHILE_CALLING: MetricName[] = [
  'Reports',
  'Jobs',
  'Archived',
  'Bytes',
  'Duration',
  'Delay',
  'Attempts',
  'Doubtful',
];
const SELDOM: MetricName[] = [
  'Failures',
  'Lost',
  'NotRecorded',
  'Settled',
  'FailedWideReconciliations',
  'JobAge',
  'Replaced',
  'StoredBeside',
  'ClockSkew',
  'IndexRepairs',
];

/** Dollars a month for the synthesized stack without any call. */
export function fixedCosts(resources: readonly Resource[]): Record<string, number> {
  const { idlePollsPerHour, hoursPerMonth, callingShare, scheduledRunSeconds, scheduledRunGb } = ASSUMPTIONS;
  const ofType = (type: string) => resources.filter(({ Type }) => Type === `AWS::${type}`);
  const polls = ofType('Lambda::EventSourceMapping').length * idlePollsPerHour * hoursPerMonth;
  const alarmMetrics = ofType('CloudWatch::Alarm').map(
    ({ Properties }) => Properties.Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1,
  );
  const names = Object.keys(METRICS) as MetricName[];
  const series = (chosen: MetricName[]) => sum(chosen.map((name) => METRICS[name].by.length));
  const inEveryHour = names.filter((name) => ![...WHILE_CALLING, ...SELDOM].includes(name));
  const schedules = ofType('Events::Rule').filter(({ Properties }) => Properties.EventPattern === undefined);
  const runs = sum(schedules.map(runsPerMonth));
  const runCost = scheduledRunSeconds * scheduledRunGb * PRICES.lambdaArmGbSecond + PRICES.lambdaRequest;
  const costs = {
    secrets: ofType('SecretsManager::Secret').length * PRICES.secretMonth,
    'polling idle queues': polls * PRICES.sqsRequest,
    metrics: (series(inEveryHour) + callingShare * series(WHILE_CALLING)) * PRICES.metricMonth,
    alarms: sum(alarmMetrics) * PRICES.alarmMetricMonth,
    dashboard: ofType('CloudWatch::Dashboard').length * PRICES.dashboardMonth,
    'scheduled runs': runs * runCost,
  };
  return { ...costs, total: sum(Object.values(costs)) };
}

function runsPerMonth({ Properties: { ScheduleExpression: schedule } }: Resource): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  if (unit === undefined) throw new Error(`The cost model does not support the schedule ${schedule}.`);
  const hours = { minute: 1 / 60, hour: 1, day: 24 }[unit] as number;
  return ASSUMPTIONS.hoursPerMonth / (Number(count) * hours);
}
