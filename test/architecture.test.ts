import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { receiveReport } from '../functions/cdr-webhook/receive-report.ts';
import { type Job, readJob } from '../functions/shared/jobs/job.ts';
import { createQueues } from '../functions/shared/jobs/queues.ts';
import { reportDialectOf } from '../functions/shared/pbx/family-reports.ts';
import { errnoError } from '../functions/shared/pbx/s-series/errors.ts';
import { combineCrc32 } from '../functions/shared/recordings/crc32.ts';
import { recordingKey } from '../functions/shared/recordings/recording-name.ts';
import { useSqs } from './functions/aws-services.ts';
import { captureLog } from './functions/capture-log.ts';
import { root, sourceOf } from './imports.ts';

const architecture = sourceOf('docs/architecture.md');

/** A section with its own sections. */
function sectionOf(heading: string, text = architecture): string {
  const [, section] = text.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`docs/architecture.md has no section ${heading}`);
  const [hashes] = heading.split(' ');
  return section.split(`\n${hashes} `)[0] ?? '';
}

const exampleOf = (heading: string) => sectionOf(heading, sectionOf('## Examples'));
const examplesIn = (heading: string): string[] =>
  Array.from(exampleOf(heading).matchAll(/^```json\n([\s\S]*?)^```$/gm), ([, example = '']) => example);

describe('the examples in docs/architecture.md', async () => {
  captureLog();
  const [report = ''] = examplesIn('### A report');
  const [job = ''] = examplesIn('### A job');
  const [jobWithProgress = ''] = examplesIn('### A job with progress');
  const [deadLetter = '', unusableReport = ''] = examplesIn('### A dead letter');
  const { createQueue } = await useSqs();
  const deadLetterQueue = createQueue('dead-letters');
  const sqs = new SQSClient();
  const queues = createQueues(sqs, deadLetterQueue);

  /** What cdr-webhook sends when the PBX of the examples posts a report: jobs and dead letters. */
  async function post(body: string, reportedAt: string): Promise<unknown[]> {
    const sent: unknown[] = [];
    const pbx = {
      serialNumber: '369362089179',
      queueUrl: '',
      dialect: reportDialectOf({ family: 's-series' }),
      isAuthentic: async () => true,
    };
    await receiveReport(
      { pbxId: 'head-office', secret: '', signature: undefined, body: Buffer.from(body) },
      {
        findPbx: () => pbx,
        queues: {
          ...queues,
          send: async (_, message) => void sent.push(message),
          sendDeadLetter: async (message) => void sent.push(JSON.parse(message)),
        },
        sessionQueueUrl: '',
        now: () => new Date(reportedAt),
      },
    );
    return sent;
  }

  test('a report becomes the job, and that the object', async () => {
    const { pbx, recording, reportedAt }: Job = JSON.parse(job);
    expect(await post(report, reportedAt)).toEqual([JSON.parse(job)]);
    expect(exampleOf('### A job')).toContain(`\`${recordingKey(pbx, recording)}\``);
  });

  test.each([job, jobWithProgress])('a job has only fields that are read: %s', (example) => {
    expect(readJob(example)).toEqual(JSON.parse(example));
  });

  test('the progress is that of its parts', () => {
    const { progress } = readJob(jobWithProgress);
    const [first, second] =
      progress?.parts.map(({ crc32 }) => Buffer.from(crc32, 'base64').readUInt32BE()) ?? [];
    const partBytes = 5 * 1024 * 1024;
    expect(progress).toMatchObject({
      bytes: 2 * partBytes,
      crc32: combineCrc32(first ?? 0, second ?? 0, partBytes),
    });
  });

  test('a dead letter is the job, and the reason as the function writes it', async () => {
    const { Body, MessageAttributes } = JSON.parse(deadLetter);
    const textOf = (name: string): string => MessageAttributes[name].StringValue;
    expect(JSON.parse(Body)).toEqual(JSON.parse(job));
    await queues.sendDeadLetter(Body, {
      pbx: readJob(Body).pbx,
      error: errnoError('20014'),
      attempts: Number(textOf('attempts')),
      firstAt: textOf('firstAt'),
      lastAt: textOf('lastAt'),
    });
    const command = new ReceiveMessageCommand({
      QueueUrl: deadLetterQueue,
      MessageAttributeNames: ['All'],
    });
    const [received] = (await sqs.send(command)).Messages ?? [];
    expect({ Body: received?.Body, MessageAttributes: received?.MessageAttributes }).toEqual({
      Body,
      MessageAttributes,
    });
  });

  test('a report that no job can be made of is kept as text', async () => {
    const { report: text, reportedAt } = JSON.parse(unusableReport);
    expect(await post(text, reportedAt)).toEqual([JSON.parse(unusableReport)]);
  });
});

/** Questions of the table, with the source files that each clause of the reply links and the symbols that it names. */
const clauses = Array.from(
  sectionOf('## Where do I find …?').matchAll(/^\| ([^|]+) \| ([^|]*\[[^|]*) \|$/gm),
  ([, question = '', reply = '']) =>
    reply.split(';').map((clause) => ({
      question,
      files: Array.from(clause.matchAll(/\]\(\.\.\/([^)#]+)/g), ([, file = '']) => file),
      symbols: Array.from(clause.matchAll(/`([\w-]+)…?`/g), ([, symbol = '']) => symbol),
    })),
).flat();

describe('the table "Where do I find …?" in docs/architecture.md', () => {
  test('links files that exist', () => {
    const files = clauses.flatMap((clause) => clause.files);
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test.each(clauses.filter(({ symbols }) => symbols.length > 0))(
    'names what is there: $question $symbols',
    ({ files, symbols }) => {
      const sources = files.map(sourceOf).join('\n');
      expect(symbols.filter((symbol) => !new RegExp(`\\b${symbol}`).test(sources))).toEqual([]);
    },
  );
});
