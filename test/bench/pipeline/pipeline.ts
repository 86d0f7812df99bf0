import { setTimeout as delay } from 'node:timers/promises';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Agent, request } from 'undici';
import { reportFor } from '../aws.ts';
import { type Bundle, environmentOf } from '../bundles.ts';
import { percentile } from '../statistics.ts';
import { recordingOf, type Servers } from '../streaming/start-servers.ts';
import { STREAM_PBX } from '../streaming/ways.ts';
import { startFunctionHost } from './start-host.ts';

/** A call of three minutes. */
const RECORDING_BYTES = 2_880_044;

/** Of the first serial number of a measurement's recordings. */
const [FEW, MANY, BARE] = [2_000_000, 3_000_000, 4_000_000];

const WARM_UP = 3;

export interface Percentiles {
  p50Ms: number;
  p99Ms: number;
}

export interface Pipeline {
  recordingBytes: number;
  /** From a report's first byte to the answer's last. */
  acknowledged: ({ perSecond: number; reports: number } & Percentiles)[];
  /** From the report to the object in S3, with one report a second, and without the recording's way. */
  visible: Percentiles;
  /** What was taken off: the bytes of the same recording from the same server, and to it. */
  transferMs: number;
}

export interface PipelinePlaces {
  webhook: Bundle;
  archiver: Bundle;
  environment: Record<string, string>;
  archiverEnvironment: Record<string, string>;
  servers: Servers;
  queueUrl: string;
}

/** Posts reports as a PBX does, for so many seconds, first one a second and then fifty. */
export async function measurePipeline(places: PipelinePlaces, seconds: number): Promise<Pipeline> {
  const { webhook, archiver, servers, queueUrl } = places;
  await using front = await startFunctionHost(webhook.path, environmentOf(webhook, places.environment));
  const url = `http://127.0.0.1:${front.port}`;
  const stored = new Map<string, number>();
  const stop = servers.onStored(({ recording, atMs }) => stored.set(recording, atMs));
  const few: Posted[] = [];
  {
    await using _ = await startFunctionHost(archiver.path, places.archiverEnvironment, queueUrl);
    // The functions have been started when it begins.
    await postAll(url, { perSecond: 1, count: WARM_UP, serial: FEW - WARM_UP });
    few.push(...(await postAll(url, { perSecond: 1, count: seconds, serial: FEW })));
    while (few.some(({ recording }) => !stored.has(recording))) await delay(10);
  }
  stop();
  const many = await postAll(url, { perSecond: 50, count: 50 * seconds, serial: MANY });
  // What they asked for has been archived often enough.
  await new SQSClient().send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
  const transferMs = await measureTransfer(servers, seconds);
  return {
    recordingBytes: RECORDING_BYTES,
    acknowledged: [
      { perSecond: 1, reports: few.length, ...percentilesOf(few.map(({ ms }) => ms)) },
      { perSecond: 50, reports: many.length, ...percentilesOf(many.map(({ ms }) => ms)) },
    ],
    visible: percentilesOf(
      few.map(({ recording, sentAtMs }) => (stored.get(recording) ?? 0) - sentAtMs - transferMs),
    ),
    transferMs,
  };
}

interface Posted {
  recording: string;
  sentAtMs: number;
  ms: number;
}

/** Keeps to its pace, however long an answer takes. */
async function postAll(
  url: string,
  { perSecond, count, serial }: { perSecond: number; count: number; serial: number },
): Promise<Posted[]> {
  const startedAt = now();
  const posted = Array.from({ length: count }, async (_, index) => {
    await delay(Math.max(0, startedAt + (index * 1000) / perSecond - now()));
    const recording = recordingOf(RECORDING_BYTES, serial + index);
    const sentAtMs = now();
    await post(url, recording);
    return { recording, sentAtMs, ms: now() - sentAtMs };
  });
  return Promise.all(posted);
}

async function post(url: string, recording: string): Promise<void> {
  const { pathParameters, body } = reportFor(recording, STREAM_PBX);
  const { statusCode, body: answer } = await request(
    `${url}/reports/${STREAM_PBX}/${pathParameters.secret}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    },
  );
  await answer.dump();
  if (statusCode !== 200) throw new Error(`A report was answered with ${statusCode}.`);
}

/** The recording's bytes from the server, and to it, over connections that are open already, one behind the other. */
async function measureTransfer({ url, certificate }: Servers, times: number): Promise<number> {
  const s3 = new Agent({ connect: { ca: certificate } });
  const taken: number[] = [];
  for (let serial = BARE; serial < BARE + WARM_UP + times; serial += 1) {
    const recording = recordingOf(RECORDING_BYTES, serial);
    const path = `/api/v1.1.0/recording/download?recording=${recording}`;
    const startedAt = now();
    const bytes = Buffer.from(await (await request(url + path, { dispatcher: s3 })).body.arrayBuffer());
    const put = { method: 'PUT', body: bytes, dispatcher: s3 } as const;
    await (await request(`${url}/bench/${recording}`, put)).body.dump();
    taken.push(now() - startedAt);
  }
  await s3.close();
  return percentile(taken.slice(WARM_UP), 0.5);
}

const percentilesOf = (values: number[]): Percentiles => ({
  p50Ms: percentile(values, 0.5),
  p99Ms: percentile(values, 0.99),
});

/** The same clock in all processes. */
const now = () => performance.timeOrigin + performance.now();
