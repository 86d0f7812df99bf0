// Must be the first import, so that everything after it gets the virtual clock.
import './engine/virtual-time.ts';
import { hookModules } from './engine/module-hooks.ts';
import { mutationNamed } from './mutations.ts';
import type { SeedResult } from './run-seed.ts';

/** A seed to run, sent by the parent process. */
export interface Task {
  seed: number;
  calls: number;
  isTraced: boolean;
}

/** The result of a task, sent to the parent process. */
export type Report = SeedResult & {
  cpuMs: number;
  /** Memory of the process. */
  processBytes: number;
};

// A process runs one version of the product, with or without a bug.
const [mutation] = process.argv.slice(2);
const print = process.stdout.write.bind(process.stdout);

Object.assign(process.env, {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'simulated',
  AWS_SECRET_ACCESS_KEY: 'simulated',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  // Prints metrics through the console, so that they are checked for secrets as well.
  POWERTOOLS_DEV: 'true',
});
// Thousands of errors are thrown, and nobody reads their stacks.
Error.stackTraceLimit = 0;
const unused = hookModules(mutation === undefined ? [] : mutationNamed(mutation).edits);
// Not before: the permissions come from the stack, which is a part of the product.
const { replaceSdkTransport } = await import('./aws/sdk-transport.ts');
replaceSdkTransport();
const { runSeed } = await import('./run-seed.ts');

process.on('message', async ({ seed, calls, isTraced }: Task) => {
  const { user: before } = process.cpuUsage();
  const result = await runSeed({ seed, calls, print: isTraced ? (line) => print(`${line}\n`) : undefined });
  // If the scale was not in the code that ran, a good result is worthless. A bug may be in code that this seed does not
  // need: then the next one is tried.
  if (mutation === undefined && unused.size > 0 && result.violations.length === 0)
    throw new Error(`Not loaded: ${[...unused].map(({ file }) => file).join(', ')}`);
  process.send?.({
    ...result,
    cpuMs: Math.round((process.cpuUsage().user - before) / 1000),
    processBytes: process.memoryUsage.rss(),
  } satisfies Report);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
