import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createS3Client } from '../../functions/shared/aws/sdk-clients.ts';
import type { Job } from '../../functions/shared/job.ts';
import { encodeCall } from '../../functions/shared/metadata.ts';
import { recordingKey } from '../../functions/shared/recording-name.ts';
import { startEmulators } from '../../infra/local/emulators.ts';
import { startSimulatedPbx } from '../simulated-pbx/simulated-pbx.ts';

const SECRET = 'webhook-secret-0123456789';
const PASSWORD = 'pbx-password';
const TOKEN = 'link-token-0123456789';
const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const [PBX, BUCKET] = ['office', 'recordings'];

/** AWS and a simulated PBX on loopback, with one recording in the bucket. */
export interface Aws {
  /** What a function finds in its environment. */
  environment: Record<string, string>;
  /** Makes the event that a function's first answer is measured with, by the function's name in the stack. */
  events: Readonly<Record<string, () => object>>;
}

export async function startAws(directory: string, running: AsyncDisposableStack): Promise<Aws> {
  const { sqs, environment } = await startEmulators(directory, running);
  const queueUrl = (name: string) => `${sqs.address}/000000000000/${sqs.createQueue(name).queueName}`;
  const jobs = queueUrl(`recordings-${PBX}`);
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
  const secrets = new SecretsManagerClient();
  const credentials = { username: 'api', password: PASSWORD, webhookSecret: SECRET };
  for (const [Name, SecretString] of [
    [`pbx/${PBX}`, JSON.stringify(credentials)],
    [`session/${PBX}`, '{}'],
    ['link-token', TOKEN],
  ] as const) {
    await secrets.send(new CreateSecretCommand({ Name, SecretString }));
  }
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
  const report = { action: 'NewCdr', callid: '1504261084.7', recording: RECORDING };
  return {
    environment: {
      ...environment,
      PBX_REGISTRY_FILE: registryFile,
      QUEUE_URL_BASE: jobs.slice(0, jobs.lastIndexOf('/') + 1),
      DEAD_LETTER_QUEUE_URL: queueUrl('dead-letters'),
      SESSION_QUEUE_URL: queueUrl('session-requests'),
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
        const reportedAt = new Date().toISOString();
        return toSqsEvent({ version: 1, pbx: PBX, recording, call: { callId }, reportedAt });
      },
      CdrWebhook: () => ({
        pathParameters: { pbxId: PBX, secret: SECRET },
        body: JSON.stringify(report),
      }),
      RecordingLink: () => ({
        pathParameters: { pbxId: PBX, recording: RECORDING },
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    },
  };
}

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
