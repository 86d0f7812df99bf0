import { expect, test } from 'vitest';
import { startScript } from '../local/start-process.ts';

const scripts = ['infra/commands/dead-letters.ts', 'infra/local/main.ts'];

// bash's manual, "Exit Status": 128 and the number of the signal. SIGPIPE is 13 in POSIX.
test.each(scripts)(
  '%s ends without a message, as SIGPIPE ends others, when nobody reads on',
  async (script) => {
    const { process, ended, output } = startScript(script, ['--help'], {});
    // Long before the program prints: it has yet to be loaded.
    process.stdout?.destroy();
    expect(await ended).toBe(141);
    expect(output()).toBe('');
  },
);
