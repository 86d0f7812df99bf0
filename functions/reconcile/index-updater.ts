import { type PbxRegistry, timeZoneOf } from '../shared/config/pbx-registry.ts';
import type { Listing } from '../shared/recordings/list-objects.ts';
import type { ReconcileOutcome } from './reconcile-pbxs.ts';
import type { ReconcileRequest } from './reconcile-request.ts';
import { type IndexDeps, updateIndex } from './update-index.ts';

/** Collects what a run lists in the bucket, and compares the index with it at the end. */
export function createIndexUpdater(registry: PbxRegistry, deps: Omit<IndexDeps, 'signal'>) {
  return {
    begin(request: ReconcileRequest, signal: AbortSignal) {
      const startedAt = deps.now();
      const listings = new Map<string, Listing[]>();
      return {
        /** Returns a function that takes what is listed for a PBX. */
        collect(pbx: string): (listing: Listing) => void {
          const listed: Listing[] = [];
          listings.set(pbx, listed);
          return (listing) => void listed.push(listing);
        },
        finish(outcomes: readonly ReconcileOutcome[]): Promise<void> {
          const reconciled = outcomes.map(({ pbx, outcome, oldestUnqueuedMs }) => ({
            pbx,
            outcome,
            oldestUnqueuedMs,
            timeZone: timeZoneOf(registry, pbx),
            listings: listings.get(pbx) ?? [],
          }));
          return updateIndex(reconciled, request, startedAt, { ...deps, signal });
        },
      };
    },
  };
}
