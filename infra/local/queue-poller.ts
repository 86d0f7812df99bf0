import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context, SQSEvent } from 'aws-lambda';
import { log } from '../../functions/shared/telemetry/log.ts';

const WAIT_SECONDS = 20;
const PAUSE_AFTER_ERROR_MS = 1000;

export type QueueHandler = (
  event: SQSEvent,
  context: Context,
) => Promise<{ batchItemFailures: { itemIdentifier: string }[] }>;

export interface Polling {
  queueUrl: string;
  queueArn: string;
  handler: QueueHandler;
  concurrency: number;
  timeoutMs: number;
}

/**
 * Feeds a queue's messages to a handler as Lambda's event source mapping does: one message per batch, with partial
 * batch responses.
 *
 * @returns a promise that settles when polling has stopped and all running handlers have ended
 */
export async function pollQueue(sqs: SQSClient, polling: Polling, signal: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: polling.concurrency }, () => pollOneAtATime(sqs, polling, signal)));
}

async function pollOneAtATime(sqs: SQSClient, polling: Polling, signal: AbortSignal): Promise<void> {
  const receive = new ReceiveMessageCommand({
    QueueUrl: polling.queueUrl,
    MaxNumberOfMessages: 1,
    WaitTimeSeconds: WAIT_SECONDS,
    MessageSystemAttributeNames: ['All'],
  });
  while (!signal.aborted) {
    try {
      const { Messages: [message] = [] } = await sqs.send(receive, { abortSignal: signal });
      if (message !== undefined) await handleMessage(sqs, polling, message);
    } catch (error) {
      if (signal.aborted) return;
      log('error', 'polling-failed', { code: error instanceof Error ? error.name : 'unknown' });
      await delay(PAUSE_AFTER_ERROR_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function handleMessage(sqs: SQSClient, polling: Polling, message: Message): Promise<void> {
  const { queueUrl, queueArn, handler, timeoutMs } = polling;
  const { batchItemFailures } = await handler(toEvent(message, queueArn), createContext(timeoutMs));
  if (batchItemFailures.length > 0) return;
  await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
}

function toEvent(message: Message, queueArn: string): SQSEvent {
  return {
    Records: [
      {
        messageId: message.MessageId ?? '',
        receiptHandle: message.ReceiptHandle ?? '',
        body: message.Body ?? '',
        attributes: message.Attributes as unknown as SQSEvent['Records'][0]['attributes'],
        messageAttributes: {},
        md5OfBody: message.MD5OfBody ?? '',
        eventSource: 'aws:sqs',
        eventSourceARN: queueArn,
        awsRegion: queueArn.split(':')[3] ?? '',
      },
    ],
  };
}

/** The context of an invocation that starts now. */
export function createContext(timeoutMs: number): Context {
  const deadline = performance.now() + timeoutMs;
  return {
    awsRequestId: randomUUID(),
    getRemainingTimeInMillis: () => deadline - performance.now(),
  } as Context;
}
