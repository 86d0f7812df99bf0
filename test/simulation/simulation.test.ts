import { expect, test } from 'vitest';
import { startScript } from '../infra/local/start-process.ts';

/** Runs `npm run simulate -- ARGS`, which reads all log lines itself. */
async function simulate(...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = startScript('test/simulation/main.ts', args, { NODE_OPTIONS: '' });
  const code = await started.ended;
  return { code, output: started.output() };
}

const digestsIn = (output: string) =>
  new Map([...output.matchAll(/^seed (\d+): (\w+),/gm)].map(([, ...it]) => it) as [string, string][]);

test('loses nothing, whatever goes wrong', { timeout: 600_000 }, async () => {
  const { code, output } = await simulate('--seeds', '10', '--fresh', '6');
  expect(output).not.toContain('BREAKS');
  expect(output).toContain('16 seeds with 50 calls each: 0 broken.');
  expect(code).toBe(0);
});

test('lives through a seed in the same way each time, whatever came before it', {
  timeout: 120_000,
}, async () => {
  const inARow = digestsIn((await simulate('--seeds', '4', '--calls', '20', '--digests')).output);
  const alone = digestsIn((await simulate('--seed', '4', '--calls', '20', '--digests')).output);
  expect(inARow.size).toBe(4);
  expect(new Set(inARow.values()).size).toBe(4);
  expect(alone.get('4')).toBe(inARow.get('4'));
});

test('catches bugs, and names the invariants that they break', { timeout: 300_000 }, async () => {
  const bugs = ['a retry with the same random', 'a token in a log line', 'an object overwritten'];
  const { code, output } = await simulate(...bugs.flatMap((bug) => ['--mutation', bug]));
  expect(output).toMatch(/a retry with the same random .* no random is used twice or late/);
  expect(output).toMatch(/a token in a log line .* no secret is logged/);
  expect(output).toMatch(/an object overwritten .* no object is overwritten/);
  expect(output).toContain('3 bugs, 3 of them caught.');
  expect(code).toBe(0);
});

test('shows what happens in a seed, and what each part says', { timeout: 120_000 }, async () => {
  const { output } = await simulate('--seed', '1', '--calls', '2', '--trace');
  expect(output).toMatch(/^0d 00:\d\d:\d\d\.\d{3} {2}head-office +call [\d.]+, \d+ bytes: /m);
  expect(output).toMatch(/archive\/\d+ +s3 PUT recordings\/head-office\//);
});

test('fails where there is no such bug, and where a number is none', { timeout: 60_000 }, async () => {
  expect(await simulate('--mutation', 'no coffee')).toEqual({
    code: 1,
    output: 'There is no bug called "no coffee".\n',
  });
  expect(await simulate('--calls', 'many')).toEqual({
    code: 1,
    output: '--calls should be a whole number\n',
  });
});
