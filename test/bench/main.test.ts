import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeDirectory } from '../functions/aws-services.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, 'main.ts');

test('starts every bundle of the stack, and writes the figures as JSON', { timeout: 120_000 }, async () => {
  const file = join(await makeDirectory(), 'bench.json');
  const { stdout } = await run(process.execPath, [main, '--runs', '1', '--sizes', '1,9', '--json', file]);
  const { coldStarts, streaming } = JSON.parse(await readFile(file, 'utf8'));
  const names = ['ArchiveRecording', 'CdrWebhook', 'PbxSession', 'Reconciliation', 'RecordingLink'];
  expect(coldStarts.functions.map(({ name }: { name: string }) => name).sort()).toEqual(names);
  for (const name of names) expect(stdout).toContain(name);
  // Each way, with and without a length, of one part and of two.
  expect(streaming).toHaveLength(12);
});

test.each([
  ['--runs', '0', 'a whole number from 1 on'],
  ['--runs', 'many', 'a whole number from 1 on'],
  ['--runs', '1.5', 'a whole number from 1 on'],
  ['--sizes', '1,0', 'whole numbers of MiB from 1 on'],
  ['--sizes', '1,,2', 'whole numbers of MiB from 1 on'],
])('refuses %s %s', async (option, text, expected) => {
  const failure = await run(process.execPath, [main, option, text]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 1, stderr: `${option} should be ${expected}\n` });
});
