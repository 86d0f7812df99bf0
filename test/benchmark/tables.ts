import { PRICES } from './cost.ts';
import type { Results } from './measure.ts';
import type { Figure } from './statistics.ts';
import { OURS } from './streaming.ts';
import { targetTable } from './targets.ts';

export interface Table {
  /** Marks its place in the documents. */
  name: string;
  title: string;
  head: string[];
  rows: (string | number)[][];
}

export const tablesOf = (results: Results): Table[] => [
  streamingTable(results),
  coldStartTable(results),
  memoryTable(results),
  pipelineTable(results),
  growthTable(results),
  searchTable(results),
  recordingCostTable(results),
  fixedCostTable(results),
  targetTable(results),
];

const streamingTable = ({ streaming }: Results): Table => ({
  name: 'streaming',
  title: 'Streaming, without the start: median (lowest to highest)',
  head: ['MiB', 'way', 'start CPU ms', 'wall ms', 'CPU ms/MiB', 'ours / this', 'peak RSS MB'],
  rows: streaming.map(({ sizeMib, way, startCpuMs, wallMs, cpuMsPerMib, maxRssBytes }) => {
    const ours = streaming.find((it) => it.way === OURS && it.sizeMib === sizeMib);
    const ratio = (ours?.cpuMsPerMib.median ?? Number.NaN) / cpuMsPerMib.median;
    const times = [show(startCpuMs), show(wallMs), show(cpuMsPerMib, 2)];
    return [sizeMib, way, ...times, show(ratio, 2), showMb(maxRssBytes)];
  }),
});

const coldStartTable = ({ coldStarts: { bareMs, functions } }: Results): Table => ({
  name: 'cold-starts',
  title: `Cold starts, in addition to bare Node's ${show(bareMs)} ms: median (lowest to highest)`,
  head: ['function', 'bundle KB', 'loaded ms', 'first response ms', 'peak RSS MB', 'memory MB'],
  rows: functions.map(({ name, bundleBytes, loadedMs, firstResponseMs, maxRssBytes, memoryMb }) => {
    const times = [show(loadedMs), show(firstResponseMs)];
    return [name, Math.round(bundleBytes / 1024), ...times, showMb(maxRssBytes), memoryMb];
  }),
});

const memoryTable = ({ memory }: Results): Table => ({
  name: 'memory',
  title: "Peak memory of archive-recording under Lambda's heap flags: median (lowest to highest)",
  head: ['recordings, MiB', 'in', 'peak RSS MB', 'memory MB'],
  rows: memory.map(({ sizesMib, program, maxRssBytes, memoryMb }) => [
    sizesMib.join(', then '),
    program,
    showMb(maxRssBytes),
    memoryMb,
  ]),
});

const pipelineTable = ({ pipeline: { acknowledged, stored, transferMs } }: Results): Table => ({
  name: 'pipeline',
  title: `Pipeline, without the transfer's ${show(transferMs, 1)} ms: median of the rounds (lowest to highest)`,
  head: ['from a report to', 'a second', 'reports', 'p50 ms', 'p99 ms'],
  rows: [
    ...acknowledged.map(({ perSecond, reports, p50Ms, p99Ms }) => [
      'its response',
      perSecond,
      reports.join(' + '),
      show(p50Ms, 1),
      show(p99Ms, 1),
    ]),
    ['the object in S3', 1, stored.reports, show(stored.p50Ms, 1), show(stored.p99Ms, 1)],
  ],
});

const growthTable = ({ growth }: Results): Table => ({
  name: 'growth',
  title: 'Growth: median (lowest to highest)',
  head: ['what', 'with', 'ms each', 'S3 requests each'],
  rows: growth.map(({ what, size, ms, s3Requests }) => [what, size, show(ms, 1), show(s3Requests, 1)]),
});

export const searchTable = ({ search }: Pick<Results, 'search'>): Table => ({
  name: 'search',
  title: `Searches of an index of ${search[0]?.rows.toLocaleString('en') ?? 'no'} rows of 50 PBXs`,
  head: ['search', 'DynamoDB requests', 'p50 ms', 'p95 ms'],
  rows: search.map(({ what, requests, p50Ms, p95Ms }) => [
    what,
    show(requests, 1),
    show(p50Ms, 1),
    show(p95Ms, 1),
  ]),
});

const recordingCostTable = ({ costs }: Results): Table => ({
  name: 'recording-costs',
  title: `Dollars per 1,000 recordings (${PRICES.region}, prices of ${PRICES.date})`,
  head: [
    'call',
    'PBX line',
    's each',
    'Lambda',
    'HTTP API',
    'SQS',
    'S3',
    'Secrets Manager',
    'logs',
    'index',
    'total',
  ],
  rows: costs.recordings.map(({ minutes, megabitsPerSecond, seconds, parts, total }) => {
    const { lambda, httpApi, sqs, s3, secretsManager, logs, index } = parts;
    const dollars = [lambda, httpApi, sqs, s3, secretsManager, logs, index, total].map((part) =>
      show(part, 4),
    );
    return [`${minutes} min`, `${megabitsPerSecond} Mbit/s`, show(seconds, 1), ...dollars];
  }),
});

const fixedCostTable = ({ costs: { fixed } }: Results): Table => ({
  name: 'fixed-costs',
  title: `Dollars a month for a stack with one PBX (${PRICES.region}, prices of ${PRICES.date})`,
  head: ['what', 'dollars'],
  rows: Object.entries(fixed).map(([what, dollars]) => [what, show(dollars, 2)]),
});

/** A figure as `median (lowest to highest)`. */
function show(figure: Figure | number | undefined, digits = 0): string {
  if (figure === undefined) return '';
  if (typeof figure === 'number') return figure.toFixed(digits);
  const { median, min, max } = figure;
  return min === max
    ? show(median, digits)
    : `${show(median, digits)} (${show(min, digits)} to ${show(max, digits)})`;
}

const showMb = ({ median, min, max }: Figure): string =>
  show({ median: median / 1e6, min: min / 1e6, max: max / 1e6 });
