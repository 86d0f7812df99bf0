import { readFileSync } from 'node:fs';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createS3Client } from '../../../functions/shared/aws-clients.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { useS3, useSqs } from '../../functions/aws-services.ts';
import { startScript } from '../local/start-process.ts';
import { startCloudFormation } from './cloud-formation.ts';

const RECORDING = '20260302090000-1772442000.2-1001-1003-Internal.wav';
const BUCKET = 'recordings';

test('a recording in the stack that cdk.json configures is erased, and its marker written', async () => {
  const { stackName, pbxs } = readArchiveConfig(JSON.parse(readFileSync('cdk.json', 'utf8')).context.archive);
  const [pbx = ''] = Object.keys(pbxs);
  await useS3();
  const { createQueue } = await useSqs();
  const [DeadLetterQueueUrl = ''] = ['Stack-DeadLetterQueue1A2B', `${stackName}-${pbx}`].map(createQueue);
  const outputs = { RecordingsBucket: BUCKET, DeadLetterQueueUrl, WebhookHost: 'api.test' };
  const s3 = createS3Client();
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: recordingKey(pbx, RECORDING), Body: 'audio' }));
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SQS, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  const { ended, output } = startScript(
    'infra/commands/erase.ts',
    ['--pbx', pbx, '--recording', RECORDING, '--yes'],
    {
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3,
      AWS_ENDPOINT_URL_SQS,
      AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY,
      AWS_ENDPOINT_URL_CLOUDFORMATION: await startCloudFormation(stackName, outputs),
    },
  );
  expect([await ended, output()]).toEqual([0, expect.stringContaining(RECORDING)]);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  expect(Contents.map(({ Key }) => Key)).toEqual([expect.stringMatching(/^reconciliation\/erased\//)]);
});
