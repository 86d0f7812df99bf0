import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createS3Client } from '../../functions/shared/aws-clients.ts';
import type { Job } from '../../functions/shared/jobs/job.ts';
import { encodeCall } from '../../functions/shared/recordings/metadata.ts';
import { recordingKey } from '../../functions/shared/recordings/recording-name.ts';
import { startEmulators } from '../../infra/local/emulators.ts';
import { startSimulatedPbx } from '../../infra/simulated-pbx/simulated-pbx.ts';

export const WEBHOOK_SECRET = 'webhook-secret-0123456789';
export const PASSWORD = 'pbx-password';
const TOKEN = 'link-token-0123456789';
const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const [PBX, BUCKET] = ['office', 'recordings'];

/** AWS and a simulated PBX on loopback, with one recording in the bucket. */
export interface Aws {
  /** Returns the queue's URL. */
  createQueue: (name: string) => string;
  /** What a function finds in its environment. */
  environment: Record<string, string>;
  /** Makes the event that a function's first answer is measured with, by the function's name in the stack. */
  events: Readonly<Record<string, () => object>>;
}

export async function startAws(directory: string, running: AsyncDisposableStack): Promise<Aws> {
  const { sqs, environment } = await startEmulators(directory, running);
  const createQueue = (name: string) => `${sqs.address}/000000000000/${sqs.createQueue(name).queueName}`;
  const jobs = createQueue(`recordings-${PBX}`);
  const pbx = await startSimulatedPbx({ username: 'api', password: PASSWORD });
  running.defer(() => pbx.close());
  const registryFile = join(directory, 'pbx-registry.json');
  await writeFile(
    registryFile,
    JSON.stringify({
      [PBX]: {
        baseUrl: pbx.url,
        tls: { fingerprint256: pbx.fingerprint256 },
        reportUrl: 'https://{host}',
        credentialsSecret: `pbx/${PBX}`,
        sessionSecret: `session/${PBX}`,
        queueName: `recordings-${PBX}`,
      },
    }),
  );
  await createSecrets(PBX);
  await new SecretsManagerClient().send(new CreateSecretCommand({ Name: 'link-token', SecretString: TOKEN }));
  const s3 = createS3Client();
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: recordingKey(PBX, RECORDING),
      Body: 'RIFF',
      Metadata: encodeCall({ callId: '1504261084.7', from: '1001', to: '1003' }),
    }),
  );
  return {
    createQueue,
    environment: {
      ...environment,
      PBX_REGISTRY_FILE: registryFile,
      QUEUE_URL_BASE: jobs.slice(0, jobs.lastIndexOf('/') + 1),
      DEAD_LETTER_QUEUE_URL: createQueue('dead-letters'),
      SESSION_QUEUE_URL: createQueue('session-requests'),
      BUCKET_NAME: BUCKET,
      REPORT_HOST: 'reports.example',
      STACK_NAME: 'bench',
      MAX_LINK_AGE_SECONDS: '3600',
      LINK_AUTHORIZATION: 'token',
      LINK_TOKEN_SECRET: 'link-token',
    },
    events: {
      // Each run has a call of its own: what is archived already is not stored again.
      ArchiveRecording() {
        const { recording, callId } = pbx.makeCall({ from: '1001', to: '1003' });
        return toSqsEvent(jobFor(recording, PBX, callId));
      },
      CdrWebhook: () => reportFor(RECORDING),
      RecordingLink: () => questionFor(RECORDING),
    },
  };
}

/** The settings of a further PBX: where it is, and its certificate, if it has one of its own. */
export interface FurtherPbx {
  id: string;
  url: string;
  fingerprint256: string;
}

/** What a function finds in its environment when there is one more PBX, whose registry's file is to be in `directory`. */
export async function addPbx(
  { environment }: Aws,
  { id, url, fingerprint256 }: FurtherPbx,
  directory: string,
): Promise<Record<string, string>> {
  const registry = JSON.parse(await readFile(environment.PBX_REGISTRY_FILE ?? '', 'utf8'));
  registry[id] = {
    ...registry[PBX],
    baseUrl: url,
    tls: { fingerprint256 },
    credentialsSecret: `pbx/${id}`,
    sessionSecret: `session/${id}`,
    queueName: `recordings-${id}`,
  };
  const file = join(directory, `${id}-registry.json`);
  await writeFile(file, JSON.stringify(registry));
  await createSecrets(id);
  return { ...environment, PBX_REGISTRY_FILE: file };
}

async function createSecrets(id: string): Promise<void> {
  const secrets = new SecretsManagerClient();
  const credentials = { username: 'api', password: PASSWORD, webhookSecret: WEBHOOK_SECRET };
  for (const [Name, value] of [
    [`pbx/${id}`, credentials],
    [`session/${id}`, {}],
  ] as const) {
    await secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
  }
}

/** A PBX's report of a recorded call, as API Gateway hands it over. */
export const reportFor = (recording: string, pbxId = PBX) => ({
  pathParameters: { pbxId, secret: WEBHOOK_SECRET },
  body: JSON.stringify({ action: 'NewCdr', callid: '1504261084.7', recording }),
});

/** A question for a link to a recording, as API Gateway hands it over. */
export const questionFor = (recording: string, pbxId = PBX) => ({
  pathParameters: { pbxId, recording },
  headers: { authorization: `Bearer ${TOKEN}` },
});

export const jobFor = (recording: string, pbx: string, callId = '1'): Job => ({
  version: 1,
  pbx,
  recording,
  call: { callId },
  reportedAt: new Date().toISOString(),
});

/** One message, as Lambda's event source mapping hands it over. */
export const toSqsEvent = (job: Job) => ({
  Records: [
    {
      messageId: '1',
      receiptHandle: '1',
      body: JSON.stringify(job),
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) },
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:recordings-${job.pbx}`,
    },
  ],
});
