import { describe, expect, test } from 'vitest';
import { exampleJob, exampleReason, makeLetter } from './example-dead-letter.ts';

describe('a dead letter that a function has written', () => {
  test('tells its reason, its job, and the text as it came', () => {
    const body = JSON.stringify(exampleJob, undefined, 2);
    expect(makeLetter(body)).toEqual({
      id: '3f2a9c1b-0000-4000-8000-000000000000',
      receiptHandle: 'receipt',
      ...exampleReason,
      attempts: 31,
      content: { kind: 'job', pbx: 'head-office', job: exampleJob },
      body,
    });
  });

  test('tells the report that could not be read, in its own words', () => {
    const report = { version: 1, pbx: 'branch', report: '{"action":', reportedAt: exampleReason.firstAt };
    const deadLetter = makeLetter(report, { ...exampleReason, code: 'report-malformed', pbx: 'branch' });
    expect(deadLetter).toMatchObject({ code: 'report-malformed', pbx: 'branch', attempts: 31 });
    expect(deadLetter.content).toEqual({ kind: 'report', ...report });
  });

  test('may have any body: it then tells its reason and the PBX that the function knew', () => {
    for (const body of ['', 'hello', '[]', '{"version":1}', { ...exampleJob, recording: '../x' }]) {
      const deadLetter = makeLetter(body, { ...exampleReason, code: 'job-malformed' });
      expect(deadLetter).toMatchObject({
        code: 'job-malformed',
        pbx: 'head-office',
        content: { kind: 'unknown' },
      });
    }
    const { pbx, ...withoutPbx } = exampleReason;
    expect(makeLetter('hello', withoutPbx).pbx).toBeUndefined();
  });
});

describe('a dead letter that SQS itself has moved', () => {
  const source = 'arn:aws:sqs:eu-central-1:111122223333:PbxRecordingArchive-head-office';

  test('tells its job, the queue it came from, since when, and how often it was received before now', () => {
    const deadLetter = makeLetter(exampleJob, {}, { DeadLetterQueueSourceArn: source });
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

  test('may be a request for a session', () => {
    const request = { pbx: 'head-office', bootedAt: '2017-09-14T09:28:10.000Z' };
    const deadLetter = makeLetter(request, {}, { DeadLetterQueueSourceArn: source });
    expect(deadLetter).toMatchObject({
      pbx: 'head-office',
      content: { kind: 'session-request', ...request },
    });
  });
});

test('a message with attributes of another kind came without a reason', () => {
  for (const reason of [
    { Type: 'String' },
    { ...exampleReason, attempts: 'many' },
    { ...exampleReason, lastAt: '?' },
  ]) {
    const deadLetter = makeLetter(exampleJob, reason);
    expect(deadLetter).toMatchObject({ code: 'no-reason', message: expect.stringContaining('by hand') });
  }
});
