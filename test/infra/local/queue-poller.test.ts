import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSqs } from '../../../infra/local/embedded-sqs.ts';
import { pollQueue, type QueueHandler } from '../../../infra/local/queue-poller.ts';
import { makeDirectory } from './start-process.ts';

async function startQueue() {
  const access = { credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, region: 'us-east-1' };
  const server = await startSqs({ ...access, directory: await makeDirectory() });
  const sqs = new SQSClient({ ...access, endpoint: server.address });
  onTestFinished(async () => {
    sqs.destroy();
    await server.stop();
  });
  const queueUrl = `${server.address}/000000000000/jobs`;
  await sqs.send(new CreateQueueCommand({ QueueName: 'jobs', Attributes: { VisibilityTimeout: '1800' } }));
  return {
    address: server.address,
    send: (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body })),
    receive: () => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl })),
    inflight: () => server.inspectQueue('jobs')?.messages.inflight.length,
    /** Polls until the returned function is called. */
    poll(handler: QueueHandler, concurrency = 1): () => Promise<void> {
      const stopping = new AbortController();
      const polling = { queueUrl, queueArn: 'arn:aws:sqs:us-east-1:000000000000:jobs' };
      const stopped = pollQueue(sqs, { ...polling, handler, concurrency, timeoutMs: 1000 }, stopping.signal);
      return () => {
        stopping.abort();
        return stopped;
      };
    },
  };
}

const done = { batchItemFailures: [] };

describe('the local queue poller, like an event source mapping of Lambda,', () => {
  test('delivers one message at a time with its attributes and the remaining time, then deletes it', async () => {
    const queue = await startQueue();
    const { promise, resolve } = Promise.withResolvers<Parameters<QueueHandler>>();
    await queue.send('a job');
    const stop = queue.poll(async (...args) => {
      resolve(args);
      return done;
    });
    const [event, context] = await promise;
    await stop();
    expect(event.Records).toHaveLength(1);
    expect(event.Records[0]).toMatchObject({
      body: 'a job',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:jobs',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d{13}$/) },
    });
    expect(context.getRemainingTimeInMillis()).toBeLessThanOrEqual(1000);
    expect(queue.inflight()).toBe(0);
    expect((await queue.receive()).Messages).toBeUndefined();
  });

  test('leaves a message hidden when the handler reports it as failed or throws', async () => {
    const queue = await startQueue();
    const { promise, resolve } = Promise.withResolvers<void>();
    await queue.send('reported as failed');
    await queue.send('failing');
    let deliveries = 0;
    const stop = queue.poll(async ({ Records: [record] }) => {
      deliveries += 1;
      if (deliveries === 2) resolve();
      if (record?.body === 'failing') throw new Error('the handler failed');
      return { batchItemFailures: [{ itemIdentifier: record?.messageId ?? '' }] };
    });
    await promise;
    await stop();
    expect(queue.inflight()).toBe(2);
  });

  test('runs at most as many handlers at a time as configured', async () => {
    const queue = await startQueue();
    for (const number of [1, 2, 3, 4]) await queue.send(String(number));
    const twoRunning = Promise.withResolvers<void>();
    const allDone = Promise.withResolvers<void>();
    let [running, most, ended] = [0, 0, 0];
    const stop = queue.poll(async () => {
      running += 1;
      most = Math.max(most, running);
      if (running === 2) twoRunning.resolve();
      await twoRunning.promise;
      running -= 1;
      ended += 1;
      if (ended === 4) allDone.resolve();
      return done;
    }, 2);
    await allDone.promise;
    await stop();
    expect(most).toBe(2);
  });

  test('uses a queue that can be reached at 127.0.0.1 only', async () => {
    const { address } = await startQueue();
    const { statusCode } = await request(address);
    expect(statusCode).toBeLessThan(500);
    await expect(request(address.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow('ECONNREFUSED');
  });
});
