import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeDirectory } from '../functions/aws-services.ts';
import type { Results } from './results.ts';
import { LIB_STORAGE, OURS, RAW_PUT, TLS_FLOOR } from './streaming/ways.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, 'main.ts');

test('starts every bundle of the stack, and writes the figures as JSON', { timeout: 120_000 }, async () => {
  const file = join(await makeDirectory(), 'bench.json');
  const { stdout } = await run(process.execPath, [
    main,
    ...['--runs', '1', '--sizes', '1,9', '--seconds', '2'],
    ...['--backlogs', '5,20', '--buckets', '60,120', '--json', file],
  ]);
  const results: Results = JSON.parse(await readFile(file, 'utf8'));
  const { coldStarts, streaming, memory, pipeline, backlogs, buckets, work } = results;
  const names = ['ArchiveRecording', 'CdrWebhook', 'PbxSession', 'Reconciliation', 'RecordingLink'];
  expect(coldStarts.functions.map(({ name }) => name).sort()).toEqual(names);
  for (const name of names) expect(stdout).toContain(name);
  // Each way, with and without a length, of one part and of two; of rclone and curl what this machine has.
  const ways = new Set(streaming.map(({ way }) => way));
  expect([...ways].slice(0, 4)).toEqual([OURS, LIB_STORAGE, RAW_PUT, TLS_FLOOR]);
  expect(streaming).toHaveLength(4 * ways.size);
  expect(memory).toMatchObject({ sizesMib: [1, 9, 1], memoryMb: 128 });
  expect(pipeline.acknowledged.map(({ reports }) => reports)).toEqual([2, 100]);
  expect(backlogs.map(({ jobs }) => jobs)).toEqual([5, 20]);
  expect(buckets.map(({ recordings }) => recordings)).toEqual([60, 120]);
  expect(buckets[1]).toMatchObject({ ...buckets[0], recordings: 120, linkMs: {}, reconciliationMs: {} });
  expect(work.webhook.requests).toEqual({ s3Writes: 0, s3Reads: 0, sqs: 1, secretsManager: 0 });
  expect(work.calls[0]?.archiver.requests).toMatchObject({ s3Writes: 1, s3Reads: 1, sqs: 0 });
  expect(stdout).toContain('report acknowledged, 50 a second, p99');
});

test.each([
  ['--runs', '0', 'a whole number from 1 on'],
  ['--runs', 'many', 'a whole number from 1 on'],
  ['--runs', '1.5', 'a whole number from 1 on'],
  ['--sizes', '1,0', 'whole numbers from 1 on, with commas between them'],
  ['--buckets', '1,,2', 'whole numbers from 1 on, with commas between them'],
])('refuses %s %s', async (option, text, expected) => {
  const failure = await run(process.execPath, [main, option, text]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 1, stderr: `${option} should be ${expected}\n` });
});
