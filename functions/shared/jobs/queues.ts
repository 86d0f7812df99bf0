import {
  ChangeMessageVisibilityCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { ArchiveError } from '../errors.ts';

/** Why something could not be done, written beside it in the dead-letter queue. */
export interface DeadLetterReason {
  pbx: string | undefined;
  error: ArchiveError;
  attempts: number;
  /** ISO 8601, UTC. */
  firstAt: string;
  lastAt: string;
}

export interface Queues {
  /** Without `delaySeconds` (0 to 900), the queue's own delay holds. */
  send(queueUrl: string, message: unknown, delaySeconds?: number): Promise<void>;
  /**
   * Keeps `body`, as it came, where a person can see it and send it again: the reason stands in the message's
   * attributes, so that the body is still the job.
   */
  sendDeadLetter(body: string, reason: DeadLetterReason): Promise<void>;
  /** Makes a message that is being worked on come again after `seconds` (0 to 43,200). */
  scheduleRetry(queueUrl: string, receiptHandle: string, seconds: number): Promise<void>;
}

/** For who has nothing to do with dead letters. */
export function createSender(sqs: SQSClient): Pick<Queues, 'send'> {
  return {
    async send(queueUrl, message, delaySeconds) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: toMessageBody(message),
          ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
        }),
      );
    },
  };
}

export function createQueues(sqs: SQSClient, deadLetterQueueUrl: string): Queues {
  return {
    ...createSender(sqs),
    async sendDeadLetter(body, { pbx, error, attempts, firstAt, lastAt }) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: deadLetterQueueUrl,
          MessageBody: body,
          MessageAttributes: {
            code: text(error.code),
            message: text(error.message),
            attempts: { DataType: 'Number', StringValue: String(attempts) },
            firstAt: text(firstAt),
            lastAt: text(lastAt),
            ...(pbx !== undefined && { pbx: text(pbx) }),
          },
        }),
      );
    },
    async scheduleRetry(queueUrl, receiptHandle, seconds) {
      await sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
  };
}

/**
 * JSON that SQS takes: of all characters that JSON leaves as they are, AWS's refuses U+FFFE and U+FFFF alone.
 * The embedded one refuses those beyond U+FFFF too, so their surrogates are escaped as well.
 */
export function toMessageBody(message: unknown): string {
  const toEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16)}`;
  return JSON.stringify(message).replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, toEscape);
}

const text = (value: string): MessageAttributeValue => ({
  DataType: 'String',
  // What SQS refuses in an attribute must not keep a dead letter from being written.
  StringValue: value.replace(/[^\t\n\r -\uD7FF\uE000-\uFFFD]/g, '?') || '-',
});
