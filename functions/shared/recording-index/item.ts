import * as v from 'valibot';
import type { INDEX_TABLE } from '../config/tables.ts';
import { callKey, partyKey, rowKey } from './keys.ts';
import { type IndexedRecording, indexedRecordingSchema } from './row.ts';

/** Rows of another layout are written anew by reconciliation and `npm run reindex`. */
export const LAYOUT = 1;

type IndexKeys = Partial<
  Record<(typeof INDEX_TABLE)['indexes'][keyof (typeof INDEX_TABLE)['indexes']], string>
>;

/** A recording as DynamoDB has it. */
export type RowItem = IndexedRecording &
  IndexKeys & {
    sk: string;
    layout: number;
    /** ETag of the object or marker from which the row was made. */
    etag?: string | undefined;
  };

export function toItem(row: IndexedRecording, etag?: string): RowItem {
  return {
    ...row,
    sk: rowKey(row.at, row.recording),
    layout: LAYOUT,
    ...(etag !== undefined && { etag }),
    ...(row.from !== undefined && { fromKey: partyKey(row.pbx, row.from) }),
    ...(row.to !== undefined && { toKey: partyKey(row.pbx, row.to) }),
    ...(row.callId !== undefined && { callKey: callKey(row.pbx, row.callId) }),
  };
}

/** The recording, without what only the index needs. */
export const fromItem = (item: RowItem): IndexedRecording => v.parse(indexedRecordingSchema, item);
