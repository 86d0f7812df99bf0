import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type DeadLetter, readDeadLetter } from './dead-letter.ts';

/** SQS's maximum. */
const BATCH_SIZE = 10;

/** Long enough to read some ten thousand dead letters, and to answer a question about them. */
export const TAKEN_SECONDS = 5 * 60;

/**
 * Long polling queries all of SQS's servers. A short poll queries only some, and so may miss messages when there are
 * few. The wait is also for messages that another command is just returning.
 */
const WAIT_SECONDS = 2;

/** Dead letters that are hidden from other commands while this one works on them. */
export interface TakenDeadLetters {
  /** In the order in which they were given up. */
  deadLetters: DeadLetter[];
  /** Roughly how many more there are that another command has taken: SQS's count is up to a minute old. */
  takenByOthers: number;
  /** Deletes a dead letter for good. */
  remove(deadLetter: DeadLetter): Promise<void>;
}

/** The dead letters that were taken out of one queue, by id. */
interface TakenFromQueue {
  queueUrl: string;
  taken: Map<string, DeadLetter>;
}

/**
 * Takes all dead letters out of the queues, and returns those that `work` has not removed. If the process is killed
 * before, they reappear after five minutes.
 */
export async function withDeadLetters<Result>(
  sqs: SQSClient,
  queueUrls: readonly string[],
  work: (taken: TakenDeadLetters) => Promise<Result>,
): Promise<Result> {
  const queues = queueUrls.map((queueUrl): TakenFromQueue => ({ queueUrl, taken: new Map() }));
  const takenByOthers = await Promise.all(queues.map((queue) => takeAll(sqs, queue)));
  try {
    return await work({
      deadLetters: queues
        .flatMap(({ taken }) => [...taken.values()])
        .sort((one, other) => givenUpAt(one) - givenUpAt(other)),
      takenByOthers: takenByOthers.reduce((sum, count) => sum + count, 0),
      async remove({ id, receiptHandle }) {
        for (const { queueUrl, taken } of queues.filter((queue) => queue.taken.has(id))) {
          await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
          taken.delete(id);
        }
      },
    });
  } finally {
    for (const { queueUrl, taken } of queues) await returnToQueue(sqs, queueUrl, [...taken.values()]);
  }
}

const givenUpAt = ({ firstAt, lastAt = firstAt }: DeadLetter) => Date.parse(lastAt);

/** Returns roughly how many more there are that others have taken. */
async function takeAll(sqs: SQSClient, { queueUrl, taken }: TakenFromQueue): Promise<number> {
  let before: number;
  do {
    before = taken.size;
    for (const deadLetter of await receive(sqs, queueUrl)) taken.set(deadLetter.id, deadLetter);
    // If reading takes longer than the dead letters stay hidden, the first ones are received again.
  } while (taken.size > before);
  return Math.max(0, (await countTaken(sqs, queueUrl)) - taken.size);
}

async function countTaken(sqs: SQSClient, queueUrl: string): Promise<number> {
  const name = 'ApproximateNumberOfMessagesNotVisible';
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [name] });
  return Number((await sqs.send(command)).Attributes?.[name]);
}

async function receive(sqs: SQSClient, queueUrl: string): Promise<DeadLetter[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: BATCH_SIZE,
      VisibilityTimeout: TAKEN_SECONDS,
      WaitTimeSeconds: WAIT_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages.map(readDeadLetter);
}

async function returnToQueue(sqs: SQSClient, queueUrl: string, deadLetters: DeadLetter[]): Promise<void> {
  for (let start = 0; start < deadLetters.length; start += BATCH_SIZE) {
    const batch = deadLetters.slice(start, start + BATCH_SIZE);
    // One that cannot be returned reappears by itself.
    await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map(({ receiptHandle }, index) => ({
          Id: String(index),
          ReceiptHandle: receiptHandle,
          // Not 0, for the local host's SQS: see releaseMessages.
          VisibilityTimeout: 1,
        })),
      }),
    );
  }
}
