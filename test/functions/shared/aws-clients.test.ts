import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { crc32 as crc32Of } from 'node:zlib';
import { CompleteMultipartUploadCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  createS3Client,
  createS3MetadataClient,
  createSecretsManagerClient,
  createSqsClient,
} from '../../../functions/shared/aws-clients.ts';
import { TIMEOUT_SECONDS } from '../../../functions/shared/config/limits.ts';
import { createSecrets } from '../../../functions/shared/config/secrets.ts';
import { toArchiveError } from '../../../functions/shared/errors.ts';

type Response = [status: number, body: string];

/** In a list of responses: the server destroys the connection instead. */
const BROKEN = undefined;
const SLOW_DOWN: Response = [503, '<Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>'];
const TARGET = { Bucket: 'b', Key: 'k' };

vi.stubEnv('AWS_REGION', 'us-east-1');
vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDTEST');
vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test-secret-access-key');
vi.stubEnv('AWS_SESSION_TOKEN', 'a-session-token');

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that sends these responses in order and repeats the last one. */
async function serve(...responses: (Response | typeof BROKEN)[]) {
  const seen: IncomingHttpHeaders[] = [];
  const bodies: Buffer[] = [];
  const endpoint = await listen(async (request, response) => {
    const next = responses[Math.min(seen.length, responses.length - 1)];
    seen.push(request.headers);
    if (next === BROKEN) return request.socket.destroy();
    bodies.push(await buffer(request));
    return response.writeHead(next[0]).end(next[1]);
  });
  return { seen, bodies, endpoint };
}

/** A server that sends these bytes to every client and closes the connection. */
async function serveBytes(bytes: string): Promise<string> {
  const server = createTcpServer((socket) => socket.on('error', () => {}).end(bytes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const s3At = (endpoint: string) => createS3Client({ endpoint, forcePathStyle: true });

function putOf(bytes: Buffer): PutObjectCommand {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32Of(bytes));
  return new PutObjectCommand({ ...TARGET, Body: bytes, ChecksumCRC32: checksum.toString('base64') });
}

test.each<[string, Response | typeof BROKEN]>([
  ['a server error', SLOW_DOWN],
  ['a broken connection', BROKEN],
])('%s is retried, twice at most', async (_, failure) => {
  const passing = await serve(failure, failure, [200, '']);
  await s3At(passing.endpoint).send(new HeadObjectCommand(TARGET));
  expect(passing.seen).toHaveLength(3);
  const lasting = await serve(failure);
  await expect(s3At(lasting.endpoint).send(new HeadObjectCommand(TARGET))).rejects.toThrow();
  expect(lasting.seen).toHaveLength(3);
});

test('a multipart completion that S3 answers with 200 and an error is retried', async () => {
  const { seen, endpoint } = await serve(
    [200, '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>Try again.</Message></Error>'],
    [200, '<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>'],
  );
  const parts = { MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"e"' }] } };
  await s3At(endpoint).send(new CompleteMultipartUploadCommand({ ...TARGET, UploadId: 'u', ...parts }));
  expect(seen).toHaveLength(2);
});

test('a 403 is final, and its error has the code and the message of S3', async () => {
  const body = '<Error><Code>AccessDenied</Code><Message>Not for you.</Message></Error>';
  const { seen, endpoint } = await serve([403, body]);
  await expect(s3At(endpoint).send(putOf(Buffer.from('x')))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: 'Not for you.',
    $metadata: { httpStatusCode: 403 },
  });
  expect(seen).toHaveLength(1);
});

test.each([
  ['of a few bytes', 4],
  ['of 1 MiB', 1024 ** 2],
  ['of 2.5 MiB', 2.5 * 1024 ** 2],
])('a body %s is sent whole, unhashed and with its length, in every attempt', async (_, size) => {
  const bytes = Buffer.alloc(size, 'recording');
  const { seen, bodies, endpoint } = await serve(SLOW_DOWN, [200, '']);
  await s3At(endpoint).send(putOf(bytes));
  expect(bodies.map((body) => body.equals(bytes))).toEqual([true, true]);
  for (const headers of seen) {
    expect(headers).toMatchObject({
      'content-length': String(size),
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-amz-security-token': 'a-session-token',
    });
    expect(headers).not.toHaveProperty('expect');
    expect(headers).not.toHaveProperty('transfer-encoding');
  }
});

test('a large body that S3 rejects before all of it has arrived fails with the code of S3', async () => {
  const endpoint = await listen((_, response) => {
    response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
  });
  await expect(s3At(endpoint).send(putOf(Buffer.alloc(16 * 1024 ** 2)))).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
});

test('successive requests share a connection', async () => {
  const sockets = new Set<unknown>();
  const endpoint = await listen(async (request, response) => {
    sockets.add(request.socket);
    await buffer(request);
    response.end();
  });
  const s3 = s3At(endpoint);
  for (const size of [1, 3 * 1024 ** 2, 1]) await s3.send(putOf(Buffer.alloc(size)));
  expect(sockets.size).toBe(1);
});

test('an aborted request is not retried', async () => {
  const { seen, endpoint } = await serve(SLOW_DOWN);
  const abortSignal = AbortSignal.abort();
  await expect(s3At(endpoint).send(new HeadObjectCommand(TARGET), { abortSignal })).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(seen).toHaveLength(0);
});

test('a refused connection is reported with its code', async () => {
  const error = await s3At('http://127.0.0.1:9')
    .send(new HeadObjectCommand(TARGET))
    .catch((thrown: unknown) => thrown);
  expect(toArchiveError(error)).toMatchObject({ code: 'ECONNREFUSED', kind: 'transient' });
});

test.each([
  ['JSON', 'HTTP/1.1 200 OK\r\ncontent-length: 26\r\n\r\n{"SecretString":"hidden"x}'],
  ['HTTP', 'HTTP/1.1 200 OK\r\n{"SecretString":"hidden"}\r\n\r\n'],
])('a secret in a response that is not %s is never quoted', async (_, bytes) => {
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', await serveBytes(bytes));
  const error = await createSecrets(createSecretsManagerClient())
    .read('name')
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(inspect(toArchiveError(error), { showHidden: true, depth: 9 })).not.toContain('hidden');
});

test('a message that SQS stored differently is an error', async () => {
  const { endpoint } = await serve([
    200,
    JSON.stringify({ MessageId: 'm', MD5OfMessageBody: '0'.repeat(32) }),
  ]);
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', endpoint);
  const command = new SendMessageCommand({ QueueUrl: `${endpoint}/000000000000/q`, MessageBody: 'job' });
  await expect(createSqsClient().send(command)).rejects.toThrow('InvalidChecksumError');
});

test('on Lambda the credentials come from the environment, even if AWS_PROFILE is set', async () => {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'archive-recording');
  vi.stubEnv('AWS_PROFILE', 'somebody');
  expect(await createS3Client().config.credentials()).toMatchObject({
    accessKeyId: 'AKIDTEST',
    sessionToken: 'a-session-token',
  });
});

test('a request about a secret, a message or an object that stalls ends in time for the shortest function', async () => {
  const { endpoint } = await serve([200, '{}']);
  for (const service of ['SECRETS_MANAGER', 'SQS', 'S3']) vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, endpoint);
  const [secrets, sqs, s3] = [createSecretsManagerClient(), createSqsClient(), createS3MetadataClient()];
  // The handlers have their settings from the first request on.
  await secrets.send(new GetSecretValueCommand({ SecretId: 'name' }));
  await sqs.send(new ListQueuesCommand({}));
  await s3.send(new HeadObjectCommand(TARGET));
  for (const { config } of [secrets, sqs, s3]) {
    const { connectionTimeout, requestTimeout, throwOnRequestTimeout, socketTimeout } = (
      config.requestHandler as NodeHttpHandler
    ).httpHandlerConfigs();
    const longestMs = Math.max(
      ...[connectionTimeout, requestTimeout, socketTimeout].map((ms) => ms ?? Infinity),
    );
    expect(throwOnRequestTimeout).toBe(true);
    expect(longestMs * (await config.maxAttempts())).toBeLessThan(
      1000 * Math.min(...Object.values(TIMEOUT_SECONDS)),
    );
  }
});
