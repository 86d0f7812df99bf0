import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSqsClient } from '../../../functions/shared/aws-clients.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { createQueues } from '../../../functions/shared/jobs/queues.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { useSqs } from '../../functions/aws-services.ts';
import { startScript } from '../local/start-process.ts';
import { exampleJob } from './dead-letters/example-dead-letter.ts';

const { stackName, pbxs } = readArchiveConfig(JSON.parse(readFileSync('cdk.json', 'utf8')).context.archive);
const [pbx = ''] = Object.keys(pbxs);

const describeStacksResponse = (outputs: Record<string, string>) => {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
    <StackName>${stackName}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>
    <Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
};

const MISSING = `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
  <Code>ValidationError</Code><Message>Stack with id ${stackName} does not exist</Message></Error></ErrorResponse>`;

/** A CloudFormation with only `DescribeStacks`, which knows the stack in cdk.json with these outputs. */
async function startCloudFormation(outputs: Record<string, string> | undefined): Promise<string> {
  const server = createServer(async (request, response) => {
    const [body] = await request.setEncoding('utf8').toArray();
    const isKnown = new URLSearchParams(body).get('StackName') === stackName;
    response.writeHead(outputs && isKnown ? 200 : 400, { 'content-type': 'text/xml' });
    response.end(outputs && isKnown ? describeStacksResponse(outputs) : MISSING);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function run(script: string, args: string[], env: NodeJS.ProcessEnv) {
  const { ended, output } = startScript(`infra/commands/${script}.ts`, args, {
    // So that no settings of the machine are used.
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...env,
  });
  return { code: await ended, output: output() };
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'key-of-the-stack' };

describe('the stack that cdk.json configures', async () => {
  const { createQueue } = await useSqs();
  const [deadLetterQueueUrl = '', jobs = ''] = ['Stack-DeadLetterQueue1A2B', `${stackName}-${pbx}`].map(
    createQueue,
  );
  const outputs = {
    RecordingsBucket: 'recordings',
    DeadLetterQueueUrl: deadLetterQueueUrl,
    WebhookHost: 'api.test',
  };
  const sqs = new SQSClient();

  test('is found, its dead letters are listed and sent back to the queue of their PBX', async () => {
    const env = {
      ...CREDENTIALS,
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_SQS: process.env.AWS_ENDPOINT_URL_SQS,
      AWS_ENDPOINT_URL_CLOUDFORMATION: await startCloudFormation(outputs),
    };
    const job = { ...exampleJob, pbx };
    const error = new ArchiveError('pbx-20015', 'Check allowedIp.', { kind: 'permanent' });
    const [firstAt, lastAt] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
    const reason = { pbx, error, attempts: 1, firstAt, lastAt };
    await createQueues(createSqsClient(), deadLetterQueueUrl).sendDeadLetter(JSON.stringify(job), reason);

    const listed = await run('dead-letters', [], env);
    expect(listed.output).toContain(exampleJob.recording);
    expect(listed.output).toContain(`1 dead letter in the stack ${stackName} in eu-central-1`);
    expect(listed.code).toBe(0);

    expect(await run('redrive', ['--all'], env)).toMatchObject({ code: 0 });
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: jobs }));
    expect(Messages?.map(({ Body = '' }) => JSON.parse(Body))).toEqual([job]);
  });

  test.each([
    ['not deployed', undefined],
    ['deployed without the needed outputs', { RecordingsBucket: 'recordings' }],
  ])('is reported as missing in one sentence when it is %s', async (_, present) => {
    const AWS_ENDPOINT_URL_CLOUDFORMATION = await startCloudFormation(present);
    const { code, output } = await run('dead-letters', [], {
      ...CREDENTIALS,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_CLOUDFORMATION,
    });
    expect(output).toMatch(/^There is no stack [\w-]+ in eu-west-1.*--local\.\n$/);
    expect(code).toBe(1);
  });
});

test.each([
  ['region', CREDENTIALS, 'No AWS region'],
  ['credentials', { AWS_REGION: 'eu-west-1' }, 'No AWS credentials'],
  [
    'connection to AWS',
    {
      ...CREDENTIALS,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
    },
    'AWS: connect ECONNREFUSED 127.0.0.1:1',
  ],
])('a missing %s is reported in one sentence', async (_, env, message) => {
  const { code, output } = await run('dead-letters', [], env);
  expect(output).toContain(message);
  expect(output.trim().split('\n')).toHaveLength(1);
  expect(output).not.toContain(CREDENTIALS.AWS_SECRET_ACCESS_KEY);
  expect(code).toBe(1);
});
