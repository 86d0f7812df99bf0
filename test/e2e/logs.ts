import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RESUMPTIONS } from './calls.ts';
import { runDirectory } from './settings.ts';
import type { DeployedStack } from './stack.ts';

const file = join(runDirectory, 'functions.log');

/** Saves what the functions have logged so far. */
export async function saveLogs({ aws, outputs }: DeployedStack): Promise<void> {
  const groups = Object.entries(outputs).filter(([output]) => output.endsWith('Logs'));
  const lines = groups.map(async ([output, group]) => {
    const { events } = await aws.call<{ events: { message: string }[] }>('logs filter-log-events', {
      'log-group-name': group,
    });
    return events.map(({ message }) => `${output}  ${message.trimEnd()}\n`);
  });
  await writeFile(file, (await Promise.all(lines)).flat(2).join(''));
}

/** A function may go on after AWS has denied it something. The run must not. */
export async function checkLogs({ assertNothingDenied }: DeployedStack): Promise<void> {
  assertNothingDenied();
  const lines = (await readFile(file, 'utf8')).split('\n');
  const find = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
  assert.deepEqual(find(/AccessDenied|not authorized to perform/), []);
  assert.equal(
    find(/event: 'resumed'/).length,
    RESUMPTIONS,
    'Downloads were not resumed where they were cut.',
  );
}
