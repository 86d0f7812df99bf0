import { createHash, createHmac } from 'node:crypto';
import { createEventKey } from '../../../../functions/shared/events/event-key.ts';
import type { Job } from '../../../../functions/shared/jobs/job.ts';
import { readDeadLetter } from '../../../../infra/commands/dead-letters/dead-letter.ts';

export const exampleJob: Job = {
  version: 1,
  pbx: 'head-office',
  recording: '20170914092747-1505352445.265-102-1000-Inbound.wav',
  call: { callId: '1505352445.265', from: '102', to: '1000', start: '2017-09-14 09:27:25', type: 'Inbound' },
  reportedAt: '2017-09-14T09:28:10.000Z',
};

const EVENT_KEY = 'event-key-0123456789';

/** The key with which the ids of the example's archive are made. */
export const exampleEventKey = createEventKey(
  { read: async () => ({ versionId: '1', value: EVENT_KEY }), write: async () => false },
  'archive/event-key',
  Date.now,
);

/** As EventBridge delivers it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html. */
export const exampleEvent = {
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '111122223333',
  time: '2017-09-14T09:28:20Z',
  region: 'eu-central-1',
  resources: ['arn:aws:s3:::recordings'],
  detail: {
    version: '0',
    bucket: { name: 'recordings' },
    object: {
      key: 'recordings/head-office/2017/09/14/20170914092747-1505352445.265-102-1000-Inbound.wav',
      size: 44,
      etag: 'b1946ac92492d2347c6235b4d2611184',
      sequencer: '00617F08299329D189',
    },
    'request-id': 'N4N7GDK58NMKJ12R',
    requester: '111122223333',
    reason: 'PutObject',
  },
};

/** An event of the archive that EventBridge could not deliver, as it writes it into a dead-letter queue. */
export const undeliveredEvent = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'Recording Archived',
  source: 'pbx-recording-archive',
  account: '111122223333',
  time: '2017-09-14T09:28:20Z',
  region: 'eu-central-1',
  resources: [],
  detail: {
    version: '1',
    id: '0123456789abcdef0123456789abcdef',
    archive: 'PbxRecordingArchive',
    pbx: 'head-office',
    recordingId: createHmac('sha256', createHash('sha256').update(EVENT_KEY).digest())
      .update(JSON.stringify([exampleJob.pbx, exampleJob.recording]))
      .digest('hex'),
    occurredAt: '2017-09-14T09:28:20Z',
    at: '2017-09-14T01:24:25.000Z',
    verifiedBy: ['content-length', 'riff-header'],
    archivedAt: '2017-09-14T09:28:20Z',
  },
};

/** Its message attributes: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html. */
export const undeliveredReason = {
  RULE_ARN: 'arn:aws:events:eu-central-1:111122223333:rule/Archive-Webhook',
  TARGET_ARN: 'arn:aws:events:eu-central-1:111122223333:api-destination/Archive/1',
  ERROR_CODE: 'SDK_CLIENT_ERROR',
  ERROR_MESSAGE: 'Unable to invoke ApiDestination endpoint: HTTP status 503.',
  RETRY_ATTEMPTS: '184',
};

export const exampleReason = {
  code: 'pbx-20014',
  message: 'The PBX says that the recording is deleted or missing.',
  attempts: '31',
  firstAt: '2017-09-14T09:28:10.000Z',
  lastAt: '2017-09-15T09:30:00.000Z',
  pbx: 'head-office',
};

/** A dead letter as it is received from SQS; with an empty reason, like one that SQS itself has moved. */
export function makeDeadLetter(
  body: unknown = exampleJob,
  reason: Record<string, string> | undefined = exampleReason,
  attributes: Record<string, string> = {},
) {
  const entries = Object.entries(reason ?? {}).map(([name, StringValue]) => [name, { StringValue }]);
  return readDeadLetter({
    MessageId: '3f2a9c1b-0000-4000-8000-000000000000',
    ReceiptHandle: 'receipt',
    Body: typeof body === 'string' ? body : JSON.stringify(body),
    Attributes: { SentTimestamp: '1505381290000', ApproximateReceiveCount: '402', ...attributes },
    ...(entries.length > 0 && { MessageAttributes: Object.fromEntries(entries) }),
  });
}
