import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { interrupted } from './run-program.ts';
import type { DeployedStack } from './stack.ts';

const PATIENCE_MS = 60_000;
const PERIOD_MS = 500;

/** `problem` is the case if it does not become true. */
export async function waitUntil(
  isTrue: () => Promise<boolean>,
  problem: string,
  { assertNothingDenied }: Pick<DeployedStack, 'assertNothingDenied'>,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    assertNothingDenied();
    assert(Date.now() < deadline, `After ${PATIENCE_MS / 1000} s, ${problem}.`);
    await setTimeout(PERIOD_MS, undefined, { signal: interrupted });
  }
}
