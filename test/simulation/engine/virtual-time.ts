import { install } from '@sinonjs/fake-timers';
import { currentInvocation } from './current-invocation.ts';

/**
 * The one clock of this process. Importing this module replaces the timers and dates of the process, so it must
 * come before any module that may keep a reference to them. Only turns of the event loop take real time.
 */
const clock = install({
  now: 0,
  toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
});

const setFakeTimeout = globalThis.setTimeout;
/** As with real timers, a callback runs in the async context in which it was set. */
globalThis.setTimeout = ((callback: (...values: unknown[]) => void, ...rest: [number?, ...unknown[]]) => {
  const invocation = currentInvocation.getStore();
  const run =
    invocation === undefined ? callback : currentInvocation.run.bind(currentInvocation, invocation, callback);
  return setFakeTimeout(run, ...rest);
}) as typeof setTimeout;

/** Node's own uses real time. */
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  const abort = () => controller.abort(new DOMException('The operation timed out.', 'TimeoutError'));
  setTimeout(abort, ms).unref();
  return controller.signal;
};

/** Milliseconds, unaffected by clock changes. */
export const elapsedMs = (): number => performance.now();

/** Changes the wall clock of the functions; timers still fire after the same duration. */
export const setWallClock = (epochMs: number): void => clock.setSystemTime(epochMs);

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Modules that are being loaded, which the event loop does not count as work. */
let loading = 0;

export async function whileLoading<T>(load: () => Promise<T>): Promise<T> {
  loading += 1;
  try {
    return await load();
  } finally {
    loading -= 1;
  }
}

/** The resources of an idle process: its pipes to the parent process, and Node's own real timers. */
const IDLE = new Set(['PipeWrap', 'TTYWrap', 'Timeout', 'WriteWrap', 'MessagePort']);

const isBusy = () => loading > 0 || process.getActiveResourcesInfo().some((type) => !IDLE.has(type));

/** Runs everything that can run without time passing. */
async function settle(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (isBusy());
}

/** Advances the virtual time, timer by timer, until `isOver` or no timer is left. */
export async function passTime(isOver: () => boolean): Promise<void> {
  for (;;) {
    await settle();
    if (isOver() || clock.countTimers() === 0) return;
    clock.next();
  }
}
