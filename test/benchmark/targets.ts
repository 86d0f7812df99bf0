import type { Results } from './measure.ts';
import { LIB_STORAGE, OURS, RCLONE, UNDICI_PUT } from './streaming.ts';
import type { Table } from './tables.ts';

/** What is measured, the upper limit, and the figure; none if the options or the machine left it out. */
type Target = [what: string, atMost: number, figure: number | undefined, show: (value: number) => string];

export function targetTable(results: Results): Table {
  return {
    name: 'targets',
    title: 'Targets',
    head: ['what', 'at most', 'measured', 'met'],
    rows: targetsFor(results).map(([what, atMost, figure, show]) => {
      if (figure === undefined) return [what, show(atMost), 'not measured', ''];
      return [what, show(atMost), show(figure), figure <= atMost ? 'yes' : 'no'];
    }),
  };
}

const times = (value: number) => `${value.toFixed(2)} times`;
const milliseconds = (value: number) => `${Number(value.toFixed(1))} ms`;
const megabytes = (bytes: number) => `${Number((bytes / 1e6).toFixed(1))} MB`;
const dollars = (value: number) => `$${value.toFixed(4)}`;

function targetsFor({ coldStarts, streaming, memory, pipeline, costs, work }: Results): Target[] {
  const cpuPerMib = (way: string, sizeMib: number) =>
    streaming.find((it) => it.way === way && it.sizeMib === sizeMib)?.cpuMsPerMib.median ?? Number.NaN;
  const ratio = (way: string, sizeMib: number) => {
    const value = cpuPerMib(OURS, sizeMib) / cpuPerMib(way, sizeMib);
    return Number.isNaN(value) ? undefined : value;
  };
  const start = (name: string) => coldStarts.functions.find((it) => it.name === name);
  // Last comes Lambda's own runtime client, where it could be built.
  const peak = memory.findLast(({ sizesMib }) => sizesMib.length === 1 && sizesMib[0] === 1024)?.maxRssBytes;
  const acknowledged = pipeline.acknowledged.find(({ perSecond }) => perSecond === 50);
  const cost = costs.recordings.find((it) => it.minutes === 3 && it.megabitsPerSecond === 5);
  const requests = work.calls.find(({ minutes }) => minutes === 5)?.archiver.requests;
  return [
    ['CPU per MiB at 200 MiB, relative to lib-storage', 0.6, ratio(LIB_STORAGE, 200), times],
    ['CPU per MiB at 1 GiB, relative to lib-storage', 0.55, ratio(LIB_STORAGE, 1024), times],
    ['CPU per MiB at 200 MiB, relative to a bare undici PUT', 1.05, ratio(UNDICI_PUT, 200), times],
    ['CPU per MiB at 1 GiB, relative to a bare undici PUT', 1.05, ratio(UNDICI_PUT, 1024), times],
    ['CPU per MiB at 200 MiB, relative to rclone', 0.8, ratio(RCLONE, 200), times],
    ["peak RSS at 1 GiB, Lambda's heap flags", 115e6, peak?.median, megabytes],
    ['recording-link loaded', 55, start('RecordingLink')?.loadedMs.median, milliseconds],
    ['recording-link, first response', 95, start('RecordingLink')?.firstResponseMs?.median, milliseconds],
    ['cdr-webhook loaded', 42, start('CdrWebhook')?.loadedMs.median, milliseconds],
    ['archive-recording loaded', 80, start('ArchiveRecording')?.loadedMs.median, milliseconds],
    ['report to object without the transfer, p50', 40, pipeline.stored.p50Ms, milliseconds],
    ['report acknowledged at 50 a second, p99', 15, acknowledged?.p99Ms.median, milliseconds],
    ['1,000 recordings of 3 minutes at 5 Mbit/s', 0.03, cost?.total, dollars],
    ['S3 requests for 5 minutes', 2, requests && requests.s3Writes + requests.s3Reads, String],
  ];
}
