import type { SQSClient } from '@aws-sdk/client-sqs';
import {
  DEFAULT_CONCURRENCY,
  MESSAGE_RETENTION_DAYS,
  visibilitySecondsFor,
} from '../../functions/shared/config/limits.ts';
import { type Functions, timeoutMs } from './load-functions.ts';
import { pollQueue, type QueueHandler } from './queue-poller.ts';
import { ensureQueue } from './resources.ts';

const INDEX_CONCURRENCY = 2;
/** The account id of fauxqs. */
const ACCOUNT = '000000000000';

export interface Queues {
  /** URL of a queue without its name, ending in a slash. */
  urlBase: string;
  deadLettersUrl: string;
  sessionRequestsUrl: string;
  indexEventsUrl: string;
  /** One for each PBX. */
  jobUrls: string[];
}

/** Creates the queues. Those of an earlier run keep their messages. */
export async function prepareQueues(
  sqs: SQSClient,
  /** URL of the SQS. */
  address: string,
  { names, delaySeconds }: { names: string[]; delaySeconds: number },
): Promise<Queues> {
  const urlBase = `${address}/${ACCOUNT}/`;
  const create = async (name: string, attributes: Parameters<typeof ensureQueue>[2] = {}) => {
    const url = urlBase + name;
    await ensureQueue(sqs, url, {
      MessageRetentionPeriod: String(MESSAGE_RETENTION_DAYS * 24 * 60 * 60),
      ...attributes,
    });
    return url;
  };
  const queues: Queues = {
    urlBase,
    deadLettersUrl: await create('dead-letters'),
    sessionRequestsUrl: await create('session-requests', visibilityTimeout('pbx-session')),
    indexEventsUrl: await create('index-events', visibilityTimeout('index-recording')),
    jobUrls: [],
  };
  const delay = { DelaySeconds: String(delaySeconds) };
  for (const name of names)
    queues.jobUrls.push(await create(name, { ...visibilityTimeout('archive-recording'), ...delay }));
  return queues;
}

/** Feeds the queues to the functions until the signal aborts. Resolves when what is running then has ended. */
export async function pollQueues(
  sqs: SQSClient,
  { sessionRequestsUrl, indexEventsUrl, jobUrls }: Queues,
  { pbxSession, indexRecording, archiveRecording }: Functions,
  signal: AbortSignal,
): Promise<void> {
  const poll = (queueUrl: string, handler: QueueHandler, concurrency: number, limitMs: number) =>
    pollQueue(sqs, { queueUrl, queueArn: arnOf(queueUrl), handler, concurrency, timeoutMs: limitMs }, signal);
  await Promise.all([
    poll(sessionRequestsUrl, pbxSession, 1, timeoutMs('pbx-session')),
    poll(indexEventsUrl, indexRecording, INDEX_CONCURRENCY, timeoutMs('index-recording')),
    ...jobUrls.map((url) => poll(url, archiveRecording, DEFAULT_CONCURRENCY, timeoutMs('archive-recording'))),
  ]);
}

const visibilityTimeout = (feature: 'archive-recording' | 'index-recording' | 'pbx-session') => ({
  VisibilityTimeout: String(visibilitySecondsFor(feature)),
});

const arnOf = (queueUrl: string) =>
  `arn:aws:sqs:${process.env.AWS_REGION}:${ACCOUNT}:${queueUrl.split('/').at(-1)}`;
