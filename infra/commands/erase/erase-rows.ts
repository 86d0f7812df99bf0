import type { IndexTable } from '../../../functions/shared/recording-index/index-table.ts';

/** How long the function that keeps the index may take. Only it tells subscribers of a deletion. */
const PATIENCE_SECONDS = 15;

export interface RowDeps {
  table: Pick<IndexTable, 'find' | 'delete'>;
  wait: (ms: number) => Promise<unknown>;
}

/**
 * Sees to it that the index has no rows of what was erased: waits until the bucket's events have had them deleted, then
 * deletes those that are left.
 */
export async function eraseRows(
  pbx: string,
  names: readonly string[],
  { table, wait }: RowDeps,
): Promise<void> {
  const findLeft = async () => {
    const rows = await Promise.all(names.map((name) => table.find(pbx, name)));
    return names.filter((_, index) => rows[index] !== undefined);
  };
  let left = await findLeft();
  for (let second = 0; left.length > 0 && second < PATIENCE_SECONDS; second++) {
    await wait(1000);
    left = await findLeft();
  }
  for (const name of left) await table.delete(pbx, name);
}
