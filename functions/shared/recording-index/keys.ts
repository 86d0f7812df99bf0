import { callTimeInName } from './call-time.ts';
import { numberKey } from './phone-number.ts';

/** Keys and attributes of the index's items. A row's sort key begins with a digit, that of any other item with a letter. */

/** Sort key of a recording's row. `at`: ISO 8601, UTC, with milliseconds, so that the keys sort by time. */
export const rowKey = (at: string, recording: string) => `${at}#${recording}`;

/** The same, if the name alone determines it. */
export function rowKeyInName(recording: string): string | undefined {
  const at = callTimeInName(recording);
  return at === undefined ? undefined : rowKey(new Date(at).toISOString(), recording);
}

/** `fromKey` or `toKey` of a row. */
export const partyKey = (pbx: string, number: string) => `${pbx}#${numberKey(number)}`;

/** `callKey` of a row. */
export const callKey = (pbx: string, callId: string) => `${pbx}#${callId}`;

/** Sort key of the item that says where the row of a recording is whose name does not: `rowSks`. */
export const nameKey = (recording: string) => `name#${recording}`;

/** Sort key of the item that says how complete the archive of a PBX is. */
export const STATUS_KEY = 'status';
