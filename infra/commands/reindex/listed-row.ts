import { findCallTime } from '../../../functions/shared/recording-index/call-time.ts';
import { type RowItem, toItem } from '../../../functions/shared/recording-index/item.ts';
import { rowKeyInName } from '../../../functions/shared/recording-index/keys.ts';
import { factsInName } from '../../../functions/shared/recording-index/name-facts.ts';
import type { ListedObject } from '../../../functions/shared/recordings/list-objects.ts';
import { contentTypeOf, parseRecordingKey } from '../../../functions/shared/recordings/recording-name.ts';

/** Never that of a complete row, so that comparing finds it. */
const INCOMPLETE_LAYOUT = 0;

/**
 * The row of an object as far as its listing says, to be completed later. `undefined` if it is no recording, or if the
 * object's metadata may say another time than its name.
 */
export function describeListed(object: ListedObject, timeZone: string): RowItem | undefined {
  const { pbx, recording } = parseRecordingKey(object.key) ?? {};
  if (pbx === undefined || recording === undefined || rowKeyInName(recording) === undefined) return undefined;
  const call = factsInName(recording);
  const { callId, from, to, type } = call;
  const row = {
    pbx,
    recording,
    state: 'archived' as const,
    at: new Date(findCallTime(recording, call, { timeZone, writtenAt: object.writtenAt })).toISOString(),
    ...(callId !== undefined && { callId }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(type !== undefined && { type }),
    bytes: object.bytes,
    contentType: contentTypeOf(recording),
    verifiedBy: [],
    archivedAt: new Date(object.writtenAt).toISOString(),
  };
  return { ...toItem(row, object.etag), layout: INCOMPLETE_LAYOUT };
}
