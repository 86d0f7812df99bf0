import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import type { DeadLetter } from '../../../../infra/commands/dead-letters/dead-letter.ts';
import { type SendBackDeps, sendBack } from '../../../../infra/commands/dead-letters/send-back.ts';
import { exampleCall, exampleReport } from '../../../functions/cdr-webhook/example-report.ts';
import { exampleJob, exampleReason, makeLetter } from './example-dead-letter.ts';

const headOffice = v.parse(pbxSchema, {
  baseUrl: 'https://192.0.2.1:8088',
  reportUrl: 'https://{host}',
  serialNumber: exampleReport.sn,
  credentialsSecret: 'pbx/head-office',
  sessionSecret: 'session/head-office',
  queueName: 'Archive-head-office',
});

/** Sends a dead letter back, and tells all that was done in the order in which it was done. */
async function tryToSendBack(deadLetter: DeadLetter, deps: Partial<SendBackDeps> = {}) {
  const done: unknown[][] = [];
  const problem = await sendBack(deadLetter, {
    registry: { 'head-office': headOffice },
    queueUrlBase: 'https://sqs.test/1/',
    send: async (queueUrl, message) => void done.push(['sent', queueUrl, message]),
    remove: async ({ id }) => void done.push(['removed', id]),
    ...deps,
  });
  return { problem, done };
}

const QUEUE_URL = 'https://sqs.test/1/Archive-head-office';

const makeReport = (report: unknown) => {
  const text = typeof report === 'string' ? report : JSON.stringify(report);
  return makeLetter({ version: 1, pbx: 'head-office', report: text, reportedAt: exampleReason.firstAt });
};

describe('a job', () => {
  test('goes to the queue of its PBX as it was, and only then out of the dead letters', async () => {
    const deadLetter = makeLetter();
    expect(await tryToSendBack(deadLetter)).toEqual({
      problem: undefined,
      done: [
        ['sent', QUEUE_URL, exampleJob],
        ['removed', deadLetter.id],
      ],
    });
  });

  test('goes the same way when SQS itself had moved it; what was stored by then is not counted on', async () => {
    const progress = { uploadId: 'u', parts: [], bytes: 0, crc32: 0, attempts: 9, since: 1 };
    const { done } = await tryToSendBack(makeLetter({ ...exampleJob, progress }, {}));
    expect(done[0]).toEqual(['sent', QUEUE_URL, exampleJob]);
  });

  test.each(['branch', 'constructor'])('of a PBX that is not configured stays: %s', async (pbx) => {
    const { problem, done } = await tryToSendBack(makeLetter({ ...exampleJob, pbx }));
    expect(problem).toBe(`The configuration has no PBX ${pbx}.`);
    expect(done).toEqual([]);
  });

  test('that the queue does not take stays, with the queue’s reason', async () => {
    const send = () =>
      Promise.reject(Object.assign(new Error('no such queue'), { name: 'QueueDoesNotExist' }));
    const { problem, done } = await tryToSendBack(makeLetter(), { send });
    expect(problem).toBe('SQS: no such queue (QueueDoesNotExist)');
    expect(done).toEqual([]);
  });

  test('that is sent, but not removed, is told as one that stays', async () => {
    const remove = () => Promise.reject(new Error('not now'));
    const { problem, done } = await tryToSendBack(makeLetter(), { remove });
    expect(problem).toContain('not now');
    expect(done).toEqual([['sent', QUEUE_URL, exampleJob]]);
  });
});

describe('a report', () => {
  test('that is understood by now becomes the job that it should have become', async () => {
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
    ['still cannot be read', '{"action":', 'The report is not a JSON object'],
    ['is of another PBX', { ...exampleReport, sn: '1' }, 'serial number'],
    [
      'says that the PBX restarted, long ago',
      { action: 'BootUp', sn: exampleReport.sn },
      'nothing to archive',
    ],
    ['is of something else', { action: 'RING' }, 'nothing to archive'],
  ])('that %s stays', async (_, report, reason) => {
    const { problem, done } = await tryToSendBack(makeReport(report));
    expect(problem).toContain(reason);
    expect(done).toEqual([]);
  });
});

test.each([
  [
    'A request for a session',
    { pbx: 'head-office', bootedAt: exampleReason.firstAt },
    'has run on schedule since',
  ],
  ['A body that is nothing known', 'hello', 'no queue to send it to'],
])('%s stays, until somebody deletes it', async (_, body, reason) => {
  const { problem, done } = await tryToSendBack(makeLetter(body));
  expect(problem).toContain(reason);
  expect(problem).toContain('--delete');
  expect(done).toEqual([]);
});
