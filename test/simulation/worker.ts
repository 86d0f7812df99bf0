// First of all: what is imported after it gets the virtual clock.
import './engine/virtual-time.ts';
import { replaceSdkTransport } from './aws/sdk-transport.ts';
import { hookModules } from './engine/module-hooks.ts';
import { mutationNamed } from './mutations.ts';
import type { SeedResult } from './run-seed.ts';

/** What the parent process asks for, one after the other. */
export interface Task {
  seed: number;
  calls: number;
  isTraced: boolean;
}

/** The answer to a task. */
export type Report = SeedResult & { cpuMs: number };

// A process has one version of the product in it, with or without a bug.
const [mutation] = process.argv.slice(2);
const print = process.stdout.write.bind(process.stdout);

Object.assign(process.env, {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'simulated',
  AWS_SECRET_ACCESS_KEY: 'simulated',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  // Prints metrics as the console prints, so that they are looked through as well.
  POWERTOOLS_DEV: 'true',
});
// Nobody reads the stacks of the errors that are thrown by the thousand.
Error.stackTraceLimit = 0;
const unused = hookModules(mutation === undefined ? [] : mutationNamed(mutation).edits);
replaceSdkTransport();
const { runSeed } = await import('./run-seed.ts');

process.on('message', async ({ seed, calls, isTraced }: Task) => {
  const { user: before } = process.cpuUsage();
  const result = await runSeed({ seed, calls, print: isTraced ? (line) => print(`${line}\n`) : undefined });
  // A bug, or the scale, that is nowhere in the code that ran would make a good result worthless.
  if (unused.size > 0 && result.violations.length === 0)
    throw new Error(`Not loaded: ${[...unused].map(({ file }) => file).join(', ')}`);
  process.send?.({
    ...result,
    cpuMs: Math.round((process.cpuUsage().user - before) / 1000),
  } satisfies Report);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
