import { jobFor, reportFor, toSqsEvent } from './aws.ts';
import type { Bundle } from './bundles.ts';
import { type Run, runFunction } from './run-probe.ts';
import { recordingOf } from './streaming/start-servers.ts';
import { STREAM_PBX } from './streaming/ways.ts';

/** What a function does for one event when it has been started before. */
export interface Work {
  memoryMb: number;
  cpuMs: number;
  requests: { s3Writes: number; s3Reads: number; sqs: number; secretsManager: number };
  /** Of its own log lines. */
  logBytes: number;
}

/** A call's recording, 16-bit PCM at 8 kHz, and what the archive function does for it. */
export interface CallWork {
  minutes: number;
  bytes: number;
  archiver: Work;
}

export interface Workload {
  webhook: Work;
  calls: CallWork[];
}

const BYTES_PER_MINUTE = 60 * 16_000;
const SERIAL = 5_000_000;
const EVENTS = 10;

export interface Deployed {
  bundle: Bundle;
  environment: Record<string, string>;
}

/** For reports, and for recordings of calls of 3 and 5 minutes and of an hour. */
export async function measureWork(webhook: Deployed, archiver: Deployed): Promise<Workload> {
  const calls: CallWork[] = [];
  for (const minutes of [3, 5, 60]) {
    const bytes = 44 + minutes * BYTES_PER_MINUTE;
    const event = (serial: number) =>
      toSqsEvent(jobFor(recordingOf(bytes, SERIAL + minutes * 100 + serial), STREAM_PBX));
    calls.push({ minutes, bytes, archiver: await measure(archiver, event) });
  }
  const report = (serial: number) => reportFor(recordingOf(1, SERIAL + serial), STREAM_PBX);
  return { webhook: await measure(webhook, report), calls };
}

/** The first event's share, which opens connections and fills caches, is taken off. */
async function measure(
  { bundle, environment }: Deployed,
  eventOf: (serial: number) => object,
): Promise<Work> {
  const events = Array.from({ length: 1 + EVENTS }, (_, serial) => eventOf(serial));
  const first = await runFunction(bundle.path, [eventOf(1 + EVENTS)], environment);
  const all = await runFunction(bundle.path, events, environment);
  const perEvent = (count: (run: Run) => number) => (count(all) - count(first)) / EVENTS;
  const requestsTo = (service: string, methods: string[]) =>
    perEvent(({ requests }) => {
      const { host } = new URL(environment[`AWS_ENDPOINT_URL_${service}`] ?? '');
      return methods.reduce((sum, method) => sum + (requests[`${method} ${host}`] ?? 0), 0);
    });
  return {
    memoryMb: bundle.memoryMb,
    cpuMs: all.answers.slice(1).reduce((sum, { cpuMs }) => sum + cpuMs, 0) / EVENTS,
    requests: {
      s3Writes: requestsTo('S3', ['PUT', 'POST']),
      s3Reads: requestsTo('S3', ['GET', 'HEAD']),
      sqs: requestsTo('SQS', ['POST']),
      secretsManager: requestsTo('SECRETS_MANAGER', ['POST']),
    },
    logBytes: perEvent(({ logBytes }) => logBytes),
  };
}
