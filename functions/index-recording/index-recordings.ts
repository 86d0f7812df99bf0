import type { SQSBatchResponse } from 'aws-lambda';
import { toArchiveError } from '../shared/errors.ts';
import type { EventPublisher } from '../shared/events/publish.ts';
import { readBucketEvent } from '../shared/recording-index/bucket-event.ts';
import type { RowItem } from '../shared/recording-index/item.ts';
import { type UpdateDeps, updateRow } from '../shared/recording-index/update-row.ts';
import { log } from '../shared/telemetry/log.ts';
import { publishChange, publishDeletion } from './publish-change.ts';

export interface Message {
  messageId: string;
  body: string;
}

export interface IndexDeps extends Omit<UpdateDeps, 'onGone'> {
  events: EventPublisher;
}

/** Brings the index up to date with what changed in the bucket. Reports back the messages that failed. */
export async function indexRecordings(
  messages: readonly Message[],
  deps: IndexDeps,
): Promise<SQSBatchResponse> {
  const batchItemFailures = [];
  for (const { messageId, body } of messages) {
    if (!(await indexRecording(body, deps))) batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}

/** Returns whether the message is finished and may be deleted. */
async function indexRecording(body: string, deps: IndexDeps): Promise<boolean> {
  let about: { pbx?: string; recording?: string } = {};
  try {
    const event = readBucketEvent(body);
    // Another program's object, or the marker of an erased recording, which does not name it.
    if (event.about === undefined) return true;
    about = event.about;
    const { events, signal } = deps;
    const onGone = async (row: RowItem) => {
      await publishDeletion(row, event, events, signal);
      return true;
    };
    const { pbx, recording } = event.about;
    const { row, isChanged } = await updateRow(pbx, recording, { ...deps, onGone });
    // Last, so that a recording can be found once it is announced. If this fails, the message is redelivered.
    await publishChange(event, row, events, signal);
    if (isChanged) {
      if (row === undefined) log('info', 'recording-unindexed', about);
      else log('info', 'recording-indexed', { ...about, state: row.state });
    }
    return true;
  } catch (error) {
    const cause: unknown = deps.signal?.aborted ? deps.signal.reason : error;
    const { code } = toArchiveError(cause);
    log('error', 'indexing-failed', { ...about, code });
    return false;
  }
}
