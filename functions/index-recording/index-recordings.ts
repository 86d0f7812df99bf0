import type { SQSBatchResponse } from 'aws-lambda';
import { toArchiveError } from '../shared/errors.ts';
import { type UpdateDeps, updateRow } from '../shared/recording-index/update-row.ts';
import { log } from '../shared/telemetry/log.ts';
import { readBucketEvent } from './bucket-event.ts';

export interface Message {
  messageId: string;
  body: string;
}

/** Brings the index up to date with what changed in the bucket. Reports back the messages that failed. */
export async function indexRecordings(
  messages: readonly Message[],
  deps: UpdateDeps,
): Promise<SQSBatchResponse> {
  const batchItemFailures = [];
  for (const { messageId, body } of messages) {
    if (!(await indexRecording(body, deps))) batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}

/** Returns whether the message is finished and may be deleted. */
async function indexRecording(body: string, deps: UpdateDeps): Promise<boolean> {
  let about: { pbx?: string; recording?: string } = {};
  try {
    const event = readBucketEvent(body);
    // Another program's object, or the marker of an erased recording, which does not name it.
    if (event.about === undefined) return true;
    about = event.about;
    const { row, isChanged } = await updateRow(event.about.pbx, event.about.recording, deps);
    if (isChanged) {
      if (row === undefined) log('info', 'recording-unindexed', about);
      else log('info', 'recording-indexed', { ...about, state: row.state });
    }
    return true;
  } catch (error) {
    const { code } = toArchiveError(error);
    log('error', 'indexing-failed', { ...about, code });
    return false;
  }
}
