import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const RUN = `
  import { startVitest } from 'vitest/node';
  const run = await startVitest('test', [], { include: ['test/log-secrets/leak.fixture.ts'], watch: false });
  await run.close();
`;

test('a run whose tests pass fails if it printed secrets, and says which kinds and where', () => {
  const { NODE_OPTIONS, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', RUN], {
    env,
    encoding: 'utf8',
  });
  expect(stdout).toContain('3 passed');
  expect(stderr).toMatch(/Secrets were printed:\n +session token in a line of .*deep in an error/);
  expect(stderr).toMatch(/random string in a line of .*passes a random string to a listener/);
  expect(stderr).toMatch(/password in a line of /);
  expect(status).toBe(1);
});
