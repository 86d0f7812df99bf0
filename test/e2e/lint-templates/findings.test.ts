import { describe, expect, test } from 'vitest';
import { ACCEPTED_FINDINGS } from './accepted-findings.ts';
import { type Finding, judge } from './findings.ts';

const plainQueue: Finding = {
  rule: 'CKV_AWS_27',
  resource: 'AWS::SQS::Queue.DeadLetterQueue9F481546',
  message: 'Ensure all data stored in the SQS queue is encrypted',
  configuration: 'the smallest',
};
const acceptedQueues = { rule: 'CKV_AWS_27', resource: 'AWS::SQS::Queue.', reason: 'of the test' };

describe('a finding', () => {
  test('is open if nothing accepts it', () => {
    expect(judge([plainQueue], [])).toEqual({ open: [plainQueue], stale: [] });
  });

  test('can be accepted for all resources of a type, and for one resource', () => {
    expect(judge([plainQueue], [acceptedQueues])).toEqual({ open: [], stale: [] });
    const accepted = { ...acceptedQueues, resource: 'AWS::SQS::Queue.DeadLetterQueue' };
    expect(judge([plainQueue], [accepted])).toEqual({ open: [], stale: [] });
  });

  test('stays open if another resource or another rule is accepted', () => {
    for (const other of [
      { ...acceptedQueues, resource: 'AWS::SQS::Queue.SessionRequests' },
      { ...acceptedQueues, rule: 'CKV_AWS_26' },
    ]) {
      expect(judge([plainQueue], [other])).toEqual({ open: [plainQueue], stale: [other] });
    }
  });

  test('that no longer occurs has to be removed from the accepted ones', () => {
    expect(judge([], [acceptedQueues])).toEqual({ open: [], stale: [acceptedQueues] });
  });
});

test('each accepted finding has a reason, and there is one entry for it', () => {
  const entries = ACCEPTED_FINDINGS.map(({ rule, resource }) => `${rule} ${resource}`);
  expect(new Set(entries).size).toBe(entries.length);
  for (const { reason } of ACCEPTED_FINDINGS) expect(reason).toMatch(/^[A-Z].{30,}\.$/);
});
