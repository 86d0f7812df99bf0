import { cp, open, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startSqs } from '../../../infra/local/embedded-sqs.ts';
import { createProblems } from '../../../infra/local/problems.ts';
import { makeDirectory } from './start-process.ts';

const ACCESS = { credentials: { accessKeyId: 'local', secretAccessKey: 'key' }, region: 'us-east-1' };

async function start(directory: string, region = ACCESS.region) {
  const sentences: string[] = [];
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
  const problems = createProblems(directory, (sentence) => sentences.push(sentence));
  const access = { ...ACCESS, region };
  const server = await startSqs({ ...access, directory, problems });
  const database = exec.mock.contexts[0] as DatabaseSync;
  exec.mockRestore();
  const sqs = new SQSClient({ ...access, endpoint: server.address, maxAttempts: 1 });
  let isRunning = true;
  const stop = async () => {
    if (isRunning) await server.stop();
    isRunning = false;
  };
  onTestFinished(async () => {
    sqs.destroy();
    await stop();
  });
  const Attributes = { VisibilityTimeout: '1800' };
  await sqs.send(new CreateQueueCommand({ QueueName: 'jobs', Attributes }));
  const QueueUrl = `${server.address}/000000000000/jobs`;
  return {
    sentences,
    database,
    stop,
    send: (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    async receive() {
      const command = new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] });
      const { Messages: [message] = [] } = await sqs.send(command);
      return message && { ...message, count: message.Attributes?.ApproximateReceiveCount };
    },
    retryIn: (VisibilityTimeout: number, ReceiptHandle: string | undefined) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout })),
    delete: (ReceiptHandle: string | undefined) =>
      sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
    /** Receive count and due time of messages that are not to be delivered now. */
    waiting: () =>
      server
        .inspectQueue('jobs')
        ?.messages.inflight.map(({ message, visibilityDeadline }) => [
          message.approximateReceiveCount,
          visibilityDeadline,
        ]),
    /** Another server with what is on disk now, as after a kill. */
    async restartAfterKill(damage: (copy: string) => Promise<void> = async () => {}) {
      const copy = await makeDirectory();
      await cp(directory, copy, { recursive: true });
      await damage(copy);
      return start(copy);
    },
  };
}

describe('after a kill, the embedded SQS', () => {
  test('delivers a message at once whose attempt was cut off, and does not count that attempt', async () => {
    let sqs = await start(await makeDirectory());
    await sqs.send('job');
    for (let kills = 0; kills < 5; kills++) {
      expect(await sqs.receive()).toMatchObject({ Body: 'job', count: '1' });
      sqs = await sqs.restartAfterKill();
    }
  });

  test('counts the attempts that had ended, and keeps to the time of the next one', async () => {
    const sqs = await start(await makeDirectory());
    await sqs.send('job');
    const first = await sqs.receive();
    await sqs.retryIn(0, first?.ReceiptHandle);
    const second = await sqs.receive();
    expect(second).toMatchObject({ count: '2' });
    await sqs.retryIn(3600, second?.ReceiptHandle);
    const waiting = sqs.waiting();
    expect(waiting).toMatchObject([[2, expect.any(Number)]]);

    const survivor = await sqs.restartAfterKill();
    expect(survivor.waiting()).toEqual(waiting);
    expect(await survivor.receive()).toBeUndefined();
  });

  test('does not deliver a message again that was deleted', async () => {
    const sqs = await start(await makeDirectory());
    await sqs.send('job');
    await sqs.delete((await sqs.receive())?.ReceiptHandle);
    expect(await (await sqs.restartAfterKill()).receive()).toBeUndefined();
  });
});

test('an orderly stop changes neither the receive count of a message nor the time of its next attempt', async () => {
  const directory = await makeDirectory();
  const before = await start(directory);
  await before.send('job');
  await before.retryIn(3600, (await before.receive())?.ReceiptHandle);
  const waiting = before.waiting();
  await before.stop();
  expect((await start(directory)).waiting()).toEqual(waiting);
});

// The region is that of AWS_REGION, which another terminal may not have, or not the same.
test('messages are there at the next start in another region, and in the one after it', async () => {
  const directory = await makeDirectory();
  const first = await start(directory, 'eu-central-1');
  for (const body of ['job', 'other job']) await first.send(body);
  await first.retryIn(3600, (await first.receive())?.ReceiptHandle);
  const waiting = first.waiting();
  await first.stop();

  const second = await start(directory, 'us-east-1');
  expect(second.waiting()).toEqual(waiting);
  await second.send('new job');
  await second.stop();

  const third = await start(directory, 'eu-central-1');
  expect(third.waiting()).toEqual(waiting);
  const bodies = [await third.receive(), await third.receive(), await third.receive()].map(
    (message) => message?.Body,
  );
  expect(bodies).toEqual(['other job', 'new job', undefined]);
});

const failures = {
  'is full': {
    pragmas: ['max_page_count = 1', 'max_page_count = 4294967294'],
    code: 'DiskFull',
    sentence: /^The disk that holds .* is full\. Free some space/,
  },
  'cannot be written': {
    pragmas: ['query_only = ON', 'query_only = OFF'],
    code: 'DiskNotWritable',
    sentence: /fauxqs\.db cannot be .*readonly.*Make it accessible/,
  },
};

test.each(Object.entries(failures))(
  'while its disk %s, the embedded SQS refuses messages, but goes on with those that it has',
  async (_, { pragmas: [broken, mended], code, sentence }) => {
    const sqs = await start(await makeDirectory());
    // SQLite never sets the limit below the size that the database has.
    sqs.database.exec(`PRAGMA ${broken}`);
    let count = 0;
    const sendUntilRefused = async (): Promise<unknown> => {
      for (; count < 1000; count++) await sqs.send(`job ${count}`);
      throw new Error('There is no limit.');
    };
    if (code === 'DiskNotWritable') {
      sqs.database.exec(`PRAGMA ${mended}`);
      for (; count < 10; count++) await sqs.send(`job ${count}`);
      sqs.database.exec(`PRAGMA ${broken}`);
    }
    await expect(sendUntilRefused()).rejects.toMatchObject({
      name: code,
      message: expect.stringMatching(sentence),
      $metadata: { httpStatusCode: 507, attempts: 1 },
    });
    expect(count).toBeGreaterThanOrEqual(10);

    const handles = new Map<string | undefined, string | undefined>();
    for (let received = 0; received < count; received++) {
      const message = await sqs.receive();
      handles.set(message?.Body, message?.ReceiptHandle);
    }
    expect([...handles.keys()].sort()).toEqual(Array.from({ length: count }, (_, n) => `job ${n}`).sort());
    // Each is tried again, as the archive does after a failure.
    for (const handle of handles.values()) await sqs.retryIn(0, handle);
    const again = await sqs.receive();
    expect(again).toMatchObject({ count: '2' });
    await sqs.retryIn(3600, again?.ReceiptHandle);
    expect(sqs.sentences).toEqual([expect.stringMatching(sentence)]);

    sqs.database.exec(`PRAGMA ${mended}`);
    await sqs.send('one more');
    const bodies = [];
    for (let message = await sqs.receive(); message !== undefined; message = await sqs.receive()) {
      await sqs.delete(message.ReceiptHandle);
      bodies.push(message.Body);
    }
    expect(bodies).toHaveLength(count);
    expect(bodies).toContain('one more');
  },
);

test.each(['', 'x'.repeat(10_000)])(
  'a damaged database is reported with its file and what to do (%#)',
  async (end) => {
    const directory = await makeDirectory();
    const file = join(directory, 'fauxqs.db');
    await writeFile(file, `This is not SQLite${end}`);
    await expect(startSqs({ ...ACCESS, directory })).rejects.toThrow(
      new RegExp(`^${file}, the database of the queues, is damaged .*move it away and start again: `),
    );
  },
);

describe('after a kill, the user is told of jobs that are lost', () => {
  const lost = {
    'an emptied database': (file: string) => truncate(file, 0),
    'a missing database': (file: string) => rm(file),
    'a write-ahead log of something else': async (file: string) =>
      writeFile(`${file}-wal`, Buffer.alloc((await stat(`${file}-wal`)).size, 'x')),
    'a write-ahead log with a damaged start': async (file: string) => {
      const wal = await open(`${file}-wal`, 'r+');
      await wal.write(Buffer.alloc(100, 'x'), 0, 100, 0);
      await wal.close();
    },
  };

  test.each(Object.entries(lost))('through %s', async (_, damage) => {
    const sqs = await start(await makeDirectory());
    await sqs.send('job');
    const survivor = await sqs.restartAfterKill((copy) => damage(join(copy, 'fauxqs.db')));
    expect(await survivor.receive()).toBeUndefined();
    expect(survivor.sentences).toEqual([
      expect.stringMatching(/fauxqs\.db(?:-wal)?, .* lost, unless you stop and restore .*npm run backfill/),
    ]);
  });

  test('but not without a loss', async () => {
    const sqs = await start(await makeDirectory());
    await sqs.send('job');
    const survivor = await sqs.restartAfterKill();
    expect(await survivor.receive()).toMatchObject({ Body: 'job' });
    expect([...sqs.sentences, ...survivor.sentences]).toEqual([]);
  });
});

test('a database whose content is damaged is reported in the same way', async () => {
  const directory = await makeDirectory();
  const sqs = await start(directory);
  await sqs.stop();
  const database = new DatabaseSync(join(directory, 'fauxqs.db'));
  database.exec("UPDATE sqs_queues SET attributes = '{\"Visib'");
  database.close();
  await expect(startSqs({ ...ACCESS, directory })).rejects.toThrow('the database of the queues, is damaged');
});
