import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const blocks = Array.from(
  readFileSync('README.md', 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm),
  ([, code = '']) => code.trim().split('\n'),
);

describe('README.md', () => {
  test('has nothing after a command that runs until Ctrl-C: a shell would run it next', () => {
    const untilInterrupted = blocks.filter((lines) => lines.some((line) => line.includes('npm start')));
    expect(untilInterrupted).not.toEqual([]);
    for (const lines of untilInterrupted) expect(lines).toHaveLength(1);
  });

  test('gives the command for the tests that CI runs, alone in its block', () => {
    expect(blocks).toContainEqual(['npm cit']);
    expect(readFileSync('.ci/run', 'utf8')).toMatch(/^npm cit$/m);
  });
});
