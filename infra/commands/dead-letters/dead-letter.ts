import type { Message } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { pbxIdSchema } from '../../../functions/shared/config/pbx-registry.ts';
import { jobSchema } from '../../../functions/shared/jobs/job.ts';
import { bucketEventSchema } from '../../../functions/shared/recording-index/bucket-event.ts';

const json = v.pipe(v.string(), v.parseJson());
const time = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.string(), v.digits(), v.transform(Number));

/** The message bodies that occur in the dead-letter queues. */
const contentSchema = v.union([
  v.pipe(
    json,
    jobSchema,
    v.transform((job) => ({ kind: 'job' as const, pbx: job.pbx, job })),
  ),
  // A report that cdr-webhook could not read, verbatim.
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
  MessageAttributes: v.fallback(v.optional(reasonSchema), undefined),
});

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

export function readDeadLetter(message: Message): DeadLetter {
  const {
    MessageId: id,
    ReceiptHandle: receiptHandle,
    Body: body,
    ...rest
  } = v.parse(messageSchema, message);
  const content = v.parse(contentSchema, body);
  const reason = rest.MessageAttributes ?? reasonFor(content.kind, rest.Attributes);
  return { id, receiptHandle, ...reason, pbx: content.pbx ?? reason.pbx, content, body };
}

function reasonFor(
  kind: DeadLetter['content']['kind'],
  attributes: v.InferOutput<typeof messageSchema>['Attributes'],
) {
  const { SentTimestamp, ApproximateReceiveCount } = attributes;
  return {
    code: kind === 'bucket-event' ? NOT_INDEXED : NO_REASON,
    message: describeMove(kind, attributes.DeadLetterQueueSourceArn),
    // This receive is counted too, and so are all previous listings.
    attempts: ApproximateReceiveCount - 1,
    firstAt: new Date(SentTimestamp).toISOString(),
    lastAt: undefined,
    pbx: undefined,
  };
}

function describeMove(kind: DeadLetter['content']['kind'], source: string | undefined): string {
  if (kind === 'bucket-event') {
    return "The index could not be brought up to date with this change of the bucket. Look for indexing-failed in index-recording's log.";
  }
  if (source === undefined) return 'The message came without a reason, as if sent by hand.';
  return `SQS moved the message here from ${source.split(':').at(-1)}, because its function never finished with it. Look for crashes and timeouts in the function's log.`;
}
