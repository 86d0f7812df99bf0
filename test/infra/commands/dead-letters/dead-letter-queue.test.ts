import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import { receiveReport } from '../../../../functions/cdr-webhook/receive-report.ts';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { createQueues } from '../../../../functions/shared/jobs/queues.ts';
import { reportDialectOf } from '../../../../functions/shared/pbx/family-reports.ts';
import {
  type TakenDeadLetters,
  withDeadLetters,
} from '../../../../infra/commands/dead-letters/dead-letter-queue.ts';
import { useSqs } from '../../../functions/aws-services.ts';
import { exampleJob } from './example-dead-letter.ts';

describe('received dead letters', async () => {
  const { createQueue, empty } = await useSqs();
  const [jobs, deadLetters] = ['jobs', 'dead-letters'].map(createQueue) as [string, string];
  const sqs = new SQSClient();
  const queues = createQueues(sqs, deadLetters);
  beforeEach(empty);

  const reasonOf = (number: number) => ({
    pbx: 'head-office',
    error: new ArchiveError(`pbx-${number}`, 'It cannot be.', { kind: 'permanent' }),
    attempts: number,
    firstAt: '2026-01-01T00:00:00.000Z',
    lastAt: `2026-01-01T00:00:${number}.000Z`,
  });
  const deadLetter = (number: number) => queues.sendDeadLetter(JSON.stringify(exampleJob), reasonOf(number));

  /** Receives all dead letters and releases them unchanged. */
  const receiveAll = () => withDeadLetters(sqs, [deadLetters], async (taken) => taken);
  const numbersOf = ({ deadLetters }: TakenDeadLetters) => deadLetters.map(({ attempts }) => attempts);

  test('are all in the queue, each once, in the order in which they were sent', async () => {
    const numbers = Array.from({ length: 23 }, (_, index) => 10 + index);
    for (const number of numbers.toReversed()) await deadLetter(number);
    const taken = await receiveAll();
    expect(numbersOf(taken)).toEqual(numbers);
    expect(taken.takenByOthers).toBe(0);
  });

  test('are none when the queue is empty', async () => {
    expect(await receiveAll()).toMatchObject({ deadLetters: [], takenByOthers: 0 });
  });

  test('are hidden from other commands, which see only their number', async () => {
    for (const number of [11, 12]) await deadLetter(number);
    await withDeadLetters(sqs, [deadLetters], async () => {
      await deadLetter(13);
      const others = await receiveAll();
      expect(numbersOf(others)).toEqual([13]);
      expect(others.takenByOthers).toBe(2);
    });
  });

  test('are visible again afterwards, even more than ten, except those that were removed', async () => {
    for (let number = 10; number < 22; number++) await deadLetter(number);
    const removeFirst = async ({ deadLetters: [first], remove }: TakenDeadLetters) => first && remove(first);
    await withDeadLetters(sqs, [deadLetters], removeFirst);
    expect(numbersOf(await receiveAll())).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
  });

  test('of two queues are taken together, and each is removed from its own', async () => {
    const others = createQueue('other-dead-letters');
    await deadLetter(12);
    for (const number of [11, 13]) {
      await createQueues(sqs, others).sendDeadLetter(JSON.stringify(exampleJob), reasonOf(number));
    }
    await withDeadLetters(sqs, [deadLetters, others], async (taken) => {
      expect(numbersOf(taken)).toEqual([11, 12, 13]);
      for (const one of taken.deadLetters.slice(0, 2)) await taken.remove(one);
    });
    expect(numbersOf(await receiveAll())).toEqual([]);
    expect(await withDeadLetters(sqs, [others], async (taken) => numbersOf(taken))).toEqual([13]);
  });

  test('are visible again when the work on them has failed', async () => {
    await deadLetter(11);
    const work = withDeadLetters(sqs, [deadLetters], () => Promise.reject(new Error('failed')));
    await expect(work).rejects.toThrow('failed');
    expect(numbersOf(await receiveAll())).toEqual([11]);
  });

  test('can be reports that the webhook could not read', async () => {
    const pbx = { serialNumber: undefined, queueUrl: jobs, dialect: reportDialectOf({ family: 's-series' }) };
    const report = '{"action":"NewCdr","recording":["📞"]}';
    await receiveReport(
      { pbxId: 'head-office', secret: '', signature: undefined, body: Buffer.from(report) },
      {
        findPbx: () => ({ ...pbx, isAuthentic: async () => true }),
        queues,
        sessionQueueUrl: jobs,
        now: () => new Date('2026-01-02T03:04:05Z'),
      },
    );
    const taken = await receiveAll();
    expect(taken.deadLetters).toMatchObject([
      {
        code: 'report-malformed',
        attempts: 1,
        firstAt: '2026-01-02T03:04:05.000Z',
        content: { kind: 'report', pbx: 'head-office', report },
      },
    ]);
  });

  test('can be messages that SQS has moved after too many receives', async () => {
    const ofDeadLetters = { QueueUrl: deadLetters, AttributeNames: ['QueueArn' as const] };
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand(ofDeadLetters));
    const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 1 };
    const redrive = { VisibilityTimeout: '0', RedrivePolicy: JSON.stringify(policy) };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: jobs, Attributes: redrive }));
    await sqs.send(new SendMessageCommand({ QueueUrl: jobs, MessageBody: JSON.stringify(exampleJob) }));
    for (let receive = 0; receive < 2; receive++)
      await sqs.send(new ReceiveMessageCommand({ QueueUrl: jobs }));
    const taken = await receiveAll();
    expect(taken.deadLetters).toMatchObject([
      { code: 'no-reason', attempts: 2, pbx: 'head-office', content: { kind: 'job', job: exampleJob } },
    ]);
  });
});
