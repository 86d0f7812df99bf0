import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mapConcurrently } from '../../functions/shared/map-concurrently.ts';
import { recordingKey } from '../../functions/shared/recordings/recording-name.ts';
import { startS3 } from '../../infra/local/s3/server.ts';
import { startSimulatedPbx } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { type Aws, addPbx, jobFor, PASSWORD, questionFor } from './aws.ts';
import { type Bundle, environmentOf } from './bundles.ts';
import { startFunctionHost } from './pipeline/start-host.ts';
import { type Answer, type Run, runFunction } from './run-probe.ts';
import { type Figure, summarize } from './statistics.ts';
import { recordingOf, type Servers } from './streaming/start-servers.ts';
import { STREAM_PBX } from './streaming/ways.ts';

const MEGABYTE = 1e6;
const BACKLOG_SERIAL = 10 * MEGABYTE;
/** Of four seconds. */
const SHORT_BYTES = 64_044;
const BATCH = 10;
const PUTS_AT_ONCE = 16;

/** The day that is reconciled, and its calls. */
const DAY = '2026-01-15';
const CALLS_OF_DAY = 50;
const CALLS_OF_OTHER_DAYS = 1000;
const ANSWERS = 20;
const BUCKET = 'recordings';
const PBX = 'growing';

export interface Backlog {
  jobs: number;
  msPerJob: number;
}

/** Has the archive function work off backlogs of so many jobs, one job at a time. */
export async function measureBacklogs(
  archiver: Bundle,
  environment: Record<string, string>,
  { servers, queueUrl, sizes }: { servers: Servers; queueUrl: string; sizes: number[] },
): Promise<Backlog[]> {
  const sqs = new SQSClient();
  const measured: Backlog[] = [];
  let serial = BACKLOG_SERIAL;
  for (const jobs of sizes) {
    const awaited = new Set<string>();
    for (let sent = 0; sent < jobs; sent += BATCH) {
      const Entries = Array.from({ length: Math.min(BATCH, jobs - sent) }, (_, index) => {
        serial += 1;
        const job = jobFor(recordingOf(SHORT_BYTES, serial), STREAM_PBX);
        awaited.add(job.recording);
        return { Id: String(index), MessageBody: JSON.stringify(job) };
      });
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
    const done = Promise.withResolvers<void>();
    const storedAt: number[] = [];
    const stop = servers.onStored(({ recording, atMs }) => {
      if (awaited.delete(recording)) storedAt.push(atMs);
      if (awaited.size === 0) done.resolve();
    });
    await using _ = await startFunctionHost(archiver.path, environment, queueUrl);
    await done.promise;
    stop();
    // Without the start of the process, whose job the first one is.
    const [first = 0, last = 0] = [storedAt[0], storedAt.at(-1)];
    measured.push({ jobs, msPerJob: (last - first) / Math.max(jobs - 1, 1) });
  }
  return measured;
}

export interface BucketGrowth {
  recordings: number;
  linkMs: Figure;
  linkS3Requests: number;
  /** Of one day. */
  reconciliationMs: Figure;
  reconciliationS3Requests: number;
}

/** Asks for links, and reconciles one day of fifty calls, in buckets with so many recordings. */
export async function measureBuckets(
  bundles: { link: Bundle; reconciler: Bundle },
  aws: Aws,
  { sizes, directory }: { sizes: number[]; directory: string },
): Promise<BucketGrowth[]> {
  const at = Date.parse(`${DAY}T12:00:00Z`);
  await using running = new AsyncDisposableStack();
  const pbx = await startSimulatedPbx({ username: 'api', password: PASSWORD, now: () => at });
  running.defer(() => pbx.close());
  const { url, fingerprint256 } = pbx;
  const environment = await addPbx(aws, { id: PBX, url, fingerprint256 }, directory);
  const ofDay = Array.from({ length: CALLS_OF_DAY }, () => pbx.makeCall({ from: '1', to: '2' }).recording);

  const measured: BucketGrowth[] = [];
  for (const recordings of sizes) {
    const s3 = await startBucket(join(directory, `bucket-of-${recordings}`), running);
    await mapConcurrently([...ofDay, ...namesOfOtherDays(recordings - ofDay.length)], PUTS_AT_ONCE, s3.put);
    const found = { ...environment, ...s3.environment };
    const host = new URL(s3.environment.AWS_ENDPOINT_URL_S3).host;
    const ask = async (bundle: Bundle, event: object): Promise<Run> =>
      runFunction(
        bundle.path,
        Array.from({ length: ANSWERS + 1 }, () => event),
        environmentOf(bundle, found),
      );
    const link = await ask(bundles.link, questionFor(ofDay[0] ?? '', PBX));
    const reconciliation = await ask(bundles.reconciler, { pbx: PBX, from: DAY, to: DAY });
    measured.push({
      recordings,
      linkMs: ofWarm(link.answers),
      linkS3Requests: requestsTo(host, link),
      reconciliationMs: ofWarm(reconciliation.answers),
      reconciliationS3Requests: requestsTo(host, reconciliation),
    });
  }
  return measured;
}

async function startBucket(directory: string, running: AsyncDisposableStack) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'of-the-benchmark' };
  const region = 'us-east-1';
  const server = await startS3({ directory, credentials, region });
  running.defer(() => server.close());
  const s3 = new S3Client({ endpoint: server.url, credentials, region, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    environment: {
      AWS_ENDPOINT_URL_S3: server.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    async put(recording: string): Promise<void> {
      const Metadata = { 'call-id': '1' };
      await s3.send(
        new PutObjectCommand({ Bucket: BUCKET, Key: recordingKey(PBX, recording), Body: 'RIFF', Metadata }),
      );
    },
  };
}

/** A thousand a day, of the days since the beginning of 2020. */
const namesOfOtherDays = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => {
    const day = new Date(Date.UTC(2020, 0, 1 + Math.floor(index / CALLS_OF_OTHER_DAYS)));
    return `${day.toISOString().slice(0, 10).replaceAll('-', '')}120000-${index}.1-1001-1003-Internal.wav`;
  });

/** Without the first one, which opens connections. */
const ofWarm = (answers: Answer[]): Figure => summarize(answers.slice(1).map(({ ms }) => ms));

const requestsTo = (host: string, { requests, answers }: Run): number =>
  Object.entries(requests)
    .filter(([to]) => to.endsWith(` ${host}`))
    .reduce((sum, [, count]) => sum + count, 0) / answers.length;
