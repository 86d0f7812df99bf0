// Runs a function of the stack in a process of its own, as Lambda does: behind an HTTP API or behind a queue.
import { createRequire } from 'node:module';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startHttpServer } from '../../infra/local/http-server.ts';
import { pollQueue } from '../../infra/local/queue-poller.ts';

const [bundle = '', queueUrl] = process.argv.slice(2);
const { handler } = createRequire(import.meta.url)(bundle);
process.once('disconnect', () => process.exit());
if (queueUrl === undefined) {
  const routes = { 'POST /reports/{pbxId}/{secret}': handler };
  const { port } = await startHttpServer(Promise.resolve(routes), 0, '127.0.0.1');
  process.send?.({ port });
} else {
  const queueArn = `arn:aws:sqs:us-east-1:000000000000:${queueUrl.split('/').at(-1)}`;
  const polling = { queueUrl, queueArn, handler, concurrency: 1, timeoutMs: 900_000 };
  const untilKilled = new AbortController().signal;
  process.send?.({});
  await pollQueue(new SQSClient(), polling, untilKilled);
}
