import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { expect, onTestFinished } from 'vitest';
import { processJob } from '../../../../functions/archive-recording/process-job.ts';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { type Job, jobSchema } from '../../../../functions/shared/jobs/job.ts';
import type { DeadLetterReason } from '../../../../functions/shared/jobs/queues.ts';
import { createPbxClient } from '../../../../functions/shared/pbx/family-clients.ts';
import { archiveRecording } from '../../../../functions/shared/recordings/archive-recording.ts';
import { createMarkers } from '../../../../functions/shared/recordings/markers.ts';
import { createPartBuffers } from '../../../../functions/shared/recordings/parts.ts';
import {
  createRecordingStore,
  type RecordingStore,
} from '../../../../functions/shared/recordings/recording-store.ts';
import type { WriteOutcome } from '../../../../functions/shared/recordings/uploads.ts';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import type { SimulatedCall, SimulatedPbxOptions } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { startPbxHarness } from '../../../infra/simulated-pbx/harness.ts';
import { type SessionHarnessOptions, startSession } from '../session/session-harness.ts';

export const BUCKET = 'archive';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' };

/** A bucket in an embedded S3 that is closed after the test, and clients for it. */
async function startBucket() {
  const directory = await mkdtemp(join(tmpdir(), 'archive-'));
  const server = await startS3({ directory, credentials, region: 'us-east-1' });
  const settings = { endpoint: server.url, credentials, region: 'us-east-1' };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const client = createS3Client({ ...settings, forcePathStyle: true });
  onTestFinished(async () => {
    s3.destroy();
    client.destroy();
    await server.close();
    await rm(directory, { recursive: true });
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const methods: string[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      methods.push((args.request as { method: string }).method);
      return next(args);
    },
    { step: 'finalizeRequest' },
  );
  return {
    s3,
    /** The client as the product creates it. */
    client,
    /** The HTTP methods of the requests sent by `client`. */
    methods,
    /** A client that sends no checksum, as many programs do. */
    withoutChecksums() {
      const other = new S3Client({
        ...settings,
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
      onTestFinished(() => other.destroy());
      return other;
    },
    async keys() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
      return Contents.map(({ Key }) => Key);
    },
    async openUploads() {
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
      return Uploads.length;
    },
    async bytesOf(key: string) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    head: (key: string) =>
      s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key, ChecksumMode: 'ENABLED' })),
  };
}

/** Asks when objects were written by the test's clock. The S3 itself checks signatures by the real one. */
function withClock(store: RecordingStore, now: () => number): RecordingStore {
  const writtenAt = new Map<string, number>();
  const noted = async (key: string, write: Promise<WriteOutcome>) => {
    const outcome = await write;
    if (outcome === 'written') writtenAt.set(key, now());
    return outcome;
  };
  return {
    ...store,
    put: (object, ...rest) => noted(object.key, store.put(object, ...rest)),
    complete: (upload, ...rest) => noted(upload.key, store.complete(upload, ...rest)),
    hasStoredBetween: async (_, from, to) => [...writtenAt.values()].some((at) => at > from && at <= to),
  };
}

export interface ArchiveHarnessOptions {
  pbx?: SimulatedPbxOptions;
  /** Settings that differ from those of the simulated PBX. */
  settings?: object;
  idleTimeoutMs?: number;
  partBytes?: number;
}

/** Everything between a simulated PBX and an embedded S3, over real sockets; only the queue is a fake. */
export async function startArchiveHarness(options: ArchiveHarnessOptions = {}) {
  const { pbx, clock } = await startPbxHarness(options.pbx);
  const account = { password: options.pbx?.password ?? 'pbx-password' };
  return { pbx, ...(await archiveFrom(pbx, { clock, ...account }, options)) };
}

/** The same for a PBX of any family that is running. */
export async function archiveFrom(
  pbx: { url: string; fingerprint256: string },
  account: SessionHarnessOptions,
  options: Omit<ArchiveHarnessOptions, 'pbx'> = {},
) {
  const { clock } = account;
  const bucket = await startBucket();
  const settings = v.parse(pbxSchema, {
    baseUrl: pbx.url,
    reportUrl: 'http://127.0.0.1:9',
    credentialsSecret: 'pbx/test',
    sessionSecret: 'session/test',
    queueName: 'test',
    ...(pbx.fingerprint256 !== '' && { tls: { fingerprint256: pbx.fingerprint256 } }),
    ...options.settings,
  });
  const timeouts = options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs };
  const client = createPbxClient(settings, timeouts);
  const { session } = await startSession(client, account);
  const store = withClock(createRecordingStore(bucket.client, BUCKET), () => clock.now);
  const buffers = createPartBuffers(options.partBytes);
  const retryDelays: number[] = [];
  const deadLetters: (DeadLetterReason & { body: string })[] = [];
  const sent: { job: Job; delaySeconds: number | undefined }[] = [];
  const queues = {
    async send(queueUrl: string, message: unknown, delaySeconds?: number) {
      expect(queueUrl).toBe('queue');
      sent.push({ job: v.parse(jobSchema, JSON.parse(JSON.stringify(message))), delaySeconds });
    },
    sendDeadLetter: async (body: string, reason: DeadLetterReason) => {
      deadLetters.push({ body, ...reason });
    },
    scheduleRetry: async (_url: string, _handle: string, seconds: number) => {
      retryDelays.push(seconds);
    },
  };
  const markers = createMarkers(bucket.client, BUCKET);
  const sentAt = clock.now;

  return {
    clock,
    bucket,
    client,
    store,
    queues,
    /** The jobs that were requeued with their progress. */
    sent,
    retryDelays,
    /** After how many seconds the job was to be tried again, in the same message or in a new one. */
    delays: () => [...retryDelays, ...sent.map(({ delaySeconds }) => delaySeconds)],
    /** The job as it will be delivered next: with what its last attempt found out, if that was anything. */
    nextJob: (job: Job): Job => sent.at(-1)?.job ?? job,
    deadLetters,
    jobFor: ({ recording, callId }: Pick<SimulatedCall, 'recording' | 'callId'>): Job => ({
      version: 1,
      pbx: 'test',
      recording,
      call: { callId },
      reportedAt: new Date(clock.now).toISOString(),
    }),
    /** Delivers a job as the queue does; returns whether it is acknowledged. */
    deliver(
      job: Job,
      attempt = 1,
      signal = new AbortController().signal,
      messageSentAt = sentAt,
    ): Promise<boolean> {
      const message = {
        body: JSON.stringify(job),
        queueUrl: 'queue',
        receiptHandle: 'handle',
        attempt,
        sentAt: messageSentAt,
      };
      const now = () => clock.now;
      const deps = { client, session, store, buffers, signal, now };
      return processJob(message, {
        archive: (delivered, options) => archiveRecording(delivered, deps, options),
        store,
        queues,
        markers,
        now,
      });
    },
  };
}
