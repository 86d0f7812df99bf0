import type { Message } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { pbxIdSchema } from '../../../functions/shared/config/pbx-registry.ts';
import { jobSchema } from '../../../functions/shared/jobs/job.ts';

const json = v.pipe(v.string(), v.parseJson());
const time = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.string(), v.digits(), v.transform(Number));

/** The bodies that come into the dead-letter queue. */
const contentSchema = v.union([
  v.pipe(
    json,
    jobSchema,
    v.transform((job) => ({ kind: 'job' as const, pbx: job.pbx, job })),
  ),
  // A report that cdr-webhook could not read, in its own words.
  v.pipe(
    json,
    v.object({ version: v.literal(1), pbx: pbxIdSchema, report: v.string(), reportedAt: time }),
    v.transform((report) => ({ kind: 'report' as const, ...report })),
  ),
  // What cdr-webhook asks pbx-session for when a PBX has restarted.
  v.pipe(
    json,
    v.object({ pbx: pbxIdSchema, bootedAt: time }),
    v.transform((request) => ({ kind: 'session-request' as const, ...request })),
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

/** What the functions write beside a body. */
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
    /** Of a message that SQS itself has moved here. */
    DeadLetterQueueSourceArn: v.optional(v.string()),
  }),
  MessageAttributes: v.fallback(v.optional(reasonSchema), undefined),
});

/** A message of the dead-letter queue, as it was received. */
export interface DeadLetter {
  id: string;
  receiptHandle: string;
  code: string;
  message: string;
  /** Of a dead letter without a reason of its own: at most so many. */
  attempts: number;
  /** ISO 8601, UTC. */
  firstAt: string;
  /** Absent where nobody has written it down. */
  lastAt: string | undefined;
  pbx: string | undefined;
  content: v.InferOutput<typeof contentSchema>;
  /** As it came. */
  body: string;
}

/** The code of dead letters that the functions have not written. */
const NO_REASON = 'no-reason';

export function readDeadLetter(message: Message): DeadLetter {
  const {
    MessageId: id,
    ReceiptHandle: receiptHandle,
    Body: body,
    ...rest
  } = v.parse(messageSchema, message);
  const content = v.parse(contentSchema, body);
  const reason = rest.MessageAttributes ?? reasonFor(rest.Attributes);
  return { id, receiptHandle, ...reason, pbx: content.pbx ?? reason.pbx, content, body };
}

function reasonFor(attributes: v.InferOutput<typeof messageSchema>['Attributes']) {
  const { SentTimestamp, ApproximateReceiveCount, DeadLetterQueueSourceArn: source } = attributes;
  const message =
    source === undefined
      ? 'It came without a reason, as if sent by hand.'
      : `SQS has set it aside from ${source.split(':').at(-1)}: its function never came to an end with it. Look for crashes and timeouts in the function's log.`;
  return {
    code: NO_REASON,
    message,
    // This very receive counts too, and so do all listings before it.
    attempts: ApproximateReceiveCount - 1,
    firstAt: new Date(SentTimestamp).toISOString(),
    lastAt: undefined,
    pbx: undefined,
  };
}
