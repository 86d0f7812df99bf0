import { isDeepStrictEqual } from 'node:util';
import { ArchiveError } from '../errors.ts';
import { type BucketReader, isSame } from './bucket-reader.ts';
import type { IndexTable } from './index-table.ts';
import type { RowItem } from './item.ts';

/** A recording changes seldom. One that changes under each of these looks is left to the next event. */
const MAX_LOOKS = 5;

export interface UpdateDeps {
  bucket: BucketReader;
  table: Pick<IndexTable, 'find' | 'put' | 'delete'>;
  /**
   * Called before the row of an object that is gone is changed or deleted: nothing else knows of it then. Returns
   * whether that may be done now. Otherwise the row stays as it is.
   */
  onGone?: (row: RowItem) => Promise<boolean>;
  signal?: AbortSignal;
}

export interface Update {
  /** The row that the recording has now. */
  row: RowItem | undefined;
  /** Whether the index had another one, or none. */
  isChanged: boolean;
}

/**
 * Makes the row of a recording say what the bucket has. Events may be late, repeated and out of order, and two of them
 * may be handled at the same time: so the bucket is read once more after the row was written, until nothing has changed
 * in between. Then the last writer has seen what the bucket has in the end.
 */
export async function updateRow(
  pbx: string,
  recording: string,
  { bucket, table, onGone, signal }: UpdateDeps,
): Promise<Update> {
  let isChanged = false;
  const written = new Set<string>();
  let found = await bucket.find(pbx, recording, signal);
  for (let look = 0; look < MAX_LOOKS; look++) {
    const row = found && (await bucket.describe(found, signal));
    if (found === undefined || row !== undefined) {
      if (onGone !== undefined && found?.state !== 'archived') {
        const before = await table.find(pbx, recording, signal);
        if (before?.state === 'archived' && !(await onGone(before))) return { row: before, isChanged };
      }
      const before =
        row === undefined
          ? await table.delete(pbx, recording, { written, signal })
          : await table.put(row, { written, signal });
      if (row !== undefined) written.add(row.sk);
      isChanged ||= !isDeepStrictEqual(before, row);
    }
    const after = await bucket.find(pbx, recording, signal);
    if (row === undefined ? after === undefined && found === undefined : isSame(found, after)) {
      return { row, isChanged };
    }
    found = after;
  }
  throw new ArchiveError('index-unsettled', 'The recording kept changing while its row was written.');
}
