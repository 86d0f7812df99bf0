import { jobEvent, reportEvent } from './aws.ts';
import { runFunction } from './run-program.ts';
import { EMPTY_WAV_BYTES, newRecording } from './servers.ts';
import type { DeployedFunction } from './stack.ts';
import { type Figure, summarize } from './statistics.ts';

/** What a warm function does for one event. */
export interface Work {
  memoryMb: number;
  cpuMs: number;
  requests: { s3Writes: number; s3Reads: number; sqs: number; secretsManager: number };
  /** Its own log lines, without Lambda's. */
  logBytes: number;
}

/** A call's recording, 16-bit PCM at 8 kHz, and what archive-recording does for it. */
export interface CallWork {
  minutes: number;
  bytes: number;
  archiver: Work;
}

const BYTES_PER_MINUTE = 60 * 16_000;
const EVENTS = 11;

/** Measures a report, and recordings of 3 and 60 minutes for the costs, and of 5 for the number of requests. */
export async function measureWork(webhook: DeployedFunction, archiver: DeployedFunction) {
  const calls: CallWork[] = [];
  for (const minutes of [3, 5, 60]) {
    const bytes = 44 + minutes * BYTES_PER_MINUTE;
    const newEvent = () => jobEvent(newRecording(bytes));
    calls.push({ minutes, bytes, archiver: await measureEvents(archiver, newEvent) });
  }
  return { webhook: await measureEvents(webhook, () => reportEvent(newRecording(EMPTY_WAV_BYTES))), calls };
}

/** Leaves out the first event, which opens connections and fills caches. */
export async function measureEvents(
  deployed: DeployedFunction,
  newEvent: () => object,
): Promise<Work & { ms: Figure }> {
  const events = Array.from({ length: EVENTS }, newEvent);
  const { invocations, logs } = await runFunction(deployed, events);
  const warm = invocations.slice(1);
  const requestsTo = (service: string, methods: string[]) => {
    const { host } = new URL(deployed.environment[`AWS_ENDPOINT_URL_${service}`] ?? '');
    const counts = warm.flatMap(({ requests }) =>
      methods.map((method) => requests[`${method} ${host}`] ?? 0),
    );
    return counts.reduce((sum, count) => sum + count, 0) / warm.length;
  };
  return {
    memoryMb: deployed.memoryMb,
    ms: summarize(warm.map(({ ms }) => ms)),
    cpuMs: warm.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / warm.length,
    requests: {
      s3Writes: requestsTo('S3', ['PUT', 'POST']),
      s3Reads: requestsTo('S3', ['GET', 'HEAD']),
      sqs: requestsTo('SQS', ['POST']),
      secretsManager: requestsTo('SECRETS_MANAGER', ['POST']),
    },
    logBytes: logs.length / EVENTS,
  };
}
