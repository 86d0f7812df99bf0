import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import type { DeadLetter } from '../../../../infra/commands/dead-letters/dead-letter.ts';
import { type SendBackDeps, sendBack } from '../../../../infra/commands/dead-letters/send-back.ts';
import { exampleCall, exampleReport } from '../../../functions/cdr-webhook/example-report.ts';
import {
  exampleEvent,
  exampleJob,
  exampleReason,
  makeDeadLetter,
  undeliveredEvent,
  undeliveredReason,
} from './example-dead-letter.ts';

const headOffice = v.parse(pbxSchema, {
  baseUrl: 'https://192.0.2.1:8088',
  reportUrl: 'https://{host}',
  serialNumber: exampleReport.sn,
  credentialsSecret: 'pbx/head-office',
  sessionSecret: 'session/head-office',
  queueName: 'Archive-head-office',
});

/** Sends a dead letter back; returns the problem, if any, and the steps in order. */
async function tryToSendBack(deadLetter: DeadLetter, deps: Partial<SendBackDeps> = {}) {
  const done: unknown[][] = [];
  const problem = await sendBack(deadLetter, {
    registry: { 'head-office': headOffice },
    queueUrlBase: 'https://sqs.test/1/',
    send: async (queueUrl, message) => void done.push(['sent', queueUrl, message]),
    publish: async (event) => void done.push(['published', event]),
    remove: async ({ id }) => void done.push(['removed', id]),
    ...deps,
  });
  return { problem, done };
}

const QUEUE_URL = 'https://sqs.test/1/Archive-head-office';

const makeReport = (report: unknown) => {
  const text = typeof report === 'string' ? report : JSON.stringify(report);
  return makeDeadLetter({ version: 1, pbx: 'head-office', report: text, reportedAt: exampleReason.firstAt });
};

describe('a job', () => {
  test('is sent unchanged to the queue of its PBX, and only then removed from the dead letters', async () => {
    const deadLetter = makeDeadLetter();
    expect(await tryToSendBack(deadLetter)).toEqual({
      problem: undefined,
      done: [
        ['sent', QUEUE_URL, exampleJob],
        ['removed', deadLetter.id],
      ],
    });
  });

  test('is sent without its progress and its memory when SQS itself had moved it', async () => {
    const progress = { uploadId: 'u', parts: [], bytes: 0, crc32: 0 };
    const streak = { kind: 'missing', since: 1, count: 5, lastAt: 2 };
    const earlier = {
      attempts: 9,
      deliveries: 9,
      since: 1,
      streak,
      download: { bytes: 1, crc32: 1, at: 1 },
    };
    const { done } = await tryToSendBack(makeDeadLetter({ ...exampleJob, progress, earlier }, {}));
    expect(done[0]).toEqual(['sent', QUEUE_URL, exampleJob]);
  });

  test.each(['branch', 'constructor'])('for a PBX that is not configured stays: %s', async (pbx) => {
    const { problem, done } = await tryToSendBack(makeDeadLetter({ ...exampleJob, pbx }));
    expect(problem).toBe(`The configuration has no PBX ${pbx}.`);
    expect(done).toEqual([]);
  });

  test('that the queue rejects stays, with the reason of the queue', async () => {
    const send = () =>
      Promise.reject(Object.assign(new Error('no such queue'), { name: 'QueueDoesNotExist' }));
    const { problem, done } = await tryToSendBack(makeDeadLetter(), { send });
    expect(problem).toBe('AWS: no such queue (QueueDoesNotExist)');
    expect(done).toEqual([]);
  });

  test('that is sent but not removed is reported as staying', async () => {
    const remove = () => Promise.reject(new Error('not now'));
    const { problem, done } = await tryToSendBack(makeDeadLetter(), { remove });
    expect(problem).toContain('not now');
    expect(done).toEqual([['sent', QUEUE_URL, exampleJob]]);
  });
});

describe('a report', () => {
  test('that can be read now becomes the job that it should have become', async () => {
    const deadLetter = makeReport(exampleReport);
    const { problem, done } = await tryToSendBack(deadLetter);
    expect(problem).toBeUndefined();
    const { recording } = exampleReport;
    const job = {
      version: 1,
      pbx: 'head-office',
      recording,
      call: exampleCall,
      reportedAt: exampleReason.firstAt,
    };
    expect(done).toEqual([
      ['sent', QUEUE_URL, job],
      ['removed', deadLetter.id],
    ]);
  });

  test.each([
    ['still cannot be read', '{"action":', 'No event was found in it'],
    ['is of another PBX', { ...exampleReport, sn: '1' }, 'serial number'],
    ['is about a restart of the PBX', { action: 'BootUp', sn: exampleReport.sn }, 'nothing to archive'],
    ['is about something else', { action: 'RING' }, 'nothing to archive'],
  ])('that %s stays', async (_, report, reason) => {
    const { problem, done } = await tryToSendBack(makeReport(report));
    expect(problem).toContain(reason);
    expect(done).toEqual([]);
  });
});

describe('a change of the bucket', () => {
  const indexQueues = {
    eventsUrl: 'https://sqs.test/1/IndexEvents',
    deadLettersUrl: 'https://sqs.test/1/dead',
  };

  test('is sent unchanged to the queue of the index, whether or not its PBX is still configured', async () => {
    const deadLetter = makeDeadLetter(exampleEvent, {});
    expect(await tryToSendBack(deadLetter, { indexQueues, registry: {} })).toEqual({
      problem: undefined,
      done: [
        ['sent', indexQueues.eventsUrl, exampleEvent],
        ['removed', deadLetter.id],
      ],
    });
  });

  test('stays where there is no index', async () => {
    const { problem, done } = await tryToSendBack(makeDeadLetter(exampleEvent, {}));
    expect(problem).toContain('no queue of an index');
    expect(done).toEqual([]);
  });
});

test('an event that was not delivered is published again, unchanged', async () => {
  const deadLetter = makeDeadLetter(undeliveredEvent, undeliveredReason);
  const { 'detail-type': type, time, detail } = undeliveredEvent;
  expect(await tryToSendBack(deadLetter)).toEqual({
    problem: undefined,
    done: [
      ['published', { type, time, detail }],
      ['removed', deadLetter.id],
    ],
  });
});

test.each([
  ['a session request', { pbx: 'head-office', bootedAt: exampleReason.firstAt }, 'has run on schedule since'],
  ['an unknown body', 'hello', 'no queue to send it to'],
])('%s stays until somebody deletes it', async (_, body, reason) => {
  const { problem, done } = await tryToSendBack(makeDeadLetter(body));
  expect(problem).toContain(reason);
  expect(problem).toContain('--delete');
  expect(done).toEqual([]);
});
