import { afterEach, describe, expect, test, vi } from 'vitest';
import { hasTool } from './has-tool.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a program that tests run against', () => {
  test('is found if it is installed, in CI and elsewhere', () => {
    for (const ci of ['true', '']) {
      vi.stubEnv('CI', ci);
      expect(hasTool('node')).toBe(true);
    }
  });

  test('may be missing on the machine of a person', () => {
    vi.stubEnv('CI', undefined);
    expect(hasTool('no-such-program')).toBe(false);
  });

  test('must not be missing in CI', () => {
    vi.stubEnv('CI', 'true');
    expect(() => hasTool('no-such-program')).toThrow(
      'CI has to run the tests with no-such-program, which is not installed. Install it in .ci/run.',
    );
  });
});
