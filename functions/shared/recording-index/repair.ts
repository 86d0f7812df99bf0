import { mapConcurrently } from '../map-concurrently.ts';
import type { Listing } from '../recordings/list-objects.ts';
import { deletionOf } from './bucket-event.ts';
import { findDifferences } from './compare.ts';
import type { IndexTable } from './index-table.ts';
import { type Update, type UpdateDeps, updateRow } from './update-row.ts';

const CONCURRENT_UPDATES = 10;

export interface RepairDeps extends Omit<UpdateDeps, 'onGone'> {
  table: IndexTable;
  /**
   * Asks index-recording to delete the row of an object that is gone. Without the row, it could not say what has been
   * deleted when the event of the deletion arrives. Absent where nothing is published: the row is then deleted at once.
   */
  requestDeletion?: ((event: object) => Promise<void>) | undefined;
  now: () => number;
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
  const repairs: Repairs = { written: 0, deleted: 0 };
  await mapConcurrently(names, CONCURRENT_UPDATES, async (recording) => {
    deps.signal.throwIfAborted();
    const outcome = await repairRow(pbx, recording, deps);
    if (outcome !== 'unchanged') repairs[outcome] += 1;
  });
  return repairs;
}

/** Makes one row say what the bucket has. `deleted` may also mean that index-recording is about to do it. */
export async function repairRow(
  pbx: string,
  recording: string,
  { requestDeletion, now, ...deps }: RepairDeps,
): Promise<'written' | 'deleted' | 'unchanged'> {
  if (requestDeletion === undefined) return outcomeOf(await updateRow(pbx, recording, deps));
  let isRequested = false;
  const onGone = async () => {
    await requestDeletion(deletionOf(pbx, recording, now()));
    isRequested = true;
    return false;
  };
  const update = await updateRow(pbx, recording, { ...deps, onGone });
  return isRequested ? 'deleted' : outcomeOf(update);
}

function outcomeOf({ row, isChanged }: Update): 'written' | 'deleted' | 'unchanged' {
  if (!isChanged) return 'unchanged';
  return row === undefined ? 'deleted' : 'written';
}
