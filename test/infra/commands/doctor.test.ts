import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createS3Client } from '../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { EXPECTED_OUTPUTS } from '../../../infra/commands/doctor/check-stack.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { useDynamoDb, useS3, useSecretsManager, useSqs } from '../../functions/aws-services.ts';
import { findFreePort } from '../local/free-port.ts';
import { readHostFile } from '../local/read-host-file.ts';
import { makeDirectory, start, startScript } from '../local/start-process.ts';
import { identity } from '../simulated-pbx/harness.ts';
import { startCloudFormation } from './cloud-formation.ts';
import {
  type InvocationResponse,
  serve,
  startCloudWatch,
  startLambda,
  startSns,
} from './doctor/aws-stand-ins.ts';

const PASSWORD = 'password-of-the-doctor';

async function doctor(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { ended, output } = startScript('infra/commands/doctor.ts', args, env);
  return { code: await ended, output: output() };
}

/** What each line checked, with its result; then the last line. */
function read(output: string) {
  const lines = output.trimEnd().split('\n');
  const results = lines.slice(1, -1).map((line) => {
    const [, status = '', check = '', text = ''] = /^(ok|TO DO|-) +([a-z-]+) +(.+)$/.exec(line) ?? [line];
    return { status, check, text };
  });
  const having = (status: string) =>
    results.filter((result) => result.status === status).map(({ check }) => check);
  return {
    first: lines[0],
    ok: having('ok'),
    toDo: having('TO DO'),
    unknown: having('-'),
    last: lines.at(-1),
  };
}

const PBX_CHECKS = ['credentials', 'connection', 'certificate', 'api', 'session', 'clock', 'device'];

test('a local host is checked, and what it does not have is said so', async () => {
  const pbx = await startSimulatedPbx({ tls: identity, password: PASSWORD });
  onTestFinished(() => pbx.close());
  const [port, data] = [await findFreePort(), await makeDirectory()];
  const login = ['--pbx', pbx.url, '--username', 'api', '--fingerprint', pbx.fingerprint256 ?? ''];
  const place = ['--port', String(port), '--report-url', `127.0.0.1:${port}`, '--data', data];
  const host = start([...login, ...place], { PBX_PASSWORD: PASSWORD });
  await host.printed('make a recorded call');
  const directory = join(data, 'pbx');

  const before = await doctor(['--local', directory]);
  expect(read(before.output)).toEqual({
    first: `the local host (${directory}):`,
    ok: ['dead-letters', 'index', 'pbx-session', ...PBX_CHECKS, 'queue'],
    toDo: ['last-recording'],
    unknown: ['stack', 'alarms', 'last-report', 'link'],
    last: '1 thing to do.',
  });
  expect(before.code).toBe(1);

  const { report } = pbx.makeCall({ from: '+49 30 901820', to: '1003' });
  await pbx.postReport(report);
  await host.printed('stored');
  const after = await doctor(['--local', directory]);
  expect(read(after.output)).toMatchObject({
    ok: ['dead-letters', 'index', 'pbx-session', ...PBX_CHECKS, 'last-recording', 'queue', 'link'],
    toDo: [],
    last: 'Nothing to do.',
  });
  expect(after.code).toBe(0);
  const { LINK_TOKEN_SECRET = '', AWS_SECRET_ACCESS_KEY = 'none' } = await readHostFile(directory);
  expect(LINK_TOKEN_SECRET).not.toBe('');
  const linkToken = readFileSync(join(directory, 'link-token'), 'utf8');
  for (const secret of [PASSWORD, linkToken, AWS_SECRET_ACCESS_KEY, 'X-Amz-', '901820']) {
    expect(after.output).not.toContain(secret);
  }

  const other = await doctor(['--local', directory, '--pbx', 'warehouse']);
  expect(other.output).toBe(`There is no PBX warehouse in the local host (${directory}). Its PBXs: pbx.\n`);
  expect(other.code).toBe(1);
});

test('of a PBX whose family is not verified on a device, that is said first', async () => {
  const pbx = await startSimulatedPbx({ tls: identity, password: PASSWORD, apiVersion: 'v0.0.1' });
  onTestFinished(() => pbx.close());
  const [port, data] = [await findFreePort(), await makeDirectory()];
  const login = ['--pbx', pbx.url, '--username', 'api', '--fingerprint', pbx.fingerprint256 ?? ''];
  const place = ['--port', String(port), '--report-url', `127.0.0.1:${port}`, '--data', data];
  const host = start([...login, ...place, '--family', 'openvox'], { PBX_PASSWORD: PASSWORD });
  await host.printed('make a recorded call');
  const { output } = await doctor(['--local', join(data, 'pbx')]);
  expect(output).toContain('-      family          pbx: openvox is not verified on a device: ');
  expect(read(output)).toMatchObject({ unknown: ['stack', 'alarms', 'family', 'last-report', 'link'] });
});

describe('the stack that cdk.json configures', async () => {
  const { stackName, pbxs } = readArchiveConfig(JSON.parse(readFileSync('cdk.json', 'utf8')).context.archive);
  const [pbx = ''] = Object.keys(pbxs);
  const NOW = Date.now();
  const TOKEN = 'token-of-the-doctor-0123456789';
  await useS3();
  await useSecretsManager();
  const { createQueue } = await useSqs();
  await useDynamoDb({ IndexTable: INDEX_TABLE });
  const [deadLetterQueueUrl = '', IndexQueueUrl = '', IndexDeadLetterQueueUrl = ''] = [
    'Stack-DeadLetterQueue1A2B',
    'Stack-IndexEvents3C4D',
    'Stack-IndexDeadLetters5E6F',
    `${stackName}-${pbx}`,
  ].map(createQueue);
  const s3 = createS3Client();
  await s3.send(new CreateBucketCommand({ Bucket: 'recordings' }));
  const Key = recordingKey(pbx, '20260302090000-1772442000.2-1001-1003-Internal.wav');
  await s3.send(new PutObjectCommand({ Bucket: 'recordings', Key, Body: 'audio' }));
  const credentials = { username: 'api', password: PASSWORD, webhookSecret: 'webhook-secret-of-the-doctor' };
  const secretsManager = new SecretsManagerClient();
  for (const [Name, SecretString] of [
    [`${stackName}/pbx/${pbx}`, JSON.stringify(credentials)],
    [`${stackName}/link-token`, TOKEN],
  ]) {
    await secretsManager.send(new CreateSecretCommand({ Name, SecretString }));
  }

  const kept: InvocationResponse = {
    body: {
      sessions: [{ pbx, outcome: 'kept-alive', skewSeconds: 1, firmware: '30.15.0.60' }],
      batchItemFailures: [],
    },
  };

  /** The environment of somebody who is signed in to an account with this stack. */
  async function deploy({ session = kept, alarm = 'OK' as 'OK' | 'ALARM', status = 'UPDATE_COMPLETE' } = {}) {
    // S3 has its own tests. Here, the link leads to a server that has the recording.
    const recordings = await serve((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-4/5' }).end('audio');
    });
    const api = await serve((request, response) => {
      const isAuthorized = request.headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(isAuthorized ? 200 : 401);
      response.end(JSON.stringify({ url: `${recordings}?X-Amz-Signature=0123456789abcdef`, bytes: 5 }));
    });
    const outputs = {
      ...Object.fromEntries(EXPECTED_OUTPUTS.map((name) => [name, name])),
      RecordingsBucket: 'recordings',
      DeadLetterQueueUrl: deadLetterQueueUrl,
      IndexQueueUrl,
      IndexDeadLetterQueueUrl,
      WebhookHost: 'api.test',
      LinkApiUrl: `${api}/recordings/`,
      LinkTokenSecret: `${stackName}/link-token`,
    };
    const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL_SECRETS_MANAGER } = process.env;
    const { AWS_ENDPOINT_URL_DYNAMODB } = process.env;
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = process.env;
    return {
      AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY,
      AWS_REGION,
      AWS_ENDPOINT_URL_S3,
      AWS_ENDPOINT_URL_DYNAMODB,
      AWS_ENDPOINT_URL_SQS,
      AWS_ENDPOINT_URL_SECRETS_MANAGER,
      AWS_MAX_ATTEMPTS: '1',
      AWS_ENDPOINT_URL_CLOUDFORMATION: await startCloudFormation(stackName, outputs, status),
      AWS_ENDPOINT_URL_LAMBDA: await startLambda(() => session),
      AWS_ENDPOINT_URL_SNS: await startSns(),
      AWS_ENDPOINT_URL_CLOUDWATCH: await startCloudWatch({
        alarms: [
          {
            AlarmName: `${stackName}-session-down-${pbx}`,
            AlarmDescription: 'What to do: docs/runbook.md#session-down',
            StateValue: alarm,
            ActionsEnabled: true,
          },
        ],
        reports: { [`${stackName}/${pbx}`]: [Math.floor(NOW / 1000) - 60] },
      }),
    };
  }

  const ALL_PBX_CHECKS = [...PBX_CHECKS, 'last-report', 'last-recording', 'queue', 'link'];

  test('is in order', async () => {
    const { code, output } = await doctor([], await deploy());
    expect(read(output)).toEqual({
      first: `the stack ${stackName} in us-east-1:`,
      ok: ['stack', 'alarms', 'dead-letters', 'index', 'pbx-session', ...ALL_PBX_CHECKS],
      toDo: [],
      unknown: [],
      last: 'Nothing to do.',
    });
    expect(code).toBe(0);
    for (const secret of [PASSWORD, TOKEN, 'X-Amz-']) expect(output).not.toContain(secret);
  });

  test('is described in JSON, a line for each check', async () => {
    const { code, output } = await doctor(['--json', '--pbx', pbx], await deploy());
    const lines = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ check }) => check)).toEqual([
      'stack',
      'alarms',
      'dead-letters',
      'index',
      'pbx-session',
      ...ALL_PBX_CHECKS,
    ]);
    expect(lines.at(-1)).toEqual({
      archive: `the stack ${stackName} in us-east-1`,
      pbx,
      check: 'link',
      status: 'ok',
      text: 'the newest recording downloads (5 bytes)',
    });
    expect(code).toBe(0);
  });

  test('has several things to do, each with its line', async () => {
    for (const QueueUrl of [deadLetterQueueUrl, IndexDeadLetterQueueUrl]) {
      await new SQSClient().send(new SendMessageCommand({ QueueUrl, MessageBody: 'given up' }));
    }
    const failed = { pbx, outcome: 'failed', code: 'certificate-mismatch', message: 'Another \u001b[2Jone.' };
    const session = { body: { sessions: [failed] } };
    const env = await deploy({ session, alarm: 'ALARM', status: 'UPDATE_ROLLBACK_COMPLETE' });
    const { code, output } = await doctor([], env);
    expect(read(output)).toMatchObject({
      toDo: ['stack', 'alarms', 'dead-letters', 'index', 'certificate'],
      unknown: ['api', 'session', 'clock', 'device'],
      last: '5 things to do.',
    });
    expect(output).not.toContain('\u001b');
    expect(code).toBe(1);
  });

  test('is checked as far as AWS allows it', async () => {
    const AWS_ENDPOINT_URL_CLOUDWATCH = 'http://127.0.0.1:1';
    const session = { status: 403, body: { Message: 'No.' }, refusal: 'AccessDeniedException' };
    const { code, output } = await doctor([], {
      ...(await deploy({ session })),
      AWS_ENDPOINT_URL_CLOUDWATCH,
    });
    expect(read(output)).toMatchObject({
      ok: expect.arrayContaining(['stack', 'credentials', 'last-recording', 'queue', 'link']),
      toDo: expect.arrayContaining(['alarms', 'pbx-session', 'last-report']),
      unknown: ['connection', 'certificate', 'api', 'session', 'clock', 'device'],
    });
    expect(output).toContain('AWS cannot be reached (ECONNREFUSED).');
    expect(output).toContain('These AWS credentials lack a permission (AccessDeniedException: No.).');
    expect(code).toBe(1);
  });

  test('is missing', async () => {
    const AWS_ENDPOINT_URL_CLOUDFORMATION = await startCloudFormation(stackName, undefined);
    const { code, output } = await doctor([], { ...(await deploy()), AWS_ENDPOINT_URL_CLOUDFORMATION });
    expect(output).toMatch(/^There is no stack [\w-]+ in us-east-1.*\n$/);
    expect(code).toBe(1);
  });
});

test('all options are listed', async () => {
  const { code, output } = await doctor(['--help']);
  expect(code).toBe(0);
  for (const option of ['--pbx', '--json', '--local', '--help']) expect(output).toContain(option);
});
