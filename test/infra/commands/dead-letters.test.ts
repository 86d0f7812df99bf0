import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSqsClient } from '../../../functions/shared/aws-clients.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { createQueues } from '../../../functions/shared/jobs/queues.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { useSqs } from '../../functions/aws-services.ts';
import { startScript } from '../local/start-process.ts';
import { startCloudFormation } from './cloud-formation.ts';
import { exampleEvent, exampleJob } from './dead-letters/example-dead-letter.ts';

const { stackName, pbxs } = readArchiveConfig(JSON.parse(readFileSync('cdk.json', 'utf8')).context.archive);
const [pbx = ''] = Object.keys(pbxs);

/** One address for both services, as emulators of AWS have. They ignore the host in a queue's URL. */
async function startEmulator(cloudFormation: string, sqs: string): Promise<string> {
  const server = createServer(async (incoming, response) => {
    const service = String(incoming.headers['x-amz-target']).startsWith('AmazonSQS.') ? sqs : cloudFormation;
    const { host, 'content-length': length, ...headers } = incoming.headers;
    const body = String(Buffer.concat(await incoming.toArray()));
    const forwarded = await request(service, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: body.replace(/"QueueUrl":"https?:\/\/[^/"]+/, `"QueueUrl":"${sqs}`),
    });
    response.writeHead(forwarded.statusCode, forwarded.headers as Record<string, string>);
    response.end(await forwarded.body.text());
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
  const [deadLetterQueueUrl = '', jobs = '', indexDeadLetters = '', indexEvents = ''] = [
    'Stack-DeadLetterQueue1A2B',
    `${stackName}-${pbx}`,
    'Stack-IndexDeadLetters3C4D',
    'Stack-IndexEvents5E6F',
  ].map(createQueue);
  const outputs = {
    RecordingsBucket: 'recordings',
    DeadLetterQueueUrl: deadLetterQueueUrl,
    IndexQueueUrl: indexEvents,
    IndexDeadLetterQueueUrl: indexDeadLetters,
    WebhookHost: 'api.test',
  };
  const sqs = new SQSClient();

  test('is found, its dead letters are listed and sent back to the queues of PBX and index', async () => {
    const env = {
      ...CREDENTIALS,
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_SQS: process.env.AWS_ENDPOINT_URL_SQS,
      AWS_ENDPOINT_URL_CLOUDFORMATION: await startCloudFormation(stackName, outputs),
    };
    const job = { ...exampleJob, pbx };
    const error = new ArchiveError('pbx-20015', 'Check allowedIp.', { kind: 'permanent' });
    const [firstAt, lastAt] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
    const reason = { pbx, error, attempts: 1, firstAt, lastAt };
    await createQueues(createSqsClient(), deadLetterQueueUrl).sendDeadLetter(JSON.stringify(job), reason);
    const event = JSON.stringify(exampleEvent);
    await sqs.send(new SendMessageCommand({ QueueUrl: indexDeadLetters, MessageBody: event }));

    const listed = await run('dead-letters', [], env);
    expect(listed.output).toContain(exampleJob.recording);
    expect(listed.output).toContain(`2 dead letters in the stack ${stackName} in eu-central-1`);
    expect(listed.output).toContain('not-indexed');
    expect(listed.code).toBe(0);

    expect(await run('redrive', ['--all'], env)).toMatchObject({ code: 0 });
    for (const [QueueUrl, message] of [
      [jobs, job],
      [indexEvents, exampleEvent],
    ] as const) {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      expect(Messages?.map(({ Body = '' }) => JSON.parse(Body))).toEqual([message]);
    }
  });

  test('is found at AWS_ENDPOINT_URL with all that belongs to it, whatever the host in the URL of its queue', async () => {
    const { pathname } = new URL(deadLetterQueueUrl);
    const cloudFormation = await startCloudFormation(stackName, {
      ...outputs,
      DeadLetterQueueUrl: `https://sqs.eu-central-1.amazonaws.com${pathname}`,
    });
    const AWS_ENDPOINT_URL = await startEmulator(cloudFormation, process.env.AWS_ENDPOINT_URL_SQS ?? '');
    const env = { ...CREDENTIALS, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL };
    const { code, output } = await run('dead-letters', [], env);
    expect(output).toBe(`There are no dead letters in the stack ${stackName} in eu-central-1.\n`);
    expect(code).toBe(0);
  });

  test.each([
    ['not deployed', undefined],
    ['deployed without the needed outputs', { RecordingsBucket: 'recordings' }],
  ])('is reported as missing in one sentence when it is %s', async (_, present) => {
    const AWS_ENDPOINT_URL_CLOUDFORMATION = await startCloudFormation(stackName, present);
    const { code, output } = await run('dead-letters', [], {
      ...CREDENTIALS,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_CLOUDFORMATION,
    });
    expect(output).toMatch(/^There is no stack [\w-]+ in eu-west-1.*--local\.\n$/);
    expect(code).toBe(1);
  });

  test.each([
    [
      'CREATE_IN_PROGRESS',
      'is still being created (CREATE_IN_PROGRESS). Run this command again when it is there.',
    ],
    [
      'ROLLBACK_COMPLETE',
      'is not deployed (ROLLBACK_COMPLETE). Run npm run deploy, and correct what it reports.',
    ],
    [
      'DELETE_IN_PROGRESS',
      'is not deployed (DELETE_IN_PROGRESS). Run npm run deploy, and correct what it reports.',
    ],
  ])('has no outputs in the status %s, which is said', async (status, said) => {
    const AWS_ENDPOINT_URL_CLOUDFORMATION = await startCloudFormation(stackName, {}, status);
    const env = { ...CREDENTIALS, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_CLOUDFORMATION };
    expect(await run('dead-letters', [], env)).toEqual({
      code: 1,
      output: `The stack ${stackName} in eu-west-1 ${said}\n`,
    });
  });

  test.each([
    ['a sign-in page', 200, '<html><body><p>Sign in<br></body></html>'],
    ['a redirection to one', 302, ''],
    ['a proxy that asks for a password', 407, 'Proxy authentication required'],
    ['a gateway that reaches nobody', 502, '<html><body>Bad gateway</body></html>'],
  ])('cannot be read through %s, which is said', async (_, status, body) => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'text/html', location: 'http://portal.test/' }).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { ...CREDENTIALS, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL, AWS_MAX_ATTEMPTS: '1' };
    expect(await run('dead-letters', [], env)).toEqual({
      code: 1,
      output:
        `Something other than AWS responds, such as a proxy or a sign-in page (HTTP status ${status}). ` +
        `Check AWS_ENDPOINT_URL=${AWS_ENDPOINT_URL}.\n`,
    });
  });
});

test('a request that AWS denies is reported in one sentence', async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#ExpiredToken', message: 'It has expired.' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const AWS_ENDPOINT_URL_SQS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const AWS_ENDPOINT_URL_CLOUDFORMATION = await startCloudFormation(stackName, {
    RecordingsBucket: 'recordings',
    WebhookHost: 'api.test',
    DeadLetterQueueUrl: `${AWS_ENDPOINT_URL_SQS}/1/dead-letters`,
  });
  const { code, output } = await run('dead-letters', [], {
    ...CREDENTIALS,
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_CLOUDFORMATION,
    AWS_ENDPOINT_URL_SQS,
  });
  expect(output).toBe('The AWS credentials have expired. Sign in again. (ExpiredToken)\n');
  expect(code).toBe(1);
});

/** CloudFormation, as far as it refuses everything, with this error. */
async function startRefusingAws(status: number, code: string, message: string): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(
      `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
       <Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('is reported in one sentence:', () => {
  const REGION = { AWS_REGION: 'eu-west-1', AWS_MAX_ATTEMPTS: '1' };

  async function expectSentence(env: NodeJS.ProcessEnv, sentence: string) {
    const { code, output } = await run('dead-letters', [], env);
    expect(output).toContain(sentence);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).not.toContain(CREDENTIALS.AWS_SECRET_ACCESS_KEY);
    expect(code).toBe(1);
  }

  test.each([
    ['no region', CREDENTIALS, 'No AWS region'],
    ['an impossible region', { ...CREDENTIALS, AWS_REGION: 'eu/west' }, 'Correct AWS_REGION'],
    ['no credentials', REGION, 'No valid AWS credentials'],
    ['an unknown profile', { ...REGION, AWS_PROFILE: 'nobody' }, 'in the profile nobody'],
    [
      'an endpoint where nothing listens',
      { ...CREDENTIALS, ...REGION, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      'AWS cannot be reached (ECONNREFUSED). Check AWS_ENDPOINT_URL=http://127.0.0.1:1.',
    ],
    [
      'an endpoint without a scheme',
      { ...CREDENTIALS, ...REGION, AWS_ENDPOINT_URL: 'localhost:4566' },
      'AWS_ENDPOINT_URL should be a URL that begins with http:// or https://. It is localhost:4566.',
    ],
    [
      'an endpoint that is no URL',
      { ...CREDENTIALS, ...REGION, AWS_ENDPOINT_URL_SQS: 'http://' },
      'AWS_ENDPOINT_URL_SQS should be a URL',
    ],
  ])('%s', async (_, env, sentence) => {
    await expectSentence(env, sentence);
  });

  test.each([
    ['expired credentials', 403, 'ExpiredToken', 'The AWS credentials have expired.'],
    ['unknown credentials', 403, 'InvalidClientTokenId', 'AWS does not know these credentials.'],
    ['missing permissions', 403, 'AccessDenied', 'These AWS credentials lack a permission'],
    ['an error of AWS', 500, 'InternalFailure', 'AWS: The reason. (InternalFailure)'],
  ])('%s', async (_, status, code, sentence) => {
    const AWS_ENDPOINT_URL = await startRefusingAws(status, code, 'The reason.');
    await expectSentence({ ...CREDENTIALS, ...REGION, AWS_ENDPOINT_URL }, sentence);
  });
});
