import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type DeadLetter, readDeadLetter } from './dead-letter.ts';

/** SQS's most. */
const BATCH_SIZE = 10;

/** Time enough to read some ten thousand dead letters, and to answer a question about them. */
export const TAKEN_SECONDS = 5 * 60;

/**
 * A short poll asks only some of SQS's servers, and so finds some of few messages; a long one asks all. It also
 * waits for what another command is just giving back.
 */
const WAIT_SECONDS = 2;

/** Letters that no other command sees while this one is at work on them. */
export interface TakenDeadLetters {
  /** In the order in which they were given up. */
  deadLetters: DeadLetter[];
  /** How many more there are that another command has taken, about: SQS's own count is up to a minute old. */
  takenByOthers: number;
  /** Deletes a dead letter for good. */
  remove(deadLetter: DeadLetter): Promise<void>;
}

/**
 * Takes all dead letters out of the queue, and gives back those that `work` has not removed. If that never happens,
 * they come back by themselves after five minutes.
 */
export async function withDeadLetters<Result>(
  sqs: SQSClient,
  queueUrl: string,
  work: (taken: TakenDeadLetters) => Promise<Result>,
): Promise<Result> {
  const taken = new Map<string, DeadLetter>();
  let before: number;
  do {
    before = taken.size;
    for (const deadLetter of await receive(sqs, queueUrl)) taken.set(deadLetter.id, deadLetter);
    // Where reading takes longer than the dead letters are kept away, they begin to come again.
  } while (taken.size > before);
  try {
    return await work({
      deadLetters: [...taken.values()].sort((one, other) => givenUpAt(one) - givenUpAt(other)),
      takenByOthers: Math.max(0, (await countTaken(sqs, queueUrl)) - taken.size),
      async remove({ id, receiptHandle }) {
        await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
        taken.delete(id);
      },
    });
  } finally {
    await giveBack(sqs, queueUrl, [...taken.values()]);
  }
}

const givenUpAt = ({ firstAt, lastAt = firstAt }: DeadLetter) => Date.parse(lastAt);

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

async function giveBack(sqs: SQSClient, queueUrl: string, deadLetters: DeadLetter[]): Promise<void> {
  for (let start = 0; start < deadLetters.length; start += BATCH_SIZE) {
    const batch = deadLetters.slice(start, start + BATCH_SIZE);
    // One that SQS does not give back comes back by itself.
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
