import { DEFAULT_RECONCILIATION, SESSION_PERIOD_MINUTES } from '../../functions/shared/config/limits.ts';
import type { PbxRegistry } from '../../functions/shared/config/pbx-registry.ts';
import { log } from '../../functions/shared/telemetry/log.ts';
import type { Functions } from './load-functions.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Reconciliation leaves the calls of the last ten minutes to their reports. */
const CATCH_UP_AGAIN_MS = 11 * MINUTE_MS;

/** Runs the functions that EventBridge Scheduler would run, and as often. */
export function startSchedules(
  { pbxSession, reconcile }: Pick<Functions, 'pbxSession' | 'reconcile'>,
  registry: PbxRegistry,
) {
  const schedules: NodeJS.Timeout[] = [];
  let catchUpAgain: NodeJS.Timeout | undefined;
  const every = (periodMs: number, run: () => Promise<unknown>) => {
    schedules.push(setInterval(() => inBackground(run), periodMs));
  };
  every(SESSION_PERIOD_MINUTES * MINUTE_MS, () => pbxSession({}));
  for (const schedule of ['recent', 'wide'] as const) {
    const { everyHours, overHours } = DEFAULT_RECONCILIATION[schedule];
    every(everyHours * HOUR_MS, () => reconcile({ schedule, hours: overHours }));
  }
  for (const [pbx, { discoverEveryMinutes }] of Object.entries(registry)) {
    if (discoverEveryMinutes !== undefined)
      every(discoverEveryMinutes * MINUTE_MS, () => reconcile({ schedule: 'discovery', pbx, hours: 1 }));
  }
  return {
    /** Begins to look for calls that ended while no host was running. */
    catchUp(): void {
      const { recent, wide } = DEFAULT_RECONCILIATION;
      inBackground(() => reconcile({ hours: wide.overHours }));
      catchUpAgain = setTimeout(
        () => inBackground(() => reconcile({ hours: recent.overHours })),
        CATCH_UP_AGAIN_MS,
      );
    },
    stop(): void {
      clearTimeout(catchUpAgain);
      for (const schedule of schedules) clearInterval(schedule);
    },
  };
}

function inBackground(run: () => Promise<unknown>): void {
  run().catch((error: unknown) => log('error', 'schedule-failed', { reason: String(error) }));
}
