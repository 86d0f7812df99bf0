import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import type { DeadLetter } from '../../../../infra/commands/dead-letters/dead-letter.ts';
import {
  describeAbsence,
  describeDeadLetter,
  describeOutcome,
  summarize,
} from '../../../../infra/commands/dead-letters/show-dead-letters.ts';
import type { Deployment } from '../../../../infra/commands/deployment.ts';
import {
  exampleEvent,
  exampleJob,
  exampleReason,
  makeDeadLetter,
  undeliveredEvent,
  undeliveredReason,
} from './example-dead-letter.ts';

vi.stubEnv('TZ', 'Europe/Berlin');

const archive = { name: 'the stack Archive in eu-central-1', options: '' } as Deployment;
const localHost = { name: 'the local host (.local/pbx)', options: ' --local' } as Deployment;

const shown = (deadLetter: DeadLetter, columns?: number) =>
  stripVTControlCharacters(describeDeadLetter(deadLetter, columns)).split('\n');

describe('shows what is known about', () => {
  test('a job', () => {
    const call = { ...exampleJob.call, talkSeconds: '29', status: 'ANSWERED', trunk: 'Berlin' };
    expect(shown(makeDeadLetter({ ...exampleJob, call }))).toEqual([
      '3f2a9c1b  pbx-20014  head-office',
      '  The PBX says that the recording is deleted or missing.',
      '  20170914092747-1505352445.265-102-1000-Inbound.wav',
      '  102 → 1000, 2017-09-14 09:27:25, 29 s, Inbound, ANSWERED, Berlin',
      '  31 attempts, 2017-09-14 11:28:10 CEST to 2017-09-15 11:30:00 CEST',
    ]);
  });

  test('a job without call details', () => {
    expect(shown(makeDeadLetter({ ...exampleJob, call: {} }))[3]).toBe('  ? → ?');
  });

  test('a report, with its text', () => {
    const reportedAt = exampleReason.firstAt;
    const reason = { ...exampleReason, attempts: '1', lastAt: reportedAt };
    const deadLetter = makeDeadLetter(
      { version: 1, pbx: 'head-office', report: '{"action":', reportedAt },
      reason,
    );
    expect(shown(deadLetter).slice(2)).toEqual([
      '  A report received at 2017-09-14 11:28:10 CEST',
      '  {"action":',
      '  1 attempt, 2017-09-14 11:28:10 CEST',
    ]);
  });

  test('a session request that SQS has moved', () => {
    const arn = 'arn:aws:sqs:eu-central-1:111122223333:SessionRequests';
    const request = { pbx: 'head-office', bootedAt: exampleReason.firstAt };
    expect(shown(makeDeadLetter(request, {}, { DeadLetterQueueSourceArn: arn }))).toEqual([
      '3f2a9c1b  no-reason  head-office',
      '  SQS moved the message here from SessionRequests, because its function never finished with it. Look',
      "  for crashes and timeouts in the function's log.",
      '  A request to log in again: the PBX restarted at 2017-09-14 11:28:10 CEST',
      '  At most 401 attempts, since 2017-09-14 11:28:10 CEST',
    ]);
  });

  test('a change of the bucket that was not indexed', () => {
    expect(shown(makeDeadLetter(exampleEvent, {}))).toEqual([
      '3f2a9c1b  not-indexed  head-office',
      '  The index could not be brought up to date with this change of the bucket. Look for indexing-failed',
      "  in index-recording's log.",
      '  20170914092747-1505352445.265-102-1000-Inbound.wav',
      '  Object Created, 2017-09-14 11:28:20 CEST',
      '  At most 401 attempts, since 2017-09-14 11:28:10 CEST',
    ]);
  });

  test('an event that was not delivered', () => {
    expect(shown(makeDeadLetter(undeliveredEvent, undeliveredReason))).toEqual([
      '3f2a9c1b  event-not-delivered  head-office',
      '  EventBridge could not deliver the event (SDK_CLIENT_ERROR). Unable to invoke ApiDestination',
      '  endpoint: HTTP status 503.',
      '  Recording Archived, 2017-09-14 11:28:20 CEST',
      `  recordingId ${undeliveredEvent.detail.recordingId}`,
      '  185 attempts, 2017-09-14 11:28:20 CEST to 2017-09-14 11:28:10 CEST',
    ]);
  });

  test('any other message, up to 600 characters', () => {
    const lines = shown(makeDeadLetter('x'.repeat(1000), {}));
    expect(lines[0]).toBe('3f2a9c1b  no-reason  PBX unknown');
    expect(lines.join('').match(/x/g)?.length).toBeLessThan(610);
    expect(lines.join('\n')).toContain('(1000 characters; --json has all)');
  });
});

test('lines fit the terminal if it has at least 40 columns', () => {
  const deadLetter = makeDeadLetter(exampleJob, { ...exampleReason, message: 'word '.repeat(50) });
  for (const [columns, widest] of [
    [0, 40],
    [60, 60],
    [300, 100],
  ] as const) {
    const widths = shown(deadLetter, columns).map(({ length }) => length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(widest);
    expect(Math.max(...widths)).toBeGreaterThan(widest - 6);
  }
});

test('no control character from outside reaches the terminal', () => {
  const evil = 'a\u001b[2Jb';
  const reason = { ...exampleReason, code: evil, message: evil, pbx: evil };
  const call = { from: evil, to: evil };
  for (const body of [evil, { ...exampleJob, call }, { ...exampleJob, recording: 'a\u202eb.wav' }]) {
    const deadLetter = makeDeadLetter(body, reason);
    const texts = [
      describeDeadLetter(deadLetter),
      describeOutcome(deadLetter, undefined),
      describeOutcome(deadLetter, evil),
      summarize([deadLetter], archive),
    ];
    // Colours are our own control characters.
    expect(stripVTControlCharacters(texts.join('\n'))).not.toMatch(/[^\P{C}\n]/u);
    expect(texts.join('\n')).not.toContain('\u001b[2J');
  }
});

test('the summary counts dead letters by code and by PBX, most frequent first', () => {
  const other = makeDeadLetter('hello', {});
  expect(summarize([other, makeDeadLetter(), makeDeadLetter()], archive).split('\n').slice(0, 3)).toEqual([
    '3 dead letters in the stack Archive in eu-central-1:',
    '  by code  pbx-20014 2, no-reason 1',
    '  by PBX   head-office 2, unknown 1',
  ]);
});

test('the summary names the sections of the runbook that say what to do', () => {
  const [job, event] = [makeDeadLetter(), makeDeadLetter(exampleEvent, {})];
  const lineOf = (...deadLetters: DeadLetter[]) => summarize(deadLetters, archive).split('\n').at(-2);
  expect(lineOf(job)).toContain(' docs/runbook.md#dead-letters. ');
  expect(lineOf(event)).toContain(' docs/runbook.md#not-indexed. ');
  expect(lineOf(makeDeadLetter(undeliveredEvent))).toContain(' docs/runbook.md#events-not-delivered. ');
  expect(lineOf(event, job)).toContain(' docs/runbook.md#dead-letters, docs/runbook.md#not-indexed. ');
});

test.each([
  [{}, archive, 'npm run redrive -- --all'],
  [{ code: 'pbx-20014', pbx: 'hq' }, archive, 'npm run redrive -- --code pbx-20014 --pbx hq'],
  [{ id: '3f2a' }, localHost, 'npm run redrive -- --id 3f2a --local'],
  [{ code: "it's" }, localHost, "npm run redrive -- --code 'it'\\''s' --local"],
])(
  'the summary of %j ends with the command that sends back what it lists',
  (selection, deployment, command) => {
    expect(summarize([makeDeadLetter()], deployment, selection).split('\n').at(-1)).toBe(`  ${command}`);
  },
);

test('the outcome of a dead letter is one line with its recording and, if it stays, the reason', () => {
  const tell = (problem?: string) => stripVTControlCharacters(describeOutcome(makeDeadLetter(), problem));
  expect(tell()).toBe(`sent   3f2a9c1b  ${exampleJob.recording}`);
  expect(tell('No such PBX.')).toBe(`stays  3f2a9c1b  ${exampleJob.recording}: No such PBX.`);
});

test('an empty queue is distinguished from a selection without a match', () => {
  expect(describeAbsence({ deadLetters: [] }, archive)).toBe(
    'There are no dead letters in the stack Archive in eu-central-1.',
  );
  expect(describeAbsence({ deadLetters: [makeDeadLetter()] }, archive)).toContain('none matches');
});
