import { GetQueueAttributesCommand, QueueDoesNotExist, type SQSClient } from '@aws-sdk/client-sqs';
import { plural } from '../../shared/text.ts';
import { ok, type Result, toDo } from './finding.ts';

/** More than two functions do in some minutes. */
const MAX_WAITING = 100;

/** SQS's counts, up to a minute old. */
export async function countMessages(sqs: SQSClient, queueUrl: string) {
  const command = new GetQueueAttributesCommand({
    QueueUrl: queueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
    ],
  });
  const { Attributes = {} } = await sqs.send(command);
  const count = (name: keyof typeof Attributes) => Number(Attributes[name] ?? 0);
  return {
    waiting: count('ApproximateNumberOfMessages') + count('ApproximateNumberOfMessagesDelayed'),
    taken: count('ApproximateNumberOfMessagesNotVisible'),
  };
}

/** Jobs that nobody has taken. Those that wait for a retry count as taken. */
export async function checkQueue(sqs: SQSClient, queueUrl: string): Promise<Result> {
  try {
    const { waiting, taken } = await countMessages(sqs, queueUrl);
    const jobs = `${plural(waiting, 'job')} waiting, ${taken} in progress or to be retried`;
    return waiting > MAX_WAITING
      ? toDo(`${jobs}. See docs/runbook.md#jobs-waiting.`)
      : ok(waiting + taken === 0 ? 'empty' : jobs);
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    return toDo(`There is no queue ${queueUrl.split('/').at(-1)}. Run npm run deploy.`);
  }
}

export async function checkDeadLetters(
  sqs: SQSClient,
  queueUrls: readonly string[],
  /** The options that select this archive. */
  options: string,
): Promise<Result> {
  const counts = await Promise.all(queueUrls.map((queueUrl) => countMessages(sqs, queueUrl)));
  const count = counts.reduce((sum, { waiting, taken }) => sum + waiting + taken, 0);
  if (count === 0) return ok('none');
  const command = `npm run dead-letters${options === '' ? '' : ` --${options}`}`;
  return toDo(`${plural(count, 'dead letter')}. List them: ${command}. See docs/runbook.md#dead-letters.`);
}
