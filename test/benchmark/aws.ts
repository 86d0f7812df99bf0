import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { HttpEvent } from '../../functions/shared/api/http-event.ts';
import { emulatorKeys } from '../../functions/shared/aws-clients.ts';
import { ACCESS_TABLE, INDEX_TABLE } from '../../functions/shared/config/tables.ts';
import type { Job } from '../../functions/shared/jobs/job.ts';
import { recordingKey } from '../../functions/shared/recordings/recording-name.ts';
import { ensureTable } from '../../infra/local/dynamodb.ts';
import { startEmulators } from '../../infra/local/emulators.ts';
import { startSimulatedPbx } from '../../infra/simulated-pbx/simulated-pbx.ts';
import type { Servers } from './servers.ts';

const WEBHOOK_SECRET = 'webhook-secret-0123456789';
export const LINK_TOKEN = 'link-token-0123456789';
const LOGIN = { username: 'api', password: 'pbx-password' };
const BUCKET = 'recordings';
const PUTS_AT_ONCE = 16;

/** The PBX with a call log: its calls are all on one day, and the bucket has their recordings. */
const OFFICE_PBX = 'office';
const DAY = '2026-01-15';
const CALLS = 50;

/** The PBX that serves recordings of any size, without a call log. */
const STREAM_PBX = 'stream';

export type Aws = Awaited<ReturnType<typeof startAws>>;

/** Starts emulated AWS with an archive for the two PBXs. */
export async function startAws(directory: string, servers: Servers, running: AsyncDisposableStack) {
  const { sqs, environment } = await startEmulators(directory, running);
  const createQueue = (name: string) => `${sqs.address}/000000000000/${sqs.createQueue(name).queueName}`;
  const noon = Date.parse(`${DAY}T12:00:00Z`);
  const office = await startSimulatedPbx({ ...LOGIN, now: () => noon });
  running.defer(() => office.close());

  const registry: Record<string, object> = {};
  const secrets: Record<string, string> = { 'link-token': LINK_TOKEN };
  const pbxs = { [OFFICE_PBX]: office, [STREAM_PBX]: servers };
  for (const [id, { url, fingerprint256 }] of Object.entries(pbxs)) {
    const [credentialsSecret, sessionSecret, queueName] = [`pbx/${id}`, `session/${id}`, `recordings-${id}`];
    const names = { credentialsSecret, sessionSecret, queueName };
    registry[id] = { baseUrl: url, tls: { fingerprint256 }, reportUrl: 'https://{host}', ...names };
    secrets[credentialsSecret] = JSON.stringify({ ...LOGIN, webhookSecret: WEBHOOK_SECRET });
    secrets[sessionSecret] = '{}';
  }
  const registryFile = join(directory, 'pbx-registry.json');
  await writeFile(registryFile, JSON.stringify(registry));
  const accessFile = join(directory, 'access.json');
  const shares = { allowed: true, maxDays: 30, defaultDays: 7 };
  await writeFile(accessFile, JSON.stringify({ shares, accessLogDays: 400 }));
  const dynamoDb = new DynamoDBClient(emulatorKeys());
  await ensureTable(dynamoDb, 'access', ACCESS_TABLE);
  await ensureTable(dynamoDb, 'index', INDEX_TABLE);
  const secretsManager = new SecretsManagerClient();
  for (const [Name, SecretString] of Object.entries(secrets)) {
    await secretsManager.send(new CreateSecretCommand({ Name, SecretString }));
  }

  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const calls = Array.from({ length: CALLS }, () => office.makeCall({ from: '1001', to: '1002' }).recording);
  await archive(s3, calls);
  const queueUrl = createQueue(`recordings-${STREAM_PBX}`);
  return {
    /** For the AWS SDK and for the functions. */
    environment: {
      ...environment,
      PBX_REGISTRY_FILE: registryFile,
      QUEUE_URL_BASE: queueUrl.slice(0, queueUrl.lastIndexOf('/') + 1),
      DEAD_LETTER_QUEUE_URL: createQueue('dead-letters'),
      SESSION_QUEUE_URL: createQueue('session-requests'),
      ACCESS_FILE: accessFile,
      ACCESS_TABLE: 'access',
      INDEX_TABLE: 'index',
      INDEX_QUEUE_URL: createQueue('index-events'),
      MEDIA_SOURCES: 'https://bucket.example',
      CONNECT_SOURCES: 'https://bucket.example',
      BUCKET_NAME: BUCKET,
      REPORT_HOST: 'reports.example',
      STACK_NAME: 'benchmark',
      MAX_LINK_AGE_SECONDS: '3600',
      LINK_AUTHORIZATION: 'token',
      LINK_TOKEN_SECRET: 'link-token',
    } as Record<string, string>,
    /** The job queue of the PBX that serves recordings of any size. */
    queueUrl,
    /** A request for a link, as API Gateway delivers it to recording-link. */
    linkEvent: {
      pathParameters: { pbxId: OFFICE_PBX, recording: calls[0] },
      headers: { authorization: `Bearer ${LINK_TOKEN}` },
      requestContext: { http: { method: 'GET', sourceIp: '192.0.2.1' } },
    } satisfies HttpEvent<'headers' | 'pathParameters'>,
    reconciliationEvent: { pbx: OFFICE_PBX, from: DAY, to: DAY },
    archived: CALLS,
    archive: (recordings: string[]) => archive(s3, recordings),
  };
}

async function archive(s3: S3Client, recordings: string[]): Promise<void> {
  const object = { Bucket: BUCKET, Body: 'RIFF', Metadata: { 'call-id': '1' } };
  const put = (recording: string) =>
    s3.send(new PutObjectCommand({ ...object, Key: recordingKey(OFFICE_PBX, recording) }));
  for (let index = 0; index < recordings.length; index += PUTS_AT_ONCE) {
    await Promise.all(recordings.slice(index, index + PUTS_AT_ONCE).map(put));
  }
}

export const REPORT_PATH = `/reports/${STREAM_PBX}/${WEBHOOK_SECRET}`;

/** A CDR report, as API Gateway delivers it to cdr-webhook. */
export const reportEvent = (recording: string) => ({
  pathParameters: { pbxId: STREAM_PBX, secret: WEBHOOK_SECRET },
  body: JSON.stringify({ action: 'NewCdr', callid: '1504261084.7', recording }),
});

export const jobFor = (recording: string): Job => ({
  version: 1,
  pbx: STREAM_PBX,
  recording,
  call: { callId: '1504261084.7' },
  reportedAt: new Date().toISOString(),
});

/** A job, as Lambda's event source mapping delivers it to archive-recording. */
export const jobEvent = (recording: string) => ({
  Records: [
    {
      messageId: '1',
      receiptHandle: '1',
      body: JSON.stringify(jobFor(recording)),
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) },
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:recordings-${STREAM_PBX}`,
    },
  ],
});
