import { install } from '@sinonjs/fake-timers';
import { currentInvocation } from './current-invocation.ts';

/**
 * The one clock of everything in this process. Importing this module replaces the process's timers and dates, so it
 * comes before whatever may keep a reference to them. What runs on real time are only turns of the event loop.
 */
const clock = install({
  now: 0,
  toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
});

const setFakeTimeout = globalThis.setTimeout;
/** As with real timers, a callback runs on behalf of whoever has set it. */
globalThis.setTimeout = ((callback: (...values: unknown[]) => void, ...rest: [number?, ...unknown[]]) => {
  const invocation = currentInvocation.getStore();
  const run =
    invocation === undefined ? callback : currentInvocation.run.bind(currentInvocation, invocation, callback);
  return setFakeTimeout(run, ...rest);
}) as typeof setTimeout;

/** Node's own counts real time. */
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  const abort = () => controller.abort(new DOMException('The operation timed out.', 'TimeoutError'));
  setTimeout(abort, ms).unref();
  return controller.signal;
};

/** Milliseconds that nobody's clock changes have touched. */
export const elapsedMs = (): number => performance.now();

/** Changes the functions' wall clock; what has been set to happen later still happens after the same time. */
export const setWallClock = (epochMs: number): void => clock.setSystemTime(epochMs);

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Work that the event loop does not know of: modules that are being loaded. */
let loading = 0;

export async function whileLoading<T>(load: () => Promise<T>): Promise<T> {
  loading += 1;
  try {
    return await load();
  } finally {
    loading -= 1;
  }
}

/** What an idle process may hold: its pipes to the parent process, and Node's own real timers. */
const IDLE = new Set(['PipeWrap', 'TTYWrap', 'Timeout', 'WriteWrap', 'MessagePort']);

const isBusy = () => loading > 0 || process.getActiveResourcesInfo().some((type) => !IDLE.has(type));

/** Lets everything happen that can happen without time passing. */
async function settle(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (isBusy());
}

/** Lets time pass, as fast as the work in it can be done, until `isOver` or nothing is left to wait for. */
export async function passTime(isOver: () => boolean): Promise<void> {
  for (;;) {
    await settle();
    if (isOver() || clock.countTimers() === 0) return;
    clock.next();
  }
}
