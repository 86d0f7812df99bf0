import { expect, test } from 'vitest';
import { startScript } from '../infra/local/start-process.ts';

/** Runs `npm run simulate -- ARGS`; without NODE_OPTIONS, because it checks all log lines itself. */
async function simulate(...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = startScript('test/simulation/main.ts', args, { NODE_OPTIONS: '' });
  const code = await started.ended;
  return { code, output: started.output() };
}

const digestsIn = (output: string) =>
  new Map(
    [...output.matchAll(/^seed (\d+): (\w+),/gm)].map(([, seed, digest]) => [seed, digest]) as [
      string,
      string,
    ][],
  );

test('no seed loses a recording, whatever faults occur', { timeout: 600_000 }, async () => {
  const { code, output } = await simulate('--seeds', '16');
  expect(output).not.toContain('VIOLATES');
  expect(output).toContain('16 seeds with 50 calls each: 0 broken.');
  expect(code).toBe(0);
});

test('a seed runs the same way each time, whatever ran before it', {
  timeout: 120_000,
}, async () => {
  const inARow = digestsIn((await simulate('--seeds', '4', '--calls', '20', '--digests')).output);
  const alone = digestsIn((await simulate('--seed', '4', '--calls', '20', '--digests')).output);
  expect(inARow.size).toBe(4);
  expect(new Set(inARow.values()).size).toBe(4);
  expect(alone.get('4')).toBe(inARow.get('4'));
});

test('bugs are caught, and the violated invariants are named', { timeout: 300_000 }, async () => {
  const bugs = ['random string reused for a retry', 'token logged', 'object overwritten'];
  const { code, output } = await simulate(...bugs.flatMap((bug) => ['--mutation', bug]));
  expect(output).toMatch(/random string reused for a retry .* no random string is used twice or late/);
  expect(output).toMatch(/token logged .* no secret is logged/);
  expect(output).toMatch(/object overwritten .* no object is overwritten/);
  expect(output).toContain('3 bugs, 3 of them caught.');
  expect(code).toBe(0);
});

test('a trace shows every event of a seed and its source', { timeout: 120_000 }, async () => {
  const { output } = await simulate('--seed', '1', '--calls', '2', '--trace');
  expect(output).toMatch(/^0d 00:\d\d:\d\d\.\d{3} {2}head-office +call [\d.]+, \d+ bytes, header \w+: /m);
  expect(output).toMatch(/archive\/\d+ +s3 PUT recordings\/head-office\//);
});

test('an unknown bug and an invalid number are reported in one sentence', { timeout: 60_000 }, async () => {
  expect(await simulate('--mutation', 'no coffee')).toEqual({
    code: 1,
    output: 'There is no bug "no coffee"; see the names in test/simulation/mutations.ts.\n',
  });
  expect(await simulate('--calls', 'many')).toEqual({
    code: 1,
    output: '--calls should be a whole number\n',
  });
});
