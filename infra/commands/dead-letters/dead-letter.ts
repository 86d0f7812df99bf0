import type { Message as SqsMessage } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { pbxIdSchema } from '../../../functions/shared/config/pbx-registry.ts';
import { EVENT_SOURCE } from '../../../functions/shared/events/publish.ts';
import { jobSchema } from '../../../functions/shared/jobs/job.ts';
import { bucketEventSchema } from '../../../functions/shared/recording-index/bucket-event.ts';

const json = v.pipe(v.string(), v.parseJson());
const time = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.string(), v.digits(), v.transform(Number));

/** An event of the archive, as EventBridge could not deliver it to the web server of `events.webhook`. */
const undeliveredEventSchema = v.pipe(
  v.object({
    source: v.literal(EVENT_SOURCE),
    'detail-type': v.string(),
    time,
    detail: v.looseObject({ pbx: v.string(), recordingId: v.string() }),
  }),
  v.transform(({ 'detail-type': type, time, detail }) => ({ type, time, detail })),
);

export type UndeliveredEvent = v.InferOutput<typeof undeliveredEventSchema>;

/** The message bodies that occur in the dead-letter queues. */
const contentSchema = v.union([
  v.pipe(
    json,
    jobSchema,
    v.transform((job) => ({ kind: 'job' as const, pbx: job.pbx, job })),
  ),
  // A report that cdr-webhook could not read, as it came, but without PINs.
  v.pipe(
    json,
    v.object({ version: v.literal(1), pbx: pbxIdSchema, report: v.string(), reportedAt: time }),
    v.transform((report) => ({ kind: 'report' as const, ...report })),
  ),
  // A request from cdr-webhook to pbx-session to log in again, because a PBX has restarted.
  v.pipe(
    json,
    v.object({ pbx: pbxIdSchema, bootedAt: time }),
    v.transform((request) => ({ kind: 'session-request' as const, ...request })),
  ),
  // A change of the bucket that index-recording could not bring into the index.
  v.pipe(
    json,
    bucketEventSchema,
    v.transform((event) => ({ kind: 'bucket-event' as const, pbx: event.about?.pbx, event })),
  ),
  v.pipe(
    json,
    undeliveredEventSchema,
    v.transform((event) => ({ kind: 'archive-event' as const, pbx: event.detail.pbx, event })),
  ),
  v.pipe(
    v.string(),
    v.transform(() => ({ kind: 'unknown' as const, pbx: undefined })),
  ),
]);

const text = v.pipe(
  v.object({ StringValue: v.string() }),
  v.transform(({ StringValue }) => StringValue),
);

/** The message attributes that the functions add. */
const reasonSchema = v.object({
  code: text,
  message: text,
  attempts: v.pipe(text, count),
  firstAt: v.pipe(text, time),
  lastAt: v.pipe(text, time),
  pbx: v.optional(text),
});

/** The message attributes that EventBridge adds: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html. */
const deliverySchema = v.object({
  ERROR_CODE: text,
  ERROR_MESSAGE: v.optional(text),
  RETRY_ATTEMPTS: v.optional(v.pipe(text, count)),
});

const messageSchema = v.object({
  MessageId: v.string(),
  ReceiptHandle: v.string(),
  Body: v.string(),
  Attributes: v.object({
    SentTimestamp: count,
    ApproximateReceiveCount: count,
    /** Present if SQS itself has moved the message here. */
    DeadLetterQueueSourceArn: v.optional(v.string()),
  }),
  MessageAttributes: v.fallback(v.optional(v.union([reasonSchema, deliverySchema])), undefined),
});

type Message = Pick<v.InferOutput<typeof messageSchema>, 'Attributes' | 'MessageAttributes'>;

/** A message of a dead-letter queue, as it was received. */
export interface DeadLetter {
  id: string;
  receiptHandle: string;
  code: string;
  message: string;
  /** An upper limit if the message came without a reason. */
  attempts: number;
  /** ISO 8601, UTC. */
  firstAt: string;
  /** `undefined` if the message came without a reason. */
  lastAt: string | undefined;
  pbx: string | undefined;
  content: v.InferOutput<typeof contentSchema>;
  /** The message body, unchanged. */
  body: string;
}

/** The code of dead letters that came without a reason. */
const NO_REASON = 'no-reason';

/** The code of bucket events. SQS moves them here, so only the log of index-recording has the reason. */
const NOT_INDEXED = 'not-indexed';

/** The code of the archive's own events. */
const NOT_DELIVERED = 'event-not-delivered';

export function readDeadLetter(message: SqsMessage): DeadLetter {
  const {
    MessageId: id,
    ReceiptHandle: receiptHandle,
    Body: body,
    ...rest
  } = v.parse(messageSchema, message);
  const content = v.parse(contentSchema, body);
  const reason = reasonOf(rest, content);
  return { id, receiptHandle, ...reason, pbx: content.pbx ?? reason.pbx, content, body };
}

function reasonOf(
  { MessageAttributes: reason, Attributes: attributes }: Message,
  content: DeadLetter['content'],
) {
  if (reason !== undefined && 'code' in reason) return reason;
  const { SentTimestamp, ApproximateReceiveCount, DeadLetterQueueSourceArn: source } = attributes;
  const sentAt = new Date(SentTimestamp).toISOString();
  if (content.kind === 'archive-event') {
    const { ERROR_CODE = 'no reason given', ERROR_MESSAGE = '', RETRY_ATTEMPTS = 0 } = reason ?? {};
    const message = `EventBridge could not deliver the event (${ERROR_CODE}). ${ERROR_MESSAGE}`.trim();
    const { time: firstAt } = content.event;
    return {
      code: NOT_DELIVERED,
      message,
      attempts: 1 + RETRY_ATTEMPTS,
      firstAt,
      lastAt: sentAt,
      pbx: undefined,
    };
  }
  return {
    ...(content.kind === 'bucket-event'
      ? {
          code: NOT_INDEXED,
          message:
            "The index could not be brought up to date with this change of the bucket. Look for indexing-failed in index-recording's log.",
        }
      : { code: NO_REASON, message: describeMove(source) }),
    // This receive is counted too, and so are all previous listings.
    attempts: ApproximateReceiveCount - 1,
    firstAt: sentAt,
    lastAt: undefined,
    pbx: undefined,
  };
}

const describeMove = (source: string | undefined) =>
  source === undefined
    ? 'The message came without a reason, as if sent by hand.'
    : `SQS moved the message here from ${source.split(':').at(-1)}, because its function never finished with it. Look for crashes and timeouts in the function's log.`;
