import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startDynamoDb } from '../../../infra/local/dynamodb.ts';
import { startSqs } from '../../../infra/local/embedded-sqs.ts';
import { startS3 } from '../../../infra/local/s3/server.ts';
import { startSecretsManager } from '../../../infra/local/secrets-manager/server.ts';
import { writeHostFile } from '../../../infra/shared/host-file.ts';
import { readFileModes } from './file-modes.ts';
import { sendRaw } from './s3/embedded-s3.ts';
import { post, sendSigned } from './signed-request.ts';
import { makeDirectory } from './start-process.ts';

const ACCESS = {
  credentials: { accessKeyId: 'local', secretAccessKey: 'their/key' },
  region: 'eu-central-1',
};
const PASSWORD = 'pbx-password-of-this-test';

/** What `nobody` would ask for: the PBX's password, and a job with phone numbers. */
const services = {
  secretsmanager: async (directory: string) => {
    const server = await startSecretsManager({ ...ACCESS, directory });
    onTestFinished(() => server.close());
    const client = new SecretsManagerClient({ ...ACCESS, endpoint: server.url });
    await client.send(new CreateSecretCommand({ Name: 'pbx/office', SecretString: PASSWORD }));
    const target = 'secretsmanager.GetSecretValue';
    return { url: server.url, target, body: '{"SecretId":"pbx/office"}' };
  },
  sqs: async (directory: string) => {
    const server = await startSqs({ ...ACCESS, directory });
    onTestFinished(() => server.stop());
    const client = new SQSClient({ ...ACCESS, endpoint: server.address });
    await client.send(new CreateQueueCommand({ QueueName: 'jobs' }));
    const QueueUrl = `${server.address}/000000000000/jobs`;
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: PASSWORD }));
    return { url: server.address, target: 'AmazonSQS.ReceiveMessage', body: JSON.stringify({ QueueUrl }) };
  },
};

describe.each(['secretsmanager', 'sqs'] as const)('the embedded %s', (service) => {
  async function start() {
    const { url, target, body } = await services[service](await makeDirectory());
    return { url, body, signed: { ...ACCESS, service, target, body } };
  }
  const refusal = (type: string, status = 400) => ({ status, json: { __type: type } });

  test.each(['127.0.0.1', 'localhost', 'LocalHost', '[::1]'])(
    'responds to a signed request at the host name %s',
    async (name) => {
      const { url, signed } = await start();
      const response = await sendSigned(url, { ...signed, host: `${name}:${new URL(url).port}` });
      expect(response.status).toBe(200);
      expect(JSON.stringify(response.json)).toContain(PASSWORD);
    },
  );

  test('tells nothing to a request without a signature', async () => {
    const { url, body, signed } = await start();
    const response = await post(
      url,
      { 'x-amz-target': signed.target, 'content-type': 'application/x-amz-json-1.0' },
      body,
    );
    expect(response).toMatchObject(refusal('MissingAuthenticationTokenException'));
    expect(JSON.stringify(response)).not.toContain(PASSWORD);
  });

  test('tells nothing to a request that is signed with another key', async () => {
    const { url, signed } = await start();
    const wrongSecret = { accessKeyId: 'local', secretAccessKey: 'guessed' };
    expect(await sendSigned(url, { ...signed, credentials: wrongSecret })).toMatchObject(
      refusal('InvalidSignatureException'),
    );
    const wrongKey = { ...ACCESS.credentials, accessKeyId: 'test' };
    expect(await sendSigned(url, { ...signed, credentials: wrongKey })).toMatchObject(
      refusal('UnrecognizedClientException'),
    );
  });

  test('tells nothing to a request for another service or Region', async () => {
    const { url, signed } = await start();
    const other = service === 'sqs' ? 'secretsmanager' : 'sqs';
    expect(await sendSigned(url, { ...signed, service: other })).toMatchObject(
      refusal('AuthorizationHeaderMalformed'),
    );
    expect(await sendSigned(url, { ...signed, region: 'us-east-1' })).toMatchObject(
      refusal('AuthorizationHeaderMalformed'),
    );
  });

  test('tells nothing to a page whose host name has been made to resolve to this machine', async () => {
    const { url, signed } = await start();
    const { port } = new URL(url);
    for (const host of [`rebound.example:${port}`, 'localhost', '127.0.0.1:1', `127.0.0.1.example:${port}`])
      expect(await sendSigned(url, { ...signed, host })).toMatchObject(refusal('MisdirectedRequest', 421));
  });

  test('tells nothing to a request whose body, target or host was altered after it had been signed', async () => {
    const { url, body, signed } = await start();
    const altered = sendSigned(url, { ...signed, body: `${body} ` }, (headers) => ({
      ...headers,
      'content-length': String(body.length),
    }));
    expect(await altered).toMatchObject(refusal('XAmzContentSHA256Mismatch'));
    for (const header of ['x-amz-target', 'host']) {
      const forged = sendSigned(url, signed, (headers) => ({ ...headers, [header]: 'AmazonSQS.ListQueues' }));
      expect(await forged).toMatchObject(refusal('InvalidSignatureException'));
    }
  });

  test('reads no body that is longer than any request, or of unknown length', async () => {
    const { url, signed } = await start();
    for (const length of [
      { 'content-length': String(4 * 1024 ** 2 + 1) },
      { 'transfer-encoding': 'chunked' },
    ]) {
      const response = sendSigned(url, signed, ({ 'content-length': _, ...headers }) => ({
        ...headers,
        ...length,
      }));
      expect(await response).toMatchObject(refusal('EntityTooLarge'));
    }
  });
});

test('the embedded S3 refuses a host name that has been made to resolve to this machine', async () => {
  const server = await startS3({ ...ACCESS, directory: await makeDirectory() });
  onTestFinished(() => server.close());
  const client = new S3Client({ ...ACCESS, endpoint: server.url, forcePathStyle: true });
  await client.send(new ListBucketsCommand());
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: object }).headers, { host: 'rebound.example' });
      return next(args);
    },
    { step: 'build' },
  );
  await expect(client.send(new ListBucketsCommand())).rejects.toMatchObject({
    name: 'MisdirectedRequest',
    $metadata: { httpStatusCode: 421 },
  });
  expect(await sendRaw(server.url, { path: '/', headers: { host: 'rebound.example' } })).toMatchObject({
    status: 403,
  });
});

test('all state is readable by its owner only, whatever the mode of its folder and of older files', async () => {
  // As npm start does: LevelDB's files have no other mode.
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  const directory = await makeDirectory();
  const sqs = join(directory, 'sqs');
  const dynamoDb = join(directory, 'dynamodb');
  for (const folder of [sqs, dynamoDb]) await mkdir(folder);
  for (const folder of [directory, sqs, dynamoDb]) await chmod(folder, 0o777);
  // As earlier versions left it.
  await writeFile(join(sqs, 'fauxqs.db'), '', { mode: 0o644 });
  await writeFile(join(directory, 'host.json'), '{}', { mode: 0o644 });
  await writeFile(join(dynamoDb, 'LOG'), '', { mode: 0o644 });
  const database = await startDynamoDb(dynamoDb);
  onTestFinished(() => database.close());
  await services.sqs(sqs);
  await services.secretsmanager(join(directory, 'secrets'));
  const s3 = await startS3({ ...ACCESS, directory: join(directory, 's3') });
  onTestFinished(() => s3.close());
  const client = new S3Client({ ...ACCESS, endpoint: s3.url, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'recordings' }));
  for (const Key of ['office/call.wav', '*43#'])
    await client.send(new PutObjectCommand({ Bucket: 'recordings', Key, Body: 'audio' }));
  await writeHostFile(directory, { AWS_SECRET_ACCESS_KEY: 'secret' });

  const modes = await readFileModes(directory);
  expect(modes.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      ...['fauxqs.db', 'fauxqs.db-wal', 'fauxqs.db-shm', 'call.wav', 'host.json'],
      ...['CURRENT', 'LOG', 'LOG.old'],
    ]),
  );
  expect(modes.filter(({ mode }) => mode !== '600')).toEqual([]);
});
