import { Temporal } from 'temporal-polyfill';
import { toArchiveError } from '../shared/errors.ts';
import { mapConcurrently } from '../shared/map-concurrently.ts';
import { type RepairDeps, repairRows } from '../shared/recording-index/repair.ts';
import type { StatusWriter } from '../shared/recording-index/status.ts';
import type { Listing } from '../shared/recordings/list-objects.ts';
import { log } from '../shared/telemetry/log.ts';
import { GRACE_MS } from './queue-missing.ts';
import type { ReconcileOutcome } from './reconcile-pbxs.ts';
import type { ReconcileRequest } from './reconcile-request.ts';

const CONCURRENT_PBXS = 5;

/** What a run has learned of a PBX. */
export interface Reconciled extends Pick<ReconcileOutcome, 'pbx' | 'outcome' | 'oldestUnqueuedMs'> {
  timeZone: string;
  /** The folders that were listed. */
  listings: readonly Listing[];
}

export interface IndexDeps extends RepairDeps {
  status: Pick<StatusWriter, 'reconciled'>;
}

/**
 * Says in the index how far the PBXs have been reconciled, and repairs the rows of the days that were listed. Never
 * rejects: the index can wait for the next run. Comes last, so that no PBX's recordings have to wait for it.
 */
export async function updateIndex(
  reconciled: readonly Reconciled[],
  request: ReconcileRequest,
  startedAt: number,
  deps: IndexDeps,
): Promise<void> {
  await mapConcurrently(reconciled, CONCURRENT_PBXS, async (result) => {
    const { pbx, outcome, listings } = result;
    if (outcome === 'reconciled') await deps.status.reconciled(pbx, periodOf(request, result, startedAt));
    try {
      const repairs = await repairRows(pbx, listings, deps);
      if (repairs.written + repairs.deleted > 0) log('warn', 'index-repaired', { pbx, ...repairs });
    } catch (error) {
      const cause: unknown = deps.signal.aborted ? deps.signal.reason : error;
      log('error', 'index-repair-failed', { pbx, code: toArchiveError(cause).code });
    }
  });
}

/**
 * All calls that ended in this period have been compared: later ones may not be in the call log yet, or depend on their
 * reports.
 */
function periodOf(
  request: ReconcileRequest,
  { timeZone, oldestUnqueuedMs }: Reconciled,
  startedAt: number,
): { from: number; upTo: number } {
  const latest = startedAt - Math.max(GRACE_MS, oldestUnqueuedMs);
  if ('hours' in request) return { from: startedAt - request.hours * 3_600_000, upTo: latest };
  const startOf = (day: Temporal.PlainDate) => day.toZonedDateTime(timeZone).epochMilliseconds;
  const [from, to] = [Temporal.PlainDate.from(request.from), Temporal.PlainDate.from(request.to)];
  return { from: startOf(from), upTo: Math.min(startOf(to.add({ days: 1 })), latest) };
}
