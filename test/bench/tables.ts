import type { ColdStart } from './cold-start.ts';
import { PRICES } from './cost.ts';
import type { Results } from './results.ts';
import type { Figure } from './statistics.ts';
import { OURS } from './streaming/ways.ts';
import { isReached, targetsOf } from './targets.ts';

const MEGABYTE = 1e6;

export interface Table {
  title: string;
  rows: Record<string, string | number>[];
}

/** `median (min to max)` */
const show = (figure: Figure | undefined, unit = 1, digits = 0): string => {
  if (figure === undefined) return '';
  const [median, min, max] = [figure.median, figure.min, figure.max].map((it) => (it / unit).toFixed(digits));
  return `${median} (${min} to ${max})`;
};

const dollars = (amount: number) => amount.toFixed(4);

export const targetTable = (results: Results): Table => ({
  title: 'Targets',
  rows: targetsOf(results).map((target) => {
    const { what, unit, atMost, figure, digits, limit } = target;
    const showIn = (value: number) => `${value.toFixed(digits)} ${unit}`.trim();
    return {
      what,
      'at most': `${atMost} ${unit}`.trim(),
      measured: figure === undefined ? 'not measured' : showIn(figure),
      reached: figure === undefined ? '' : isReached(target) ? 'yes' : 'no',
      "Node's own share": limit === undefined ? '' : showIn(limit),
    };
  }),
});

export const recordingCostTable = ({ recordingCosts }: Results): Table => ({
  title: `Dollars per 1,000 recordings (${PRICES.region}, ${PRICES.date})`,
  rows: recordingCosts.map(({ minutes, megabitsPerSecond, seconds, parts, total }) => ({
    call: `${minutes} min`,
    'PBX line': `${megabitsPerSecond} Mbit/s`,
    'seconds each': seconds.toFixed(1),
    Lambda: dollars(parts.lambda),
    'HTTP API': dollars(parts.httpApi),
    SQS: dollars(parts.sqs),
    S3: dollars(parts.s3),
    'Secrets Manager': dollars(parts.secretsManager),
    logs: dollars(parts.logs),
    total: dollars(total),
  })),
});

export const fixedCostTable = ({ fixedCosts }: Results): Table => {
  const total = Object.values(fixedCosts).reduce((sum, cost) => sum + cost, 0);
  return {
    title: `Dollars a month for a stack with one PBX (${PRICES.region}, ${PRICES.date})`,
    rows: Object.entries({ ...fixedCosts, total }).map(([what, cost]) => ({
      what,
      dollars: cost.toFixed(2),
    })),
  };
};

export const tablesOf = (results: Results): Table[] => [
  coldStartTable(results),
  streamingTable(results),
  memoryTable(results),
  ...pipelineTables(results),
  backlogTable(results),
  bucketTable(results),
  recordingCostTable(results),
  fixedCostTable(results),
  targetTable(results),
];

const coldStartTable = ({ coldStarts: { bareMs, floor, functions } }: Results): Table => ({
  title: `Cold start, over bare Node's ${show(bareMs)} ms: median (least to most)`,
  rows: [
    ...functions.map(({ name, bundleBytes, memoryMb, ...measured }) => ({
      function: name,
      'bundle KB': Math.round(bundleBytes / 1024),
      ...showStart(measured),
      'memory MB': memoryMb,
    })),
    { function: 'two requests, nothing else', 'bundle KB': '', ...showStart(floor), 'memory MB': '' },
  ],
});

const showStart = ({
  loadedMs,
  answeredMs,
  maxRssBytes,
}: Pick<ColdStart, 'loadedMs' | 'answeredMs' | 'maxRssBytes'>) => ({
  'loaded ms': show(loadedMs),
  'first answer ms': show(answeredMs),
  'peak RSS MB': show(maxRssBytes, MEGABYTE),
});

const streamingTable = ({ streaming }: Results): Table => ({
  title:
    'Streaming, HTTPS to HTTPS, without the start, which is a recording of one byte: median (least to most)',
  rows: streaming.map(({ sizeMib, isLengthKnown, way, startCpuMs, wallMs, cpuMsPerMib, maxRssBytes }) => {
    const ours = streaming.find(
      (it) => it.way === OURS && it.sizeMib === sizeMib && it.isLengthKnown === isLengthKnown,
    );
    const share = (ours?.cpuMsPerMib.median ?? 0) / cpuMsPerMib.median;
    return {
      MiB: sizeMib,
      length: isLengthKnown ? 'known' : 'unknown',
      way,
      'start, CPU ms': show(startCpuMs),
      'wall ms': show(wallMs),
      'CPU ms/MiB': show(cpuMsPerMib, 1, 2),
      // A start, which is taken off, may be longer than all that comes behind it.
      'ours, of its CPU': share > 0 ? share.toFixed(2) : '',
      'peak RSS MB': show(maxRssBytes, MEGABYTE),
    };
  }),
});

const memoryTable = ({ memory: { sizesMib, memoryMb, isLimited, maxRssBytes } }: Results): Table => ({
  title: `Memory of a process that archives ${sizesMib.join(', then ')} MiB: median (least to most)`,
  rows: [
    {
      'peak RSS MB': show(maxRssBytes, MEGABYTE),
      'memory MB': memoryMb,
      'held to that': isLimited ? 'yes' : 'no',
    },
  ],
});

const pipelineTables = ({
  pipeline: { acknowledged, visible, transferMs, recordingBytes },
}: Results): Table[] => [
  {
    title: 'Reports acknowledged',
    rows: acknowledged.map(({ perSecond, reports, p50Ms, p99Ms }) => ({
      'a second': perSecond,
      reports,
      'p50 ms': p50Ms.toFixed(1),
      'p99 ms': p99Ms.toFixed(1),
    })),
  },
  {
    title: `From a report to the object in S3, without the transfer of ${(recordingBytes / MEGABYTE).toFixed(2)} MB`,
    rows: [
      {
        'p50 ms': visible.p50Ms.toFixed(1),
        'most ms': visible.p99Ms.toFixed(1),
        'transfer ms': transferMs.toFixed(1),
        'p50 with it': (visible.p50Ms + transferMs).toFixed(1),
      },
    ],
  },
];

const backlogTable = ({ backlogs }: Results): Table => ({
  title: 'A backlog, one job at a time',
  rows: backlogs.map(({ jobs, msPerJob }) => ({ jobs, 'ms per job': msPerJob.toFixed(1) })),
});

const bucketTable = ({ buckets }: Results): Table => ({
  title: 'A link, and the reconciliation of a day with 50 calls: median (least to most)',
  rows: buckets.map((it) => ({
    'recordings in the bucket': it.recordings,
    'link ms': show(it.linkMs, 1, 1),
    'its S3 requests': it.linkS3Requests.toFixed(1),
    'reconciliation ms': show(it.reconciliationMs, 1, 1),
    'its S3 requests ': it.reconciliationS3Requests.toFixed(1),
  })),
});

export function printTable({ title, rows }: Table): void {
  console.log(`\n${title}`);
  console.table(rows);
}

export function toMarkdown({ rows }: Table): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => names.map((name) => row[name]));
  return [names, names.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
