import type { Results } from './results.ts';
import { LIB_STORAGE, OURS, RAW_PUT, RCLONE, TLS_FLOOR } from './streaming/ways.ts';

const MEGABYTE = 1e6;

/** Something that the product means to be, and what has been measured of it. */
export interface Target {
  what: string;
  unit: string;
  atMost: number;
  /** Absent where the machine, or the options, had no measurement of it. */
  figure: number | undefined;
  digits: number;
  /** What Node itself takes for it, in a program that does nothing else. */
  limit?: number | undefined;
}

export const isReached = ({ figure, atMost }: Target): boolean => figure !== undefined && figure <= atMost;

export function targetsOf(results: Results): Target[] {
  const { coldStarts, pipeline, recordingCosts, work } = results;
  const streaming = (way: string, size: number) =>
    results.streaming.find((it) => it.way === way && it.sizeMib === size && it.isLengthKnown);
  const cpuOf = (way: string, size: number) => streaming(way, size)?.cpuMsPerMib.median;
  const cpuRatio = (way: string, size: number, whose = OURS) => ratio(cpuOf(whose, size), cpuOf(way, size));
  const rss = (size: number) => {
    const bytes = streaming(OURS, size)?.maxRssBytes.median;
    return bytes === undefined ? undefined : bytes / MEGABYTE;
  };
  const [long, short] = [rss(1024), rss(60)];
  const start = (name: string) => coldStarts.functions.find((it) => it.name === name);
  const requests = work.calls.find(({ minutes }) => minutes === 5)?.archiver.requests;
  const ms = { unit: 'ms', digits: 0 };
  const times = { unit: 'times', digits: 2 };
  return [
    {
      what: "CPU per MiB, 200 MiB, of lib-storage's",
      ...times,
      atMost: 0.55,
      figure: cpuRatio(LIB_STORAGE, 200),
    },
    { what: "CPU per MiB, 200 MiB, of a bare PUT's", ...times, atMost: 0.8, figure: cpuRatio(RAW_PUT, 200) },
    ...[60, 200].map((size) => ({
      what: `CPU per MiB, ${size} MiB, of rclone's`,
      ...times,
      atMost: 1,
      figure: cpuRatio(RCLONE, size),
      limit: cpuRatio(RCLONE, size, TLS_FLOOR),
    })),
    { what: 'peak memory, 1 GiB', unit: 'MB', digits: 0, atMost: 110, figure: long },
    {
      what: 'peak memory, 60 MiB, difference to that',
      unit: 'MB',
      digits: 0,
      atMost: 10,
      figure: long === undefined || short === undefined ? undefined : Math.abs(long - short),
    },
    {
      what: 'recording-link loaded',
      ...ms,
      atMost: 10,
      figure: start('RecordingLink')?.loadedMs.median,
      limit: coldStarts.floor.loadedMs.median,
    },
    {
      what: 'recording-link, first answer',
      ...ms,
      atMost: 25,
      figure: start('RecordingLink')?.answeredMs?.median,
      limit: coldStarts.floor.answeredMs.median,
    },
    { what: 'cdr-webhook loaded', ...ms, atMost: 40, figure: start('CdrWebhook')?.loadedMs.median },
    {
      what: 'archive-recording loaded',
      ...ms,
      atMost: 70,
      figure: start('ArchiveRecording')?.loadedMs.median,
    },
    {
      what: 'report acknowledged, 50 a second, p99',
      unit: 'ms',
      digits: 1,
      atMost: 15,
      figure: pipeline.acknowledged.find(({ perSecond }) => perSecond === 50)?.p99Ms,
    },
    {
      what: 'report to object, without the transfer, p50',
      unit: 'ms',
      digits: 1,
      atMost: 40,
      figure: pipeline.visible.p50Ms,
    },
    {
      what: '1,000 recordings of 3 minutes, 5 Mbit/s',
      unit: 'dollars',
      digits: 4,
      atMost: 0.03,
      figure: recordingCosts.find((it) => it.minutes === 3 && it.megabitsPerSecond === 5)?.total,
    },
    {
      what: 'S3 requests for a recording of 5 minutes',
      unit: '',
      digits: 0,
      atMost: 2,
      figure: requests && requests.s3Writes + requests.s3Reads,
    },
  ];
}

const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a / b;
