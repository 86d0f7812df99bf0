import { setTimeout as delay } from 'node:timers/promises';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Agent, request } from 'undici';
import { REPORT_PATH, reportEvent } from './aws.ts';
import { downloadUrl, newRecording, type Servers, storedAt } from './servers.ts';
import type { DeployedFunction } from './stack.ts';
import { startFunctionHost } from './start-function-host.ts';
import { percentile, summarize } from './statistics.ts';

/** A call of three minutes. */
const RECORDING_BYTES = 2_880_044;

const WARM_UP = 3;
const FAST_PER_SECOND = 50;
const ROUNDS = 5;

/** Posts reports as a PBX does: for so many seconds at one a second, then for as long at fifty, in five rounds. */
export async function measurePipeline(
  { webhook, archiver }: { webhook: DeployedFunction; archiver: DeployedFunction },
  servers: Servers,
  { queueUrl, seconds }: { queueUrl: string; seconds: number },
) {
  await using api = await startFunctionHost(webhook);
  const slow = [];
  {
    await using _ = await startFunctionHost(archiver, queueUrl);
    await postAll(api.port, 1, WARM_UP);
    slow.push(...(await postAll(api.port, 1, seconds)));
    await waitUntilStored(slow.map(({ recording }) => recording));
  }
  const rounds = [];
  const count = Math.ceil((FAST_PER_SECOND * seconds) / ROUNDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(await postAll(api.port, FAST_PER_SECOND, count));
  }
  // Their jobs need not run.
  await new SQSClient().send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
  const transferMs = await measureTransfer(servers, seconds);
  const storedMs = slow.map(({ recording, sentAt }) => (storedAt.get(recording) ?? 0) - sentAt - transferMs);
  return {
    /** From the first byte of a report to the last byte of its response. */
    acknowledged: [summarizeRounds(1, [slow]), summarizeRounds(FAST_PER_SECOND, rounds)],
    /** From a report to the object in S3, at one report a second, without the transfer. */
    stored: { reports: slow.length, p50Ms: percentile(storedMs, 0.5), p99Ms: percentile(storedMs, 0.99) },
    /** The transfer alone: the same recording from the same server and back to it. */
    transferMs,
  };
}

export async function waitUntilStored(recordings: readonly string[]): Promise<void> {
  while (recordings.some((recording) => !storedAt.has(recording))) await delay(10);
}

interface Posted {
  recording: string;
  sentAt: number;
  ms: number;
}

/** Keeps its rate, however long a response takes. */
async function postAll(port: number | undefined, perSecond: number, count: number): Promise<Posted[]> {
  const startedAt = performance.now();
  const posted = Array.from({ length: count }, async (_, index) => {
    await delay(Math.max(0, startedAt + (index * 1000) / perSecond - performance.now()));
    const recording = newRecording(RECORDING_BYTES);
    const { body } = reportEvent(recording);
    const headers = { 'content-type': 'application/json' };
    const sentAt = performance.now();
    const response = await request(`http://127.0.0.1:${port}${REPORT_PATH}`, {
      method: 'POST',
      headers,
      body,
    });
    await response.body.dump();
    if (response.statusCode !== 200) throw new Error(`A report failed with status ${response.statusCode}.`);
    return { recording, sentAt, ms: performance.now() - sentAt };
  });
  return Promise.all(posted);
}

function summarizeRounds(perSecond: number, rounds: Posted[][]) {
  const times = rounds.map((round) => round.map(({ ms }) => ms));
  const summarizeAt = (share: number) => summarize(times.map((round) => percentile(round, share)));
  const reports = rounds.map(({ length }) => length);
  return { perSecond, reports, p50Ms: summarizeAt(0.5), p99Ms: summarizeAt(0.99) };
}

/** Downloads and uploads over connections that are already open, one after the other. */
async function measureTransfer(servers: Servers, times: number): Promise<number> {
  const dispatcher = new Agent({ connect: { ca: servers.certificate } });
  const taken: number[] = [];
  for (let time = 0; time < WARM_UP + times; time += 1) {
    const recording = newRecording(RECORDING_BYTES);
    const download = await request(downloadUrl(servers, recording), { dispatcher });
    const startedAt = performance.now();
    const body = await download.body.bytes();
    const upload = await request(`${servers.url}/benchmark/${recording}`, {
      method: 'PUT',
      body,
      dispatcher,
    });
    await upload.body.dump();
    taken.push(performance.now() - startedAt);
  }
  await dispatcher.close();
  return percentile(taken.slice(WARM_UP), 0.5);
}
