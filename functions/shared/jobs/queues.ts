import {
  ChangeMessageVisibilityCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { ArchiveError } from '../errors.ts';

/** Why a message is in the dead-letter queue; stored in its attributes. */
export interface DeadLetterReason {
  pbx: string | undefined;
  error: ArchiveError;
  attempts: number;
  /** ISO 8601, UTC. */
  firstAt: string;
  lastAt: string;
}

export interface Queues {
  /** Without `delaySeconds` (0 to 900), the queue's default delay applies. */
  send(queueUrl: string, message: unknown, delaySeconds?: number): Promise<void>;
  /**
   * Stores `body` unchanged in the dead-letter queue, where a person can inspect it and send it back. The reason goes
   * into the message's attributes, so that the body remains the job.
   */
  sendDeadLetter(body: string, reason: DeadLetterReason): Promise<void>;
  /** Makes the queue redeliver a message in flight after `seconds` (0 to 43,200). */
  scheduleRetry(queueUrl: string, receiptHandle: string, seconds: number): Promise<void>;
}

/** For callers that write no dead letters. */
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
 * JSON that SQS accepts. Of the characters that JSON leaves unescaped, AWS rejects only U+FFFE and U+FFFF. The embedded
 * SQS also rejects characters beyond U+FFFF, so surrogates are escaped too.
 */
export function toMessageBody(message: unknown): string {
  const toEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16)}`;
  return JSON.stringify(message).replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, toEscape);
}

const text = (value: string): MessageAttributeValue => ({
  DataType: 'String',
  // A character that SQS rejects in an attribute must not prevent the dead letter.
  StringValue: value.replace(/[^\t\n\r -\uD7FF\uE000-\uFFFD]/g, '?') || '-',
});
