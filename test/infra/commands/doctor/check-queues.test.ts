import { ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, test } from 'vitest';
import { checkDeadLetters, checkQueue } from '../../../../infra/commands/doctor/check-queues.ts';
import { useSqs } from '../../../functions/aws-services.ts';

const { createQueue, empty } = await useSqs();
const sqs = new SQSClient();
afterEach(empty);

async function send(queueUrl: string, count: number, DelaySeconds = 0) {
  for (let first = 0; first < count; first += 10) {
    const Entries = Array.from({ length: Math.min(10, count - first) }, (_, index) => ({
      Id: String(index),
      MessageBody: 'job',
      DelaySeconds,
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

test('an empty queue is ok', async () => {
  expect(await checkQueue(sqs, createQueue('jobs'))).toEqual({ status: 'ok', text: 'empty' });
});

test('a queue with some work is ok', async () => {
  const queueUrl = createQueue('jobs');
  await send(queueUrl, 3);
  await send(queueUrl, 1, 60);
  await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
  expect(await checkQueue(sqs, queueUrl)).toEqual({
    status: 'ok',
    text: '3 jobs waiting, 1 in progress or to be retried',
  });
});

test('a long queue is to be looked at', async () => {
  const queueUrl = createQueue('jobs');
  await send(queueUrl, 101);
  expect(await checkQueue(sqs, queueUrl)).toEqual({
    status: 'to-do',
    text: '101 jobs waiting, 0 in progress or to be retried. See docs/runbook.md#jobs-waiting.',
  });
});

test('a queue that does not exist is to be deployed', async () => {
  const elsewhere = createQueue('jobs').replace('jobs', 'Archive-new');
  expect(await checkQueue(sqs, elsewhere)).toEqual({
    status: 'to-do',
    text: 'There is no queue Archive-new. Run npm run deploy.',
  });
});

test('no dead letters are ok', async () => {
  expect(await checkDeadLetters(sqs, [createQueue('dead-letters')], '')).toEqual({
    status: 'ok',
    text: 'none',
  });
});

test.each([
  ['', 'npm run dead-letters.'],
  [' --local .local/pbx', 'npm run dead-letters -- --local .local/pbx.'],
])(
  'dead letters are to be listed by a complete command%s, also while another one reads them',
  async (options, command) => {
    const queueUrl = createQueue('dead-letters');
    await send(queueUrl, 2);
    await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
    const others = createQueue('event-dead-letters');
    await send(others, 1);
    expect(await checkDeadLetters(sqs, [queueUrl, others], options)).toEqual({
      status: 'to-do',
      text: `3 dead letters. List them: ${command} See docs/runbook.md#dead-letters.`,
    });
  },
);
