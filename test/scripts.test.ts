import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startScript } from './infra/local/start-process.ts';

const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
const programs = Object.entries(scripts).flatMap(([name, command]) => {
  const [, file] = /^node (\S+\.ts)$/.exec(command) ?? [];
  return file === undefined ? [] : [{ name, file }];
});

async function run(file: string, option: string) {
  const { ended, output } = startScript(file, [option], {});
  return { code: await ended, output: output() };
}

test('some scripts of package.json are programs of this project', () => {
  expect(programs.length).toBeGreaterThan(10);
});

test('CONTRIBUTING.md has each script in its table of commands', () => {
  const [, section = ''] = readFileSync('CONTRIBUTING.md', 'utf8').split('\n## Commands\n');
  const cells = section.split('\n## ')[0]?.matchAll(/^\| (`[^|]+) \|/gm) ?? [];
  const commands = Array.from(cells, ([, cell = '']) => cell.split(', ')).flat();
  const named = commands.map((command) => /^`(?:npm (?:run )?)?(\S+?)(?: -- .*)?`$/.exec(command)?.[1]);
  expect(named).toEqual(expect.arrayContaining(Object.keys(scripts)));
});

describe.each(programs)('npm run $name', ({ file }) => {
  test('describes itself with --help, and does nothing else', async () => {
    const { code, output } = await run(file, '--help');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^[A-Z].*\n(?:.*\n)+/) });
    expect(output).toContain('  --help');
    expect(output).not.toMatch(/^ +at /m);
  });

  test('refuses an option that it does not have', async () => {
    const { code, output } = await run(file, '--unknown');
    expect({ code, output: output.trim() }).toEqual({
      code: 1,
      output: "Unknown option '--unknown'; see --help.",
    });
  });
});
