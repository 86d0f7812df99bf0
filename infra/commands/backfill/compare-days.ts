import {
  type Comparison,
  type FindDeps,
  findMissing,
} from '../../../functions/shared/call-log/find-missing.ts';
import { daysBetween, windowOf } from '../../../functions/shared/call-log/windows.ts';

export type DayComparison = Comparison & { day: string };

/** Compares day by day, so that neither the PBX nor this machine has to hold a year's call log at once. */
export async function* compareDays(
  from: string,
  to: string,
  deps: FindDeps,
): AsyncGenerator<DayComparison, void> {
  let listed: ReadonlySet<string> | undefined;
  for (const day of daysBetween(from, to)) {
    deps.signal.throwIfAborted();
    const comparison = await findMissing(windowOf(day), deps, listed);
    listed = comparison.listed;
    yield { day, ...comparison };
  }
}
