import type { EventPublisher } from '../shared/events/publish.ts';
import type { BucketEvent } from '../shared/recording-index/bucket-event.ts';
import { fromItem, type RowItem } from '../shared/recording-index/item.ts';
import { marksEnding } from '../shared/recordings/markers.ts';

/** Publishes that a recording has been archived or lost, if the event of the bucket says so and the bucket still does. */
export async function publishChange(
  { type, key, time }: BucketEvent,
  row: RowItem | undefined,
  events: EventPublisher,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (type !== 'Object Created' || row === undefined) return;
  if (row.state === 'archived' && key.startsWith('recordings/')) {
    const fact = [row.archivedAt, row.etag];
    const recording = fromItem(row);
    await events.publish({ type: 'Recording Archived', recording, occurredAt: time, fact }, signal);
  } else if (row.state === 'lost' && marksEnding(key)) {
    // The job of the same call may be lost several times.
    const fact = [row.callId ?? row.at];
    const { verifiedBy, ...recording } = fromItem(row);
    await events.publish({ type: 'Recording Lost', recording, occurredAt: time, fact }, signal);
  }
}

/** Publishes that an archived recording is gone. `row` is the last that is known of it. */
export const publishDeletion = (
  row: RowItem,
  { time }: BucketEvent,
  events: EventPublisher,
  signal: AbortSignal | undefined,
): Promise<void> =>
  events.publish(
    {
      type: 'Recording Deleted',
      recording: fromItem(row),
      occurredAt: time,
      fact: [row.archivedAt, row.etag],
    },
    signal,
  );
