import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, onTestFinished, test } from 'vitest';
import { openBucket } from '../../../../functions/shared/aws/bucket.ts';
import { createJsonService } from '../../../../functions/shared/aws/json-service.ts';

const credentials = {
  accessKeyId: 'AKIDTEST',
  secretAccessKey: 'test-secret-access-key',
  sessionToken: 'a-session-token',
};
const region = 'us-east-1';

/** A server that gives the answers one after the other, the last one for ever; an absent one breaks the connection. */
async function serve(...answers: ([status: number, body: string] | undefined)[]) {
  const seen: IncomingHttpHeaders[] = [];
  const listener: RequestListener = (request, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push(request.headers);
    if (answer === undefined) return request.socket.destroy();
    response.writeHead(answer[0]).end(answer[1]);
    return undefined;
  };
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    seen,
    settings: { region, credentials, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  };
}

const SLOW_DOWN = '<?xml version="1.0"?>\n<Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>';

test.each<[string, [number, string] | undefined]>([
  ['a server error', [503, SLOW_DOWN]],
  ['a broken connection', undefined],
  ['an error that comes as 200', [200, SLOW_DOWN]],
])('%s is tried again, twice', async (_, failure) => {
  const passing = await serve(failure, failure, [200, 'done']);
  expect(await openBucket('b', passing.settings).send('POST', 'k')).toMatchObject({ body: 'done' });
  const lasting = await serve(failure);
  await expect(openBucket('b', lasting.settings).send('POST', 'k')).rejects.toThrow();
  expect(lasting.seen).toHaveLength(3);
});

test('a refusal is final, and has S3’s name and words', async () => {
  const body = '<Error><Code>AccessDenied</Code><Message>Not for you.</Message></Error>';
  const { seen, settings } = await serve([403, body]);
  await expect(openBucket('b', settings).send('PUT', 'k', { body: 'x' })).rejects.toMatchObject({
    name: 'AccessDenied',
    message: 'Not for you.',
    $metadata: { httpStatusCode: 403 },
  });
  expect(seen).toHaveLength(1);
});

test.each([
  [
    '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No queue."}',
    'QueueDoesNotExist',
    'No queue.',
  ],
  [
    '{"__type":"ResourceNotFoundException:http://internal","Message":"Gone."}',
    'ResourceNotFoundException',
    'Gone.',
  ],
  ['<html>A proxy was here.</html>', 'Unknown', 'Unknown'],
  ['null', 'Unknown', 'Unknown'],
])('AWS JSON’s refusal %s is named', async (body, name, message) => {
  const { settings } = await serve([400, body]);
  const call = createJsonService({ name: 'sqs', version: '1.0', target: 'AmazonSQS' }, settings);
  await expect(call('SendMessage', {})).rejects.toMatchObject({ name, message });
});

test('an answer that is no JSON is not quoted: it may hold a secret', async () => {
  const { settings } = await serve([200, '{"SecretString":"hidden"x}']);
  const call = createJsonService(
    { name: 'secretsmanager', version: '1.1', target: 'secretsmanager' },
    settings,
  );
  await expect(call('GetSecretValue', {})).rejects.toMatchObject({
    name: 'BadAnswer',
    message: 'The answer is no JSON.',
  });
});

test('an aborted request is not tried again', async () => {
  const { seen, settings } = await serve([503, SLOW_DOWN]);
  const signal = AbortSignal.abort();
  await expect(openBucket('b', settings).send('GET', 'k', { signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(seen).toHaveLength(0);
});

test('a function’s session token goes with its requests', async () => {
  const { seen, settings } = await serve([200, '']);
  await openBucket('b', settings).send('HEAD', 'k');
  expect(seen).toMatchObject([
    { 'x-amz-security-token': 'a-session-token', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
  ]);
});

test.each([
  ['us-east-1', 'recordings', undefined],
  ['eu-central-1', 'recordings', undefined],
  ['us-gov-west-1', 'recordings', undefined],
  ['cn-north-1', 'recordings', undefined],
  ['us-east-1', 'our.recordings', undefined],
  ['us-east-1', 'recordings', 'http://127.0.0.1:9000'],
  ['us-east-1', 'recordings', 'http://127.0.0.1:9000/'],
])(
  'a link names the same place, and the same rights, as the SDK’s: %s, %s, %s',
  async (place, name, endpoint) => {
    const key = 'recordings/hq/2026/01/01/a b+c(d)*é.wav';
    const from = new Date('2026-01-01T00:00:00Z');
    const disposition = 'inline; filename="a b.wav"';
    const ours = new URL(
      await openBucket(name, { region: place, credentials, endpoint }).presign(
        key,
        { 'response-content-disposition': disposition },
        900,
        from,
      ),
    );
    const s3 = new S3Client({
      region: place,
      credentials,
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    });
    const command = new GetObjectCommand({ Bucket: name, Key: key, ResponseContentDisposition: disposition });
    const theirs = new URL(await getSignedUrl(s3, command, { expiresIn: 900, signingDate: from }));
    expect(`${ours.origin}${ours.pathname}`).toBe(`${theirs.origin}${theirs.pathname}`);
    const rights = ({ searchParams }: URL) =>
      Object.fromEntries(
        Array.from(searchParams).filter(
          ([parameter]) => !/^(?:X-Amz-Signature|x-id|x-amz-checksum-mode)$/.test(parameter),
        ),
      );
    expect(rights(ours)).toEqual(rights(theirs));
  },
);
