import type { Job } from '../../../../functions/shared/jobs/job.ts';
import { readDeadLetter } from '../../../../infra/commands/dead-letters/dead-letter.ts';

export const exampleJob: Job = {
  version: 1,
  pbx: 'head-office',
  recording: '20170914092747-1505352445.265-102-1000-Inbound.wav',
  call: { callId: '1505352445.265', from: '102', to: '1000', start: '2017-09-14 09:27:25', type: 'Inbound' },
  reportedAt: '2017-09-14T09:28:10.000Z',
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
