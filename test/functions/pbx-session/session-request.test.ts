import { describe, expect, test } from 'vitest';
import { readRequests } from '../../../functions/pbx-session/session-request.ts';

const EVERYTHING = { pbx: undefined, bootedAt: undefined, retryLogin: false, message: undefined };

const scheduled = {
  version: '0',
  id: '89d1a02d-5ec7-412e-82f5-13505f849b41',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '123456789012',
  time: '2026-01-01T00:00:00Z',
  region: 'eu-central-1',
  resources: ['arn:aws:events:eu-central-1:123456789012:rule/keep-sessions'],
  detail: {},
};

const record = (messageId: string, body: unknown, attempt = 1) => ({
  messageId,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  receiptHandle: 'handle',
  attributes: { ApproximateReceiveCount: String(attempt), SentTimestamp: '1767225600000' },
});

describe('a request for every PBX is', () => {
  test.each([
    ['an empty event', {}],
    ['no event', undefined],
    ['null', null],
    ['a scheduled event of EventBridge', scheduled],
  ])('%s', (_, event) => {
    expect(readRequests(event)).toEqual([EVERYTHING]);
  });
});

describe('a person', () => {
  test('can ask for one PBX', () => {
    expect(readRequests({ pbx: 'hq' })).toEqual([{ ...EVERYTHING, pbx: 'hq' }]);
  });

  test('can ask for another login with credentials that were refused', () => {
    expect(readRequests({ pbx: 'hq', retryLogin: true })).toEqual([
      { ...EVERYTHING, pbx: 'hq', retryLogin: true },
    ]);
  });
});

test('a person can end the sessions before the stack is removed', () => {
  expect(readRequests({ endSession: true })).toEqual([{ ...EVERYTHING, endSession: true }]);
});

describe('queue messages', () => {
  test('are one request each, with the id of the message, its attempt and the time of the reboot', () => {
    const bootedAt = '2026-01-01T00:00:01.500Z';
    const Records = [record('m1', { pbx: 'hq', bootedAt }), record('m2', { pbx: 'branch' }, 3)];
    expect(readRequests({ Records })).toEqual([
      {
        pbx: 'hq',
        bootedAt: Date.UTC(2026, 0, 1, 0, 0, 1, 500),
        retryLogin: false,
        message: { id: 'm1', attempt: 1 },
      },
      { pbx: 'branch', bootedAt: undefined, retryLogin: false, message: { id: 'm2', attempt: 3 } },
    ]);
  });

  test('may be absent', () => {
    expect(readRequests({ Records: [] })).toEqual([]);
  });
});

describe('throws for', () => {
  test.each<[string, unknown]>([
    ['a PBX id with a space', { pbx: 'Head Office' }],
    ['a PBX id that is a number', { pbx: 7 }],
    ['an empty PBX id', { pbx: '' }],
    ['a time that is not a date', { pbx: 'hq', bootedAt: 'yesterday' }],
    ['a time without a time zone', { pbx: 'hq', bootedAt: '2026-01-01T00:00:00' }],
    ['a retryLogin that is not a boolean', { pbx: 'hq', retryLogin: 'yes' }],
  ])('%s', (_, request) => {
    expect(() => readRequests(request)).toThrow();
    expect(() => readRequests({ Records: [record('m1', request)] })).toThrow();
  });

  test.each(['not JSON', '', '"hq"', 'null', '7'])('a message whose body is %j', (body) => {
    expect(() => readRequests({ Records: [record('m1', { pbx: 'hq' }), record('m2', body)] })).toThrow();
  });

  test.each(['hq', 7, true])('an event that is %j', (event) => {
    expect(() => readRequests(event)).toThrow();
  });
});

test('queue records of an unknown shape are rejected, not mistaken for the schedule', () => {
  expect(() => readRequests({ Records: [{ messageId: '1', body: '{}' }] })).toThrow();
});
