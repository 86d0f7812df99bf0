import { spawnSync } from 'node:child_process';

/**
 * Whether a program of others is installed that tests compare with or run against. Where it is missing, those tests
 * are skipped, except in CI: `.ci/run` installs each, and a comparison that is silently skipped there proves nothing.
 * @throws if `CI` is set and the program is missing
 */
export function hasTool(name: string): boolean {
  const isInstalled = spawnSync(name, ['--version']).status === 0;
  if (!isInstalled && process.env.CI)
    throw new Error(`CI has to run the tests with ${name}, which is not installed. Install it in .ci/run.`);
  return isInstalled;
}
