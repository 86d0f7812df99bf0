import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import { makeDirectory, useS3 } from '../../../functions/aws-services.ts';
import { captureLog } from '../../../functions/capture-log.ts';
import { startBackfillHarness } from './backfill-harness.ts';

await useS3();
// Takes over the printing of log lines.
captureLog();

/** An HTTP server that responds to every request with an error of S3. */
async function startRefusingServer(status: number, code: string): Promise<number> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>Not possible.</Message></Error>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A client of the embedded S3 whose PUT requests go to another port, except for the first two. */
function createDivertedClient(port: number) {
  let puts = 0;
  class DivertingHandler extends NodeHttpHandler {
    override handle(...[request, options]: Parameters<NodeHttpHandler['handle']>) {
      if (request.method === 'PUT') puts += 1;
      if (request.method === 'PUT' && puts > 2) request.port = port;
      return super.handle(request, options);
    }
  }
  return createS3Client({ maxAttempts: 1, requestHandler: new DivertingHandler() });
}

describe('of 20 recordings, with the third PUT refused for good, no fourth one is downloaded', () => {
  // Statuses and codes: "Error responses" in the API reference of Amazon S3. Some services send 403 for 400.
  test.each([
    [400, 'ExpiredToken', 'credentials have expired'],
    [403, 'ExpiredToken', 'credentials have expired'],
    [400, 'TokenRefreshRequired', 'credentials have expired'],
    [403, 'AccessDenied', 'lack a permission (AccessDenied: Not possible.)'],
    [403, 'AllAccessDisabled', 'lack a permission'],
    [403, 'InvalidAccessKeyId', 'does not know these credentials'],
    [403, 'SignatureDoesNotMatch', 'secret access key is wrong'],
    [403, 'RequestTimeTooSkewed', 'clock is wrong'],
    [400, 'KMS.DisabledException', 'KMS key'],
    [400, 'KMS.InvalidStateException', 'KMS key'],
    [400, 'KMS.NotFoundException', 'KMS key'],
    [404, 'NoSuchBucket', 'bucket does not exist'],
    [301, 'PermanentRedirect', 'another region'],
    [405, 'MethodNotAllowed', 'refuses what this command asks for (MethodNotAllowed: Not possible.)'],
  ])('%i %s', async (status, code, sentence) => {
    const { pbx, run } = await startBackfillHarness(createS3Client(), 20);
    const { isDone, output, lastLine } = await run(
      createDivertedClient(await startRefusingServer(status, code)),
    );
    expect(pbx.stats.downloads).toBe(3);
    expect(isDone).toBe(false);
    expect(output).toContain('2 recordings archived');
    expect(lastLine).toContain(sentence);
    expect(lastLine).toContain(code);
    expect(lastLine).toMatch(/Run the same command again to continue\.$/);
  });
});

test.each([
  [400, 'KeyTooLongError'],
  [400, 'BadDigest'],
  [409, 'OperationAborted'],
])('%i %s concerns one recording: the others are tried', async (status, code) => {
  const { pbx, run } = await startBackfillHarness(createS3Client(), 4);
  const { output } = await run(createDivertedClient(await startRefusingServer(status, code)));
  expect(pbx.stats.downloads).toBe(4);
  expect(output).toContain('2 recordings archived');
  expect(output).toContain('2 recordings failed');
});

test.each([
  [500, 'InternalError'],
  [503, 'SlowDown'],
  [507, 'InsufficientStorage'],
])('%i %s ends the run once five recordings in a row have met it', async (status, code) => {
  const { pbx, run } = await startBackfillHarness(createS3Client(), 20);
  const { isDone, lastLine } = await run(createDivertedClient(await startRefusingServer(status, code)));
  expect(pbx.stats.downloads).toBe(2 + 5);
  expect(isDone).toBe(false);
  expect(lastLine).toBe(`AWS keeps failing: Not possible. (${code}) Run the same command again to continue.`);
});

test.each([-20, 20])('a clock that differs from that of S3 by %i minutes costs nothing', async (minutes) => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret-access-key' };
  const now = () => Date.now() + minutes * 60_000;
  const server = await startS3({ directory: await makeDirectory(), credentials, region: 'us-east-1', now });
  onTestFinished(() => server.close());
  const client = () => createS3Client({ endpoint: server.url, forcePathStyle: true });
  const { pbx, run } = await startBackfillHarness(client(), 3);
  const { isDone, output } = await run(client());
  expect(output).toContain('3 recordings archived');
  expect(isDone).toBe(true);
  expect(pbx.stats.downloads).toBe(3);
});
