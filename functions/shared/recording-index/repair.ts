import { mapConcurrently } from '../map-concurrently.ts';
import { findDifferences, type Listing } from './compare.ts';
import type { IndexTable } from './index-table.ts';
import { type UpdateDeps, updateRow } from './update-row.ts';

const CONCURRENT_UPDATES = 10;

export interface RepairDeps extends UpdateDeps {
  table: IndexTable;
  /** Aborts with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
}

/** What was wrong in the index. */
export interface Repairs {
  written: number;
  deleted: number;
}

/** Makes the rows of a PBX say what is in the listed folders. Counts those that did not. */
export async function repairRows(
  pbx: string,
  listings: readonly Listing[],
  deps: RepairDeps,
): Promise<Repairs> {
  const names = await findDifferences(pbx, listings, deps.table, deps.signal);
  const updates = await mapConcurrently(names, CONCURRENT_UPDATES, async (recording) => {
    deps.signal.throwIfAborted();
    return updateRow(pbx, recording, deps);
  });
  const changed = updates.filter(({ isChanged }) => isChanged);
  const written = changed.filter(({ row }) => row !== undefined).length;
  return { written, deleted: changed.length - written };
}
