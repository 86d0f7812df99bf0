import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { createQueues, toMessageBody } from '../../../../functions/shared/jobs/queues.ts';
import { useSqs } from '../../aws-services.ts';

/** The characters that JSON does not escape and that SQS (AWS's or the embedded one) rejects. */
const REJECTED_BY_SQS = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/;

describe('a message body', () => {
  test('returns any text unchanged', () => {
    const texts = [
      '',
      'plain',
      '"\\\b\f\n\r\t',
      '\uFFFE\uFFFF',
      '\\uFFFE',
      '\u0000\u001f\x7f\x85',
      '日本 📞',
      '\u2028',
    ];
    const message = { texts, '\uFFFE key': 1 };
    expect(JSON.parse(toMessageBody(message))).toEqual(message);
  });

  test('contains no code unit that SQS rejects, whatever the message contains', () => {
    const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    expect(toMessageBody({ text: units.join('') })).not.toMatch(REJECTED_BY_SQS);
    expect(JSON.parse(toMessageBody(units))).toEqual(units);
  });
});

describe('the queues', async () => {
  const { createQueue, empty } = await useSqs();
  const [jobs, deadLetters] = ['jobs', 'dead-letters'].map(createQueue) as [string, string];
  const sqs = new SQSClient();
  const queues = createQueues(sqs, deadLetters);
  beforeEach(empty);

  async function receive(queueUrl: string) {
    const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MessageAttributeNames: ['All'] });
    return (await sqs.send(command)).Messages?.[0];
  }

  test('send a message as JSON', async () => {
    await queues.send(jobs, { from: '日本 📞\uFFFE' });
    expect(JSON.parse((await receive(jobs))?.Body ?? '')).toEqual({ from: '日本 📞\uFFFE' });
  });

  test('keep the body of a dead letter unchanged, with the reason in its attributes', async () => {
    const error = new ArchiveError('pbx-20015', 'Check allowedIp.', { kind: 'permanent' });
    const times = { firstAt: '2026-01-01T00:00:00.000Z', lastAt: '2026-01-11T00:00:00.000Z' };
    await queues.sendDeadLetter('{"the":"job"}', { pbx: 'hq', error, attempts: 7, ...times });
    const { Body, MessageAttributes = {} } = (await receive(deadLetters)) ?? {};
    expect(Body).toBe('{"the":"job"}');
    const reason = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
    expect(Object.fromEntries(reason)).toEqual({
      code: 'pbx-20015',
      message: 'Check allowedIp.',
      pbx: 'hq',
      attempts: '7',
      ...times,
    });
  });

  test('accept a dead letter with an unknown PBX and an empty message', async () => {
    const error = new ArchiveError('Error', '', { kind: 'permanent' });
    await queues.sendDeadLetter('x', { pbx: undefined, error, attempts: 1, firstAt: 'a', lastAt: 'b' });
    expect((await receive(deadLetters))?.MessageAttributes?.code?.StringValue).toBe('Error');
  });

  test('redeliver a message after the requested delay', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl: jobs, MessageBody: 'job' }));
    const first = await receive(jobs);
    expect(await receive(jobs)).toBeUndefined();
    await queues.scheduleRetry(jobs, first?.ReceiptHandle ?? '', 0);
    expect((await receive(jobs))?.MessageId).toBe(first?.MessageId);
  });

  test('reject when SQS fails', async () => {
    await expect(queues.send(`${jobs}-missing`, {})).rejects.toThrow();
    await expect(queues.scheduleRetry(jobs, 'no receipt', 5)).rejects.toThrow();
  });
});
