import { delay } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';
import type { LambdaFunction, Outcome } from './lambda-function.ts';

const RETRIES_AFTER_MS = [60_000, 120_000];

/** Asynchronous invocation: Lambda retries twice if the function fails (Lambda developer guide). */
export async function invokeAsync(target: LambdaFunction, event: object): Promise<Outcome> {
  let outcome = await target.invoke(event);
  for (const retryAfterMs of RETRIES_AFTER_MS) {
    if (outcome.how === 'returned') break;
    await delay(retryAfterMs);
    outcome = await target.invoke(event);
  }
  return outcome;
}

/** Calls `run` now, then every `periodMs`. An event may be repeated (EventBridge delivers at least once). */
export function schedule(world: World, source: string, periodMs: number, run: () => Promise<unknown>): void {
  const tick = () => {
    void run();
    if (world.faults.strikes('event-repeated', source)) void run();
  };
  tick();
  const timer = setInterval(tick, periodMs);
  world.onEnd(() => clearInterval(timer));
}
