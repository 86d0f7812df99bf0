import { describe, expect, test } from 'vitest';
import {
  exampleEvent,
  exampleJob,
  exampleReason,
  makeDeadLetter,
  undeliveredEvent,
  undeliveredReason,
} from './example-dead-letter.ts';

describe('a dead letter sent by a function', () => {
  test('has its reason, its job and the unchanged body', () => {
    const body = JSON.stringify(exampleJob, undefined, 2);
    expect(makeDeadLetter(body)).toEqual({
      id: '3f2a9c1b-0000-4000-8000-000000000000',
      receiptHandle: 'receipt',
      ...exampleReason,
      attempts: 31,
      content: { kind: 'job', pbx: 'head-office', job: exampleJob },
      body,
    });
  });

  test('can have an unreadable report, unchanged', () => {
    const report = { version: 1, pbx: 'branch', report: '{"action":', reportedAt: exampleReason.firstAt };
    const deadLetter = makeDeadLetter(report, { ...exampleReason, code: 'report-malformed', pbx: 'branch' });
    expect(deadLetter).toMatchObject({ code: 'report-malformed', pbx: 'branch', attempts: 31 });
    expect(deadLetter.content).toEqual({ kind: 'report', ...report });
  });

  test('can have any body, and then has its reason and the PBX that the function knew', () => {
    for (const body of ['', 'hello', '[]', '{"version":1}', { ...exampleJob, recording: ' ' }]) {
      const deadLetter = makeDeadLetter(body, { ...exampleReason, code: 'job-malformed' });
      expect(deadLetter).toMatchObject({
        code: 'job-malformed',
        pbx: 'head-office',
        content: { kind: 'unknown' },
      });
    }
    const { pbx, ...withoutPbx } = exampleReason;
    expect(makeDeadLetter('hello', withoutPbx).pbx).toBeUndefined();
  });
});

describe('a dead letter moved by SQS itself', () => {
  const source = 'arn:aws:sqs:eu-central-1:111122223333:PbxRecordingArchive-head-office';

  test('has its job, the queue it came from, its first time and how often it was received before', () => {
    const deadLetter = makeDeadLetter(exampleJob, {}, { DeadLetterQueueSourceArn: source });
    expect(deadLetter).toMatchObject({
      code: 'no-reason',
      message: expect.stringContaining('from PbxRecordingArchive-head-office,'),
      attempts: 401,
      firstAt: '2017-09-14T09:28:10.000Z',
      lastAt: undefined,
      pbx: 'head-office',
      content: { kind: 'job', job: exampleJob },
    });
  });

  test('can be a session request', () => {
    const request = { pbx: 'head-office', bootedAt: '2017-09-14T09:28:10.000Z' };
    const deadLetter = makeDeadLetter(request, {}, { DeadLetterQueueSourceArn: source });
    expect(deadLetter).toMatchObject({
      pbx: 'head-office',
      content: { kind: 'session-request', ...request },
    });
  });
});

describe('a change of the bucket that was not indexed', () => {
  test('has a code of its own, its PBX and its recording', () => {
    const source = 'arn:aws:sqs:eu-central-1:111122223333:IndexEvents';
    expect(makeDeadLetter(exampleEvent, {}, { DeadLetterQueueSourceArn: source })).toMatchObject({
      code: 'not-indexed',
      message: expect.stringContaining('indexing-failed'),
      pbx: 'head-office',
      content: {
        kind: 'bucket-event',
        event: {
          type: 'Object Created',
          time: '2017-09-14T09:28:20Z',
          about: { pbx: 'head-office', recording: exampleJob.recording },
        },
      },
    });
  });

  test('can be of a marker, whose key names the recording', () => {
    const key = exampleEvent.detail.object.key.replace('recordings/', 'reconciliation/ended/');
    const event = { ...exampleEvent, detail: { object: { key } } };
    expect(makeDeadLetter(event, {})).toMatchObject({
      code: 'not-indexed',
      pbx: 'head-office',
      content: { event: { about: { recording: exampleJob.recording } } },
    });
  });
});

describe('an event that was not delivered', () => {
  test('has the reason that EventBridge states, and its PBX', () => {
    expect(makeDeadLetter(undeliveredEvent, undeliveredReason)).toMatchObject({
      code: 'event-not-delivered',
      message: expect.stringMatching(/SDK_CLIENT_ERROR.*HTTP status 503/),
      attempts: 185,
      firstAt: '2017-09-14T09:28:20Z',
      lastAt: '2017-09-14T09:28:10.000Z',
      pbx: 'head-office',
      content: {
        kind: 'archive-event',
        event: { type: 'Recording Archived', detail: undeliveredEvent.detail },
      },
    });
  });

  test('of another source is nothing that the archive knows', () => {
    expect(makeDeadLetter({ ...undeliveredEvent, source: 'crm' }, {})).toMatchObject({
      code: 'no-reason',
      content: { kind: 'unknown' },
    });
  });
});

test('a message with other attributes counts as having no reason', () => {
  for (const reason of [
    { Type: 'String' },
    { ...exampleReason, attempts: 'many' },
    { ...exampleReason, lastAt: '?' },
  ]) {
    const deadLetter = makeDeadLetter(exampleJob, reason);
    expect(deadLetter).toMatchObject({ code: 'no-reason', message: expect.stringContaining('by hand') });
  }
});
