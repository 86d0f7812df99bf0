import * as v from 'valibot';
import { grantsOn, may, type Principal, type Subject } from '../shared/access/principal.ts';
import type { AccessLog } from '../shared/access-log/access-log.ts';
import { pbxIdSchema } from '../shared/config/pbx-registry.ts';
import type { BucketReader } from '../shared/recording-index/bucket-reader.ts';
import type { IndexReader } from '../shared/recording-index/index-reader.ts';
import { fromItem } from '../shared/recording-index/item.ts';
import type { IndexedRecording } from '../shared/recording-index/row.ts';
import type { ArchivedRecording, ArchiveReader } from '../shared/recordings/archive-reader.ts';
import { findNameProblem, recordingKey } from '../shared/recordings/recording-name.ts';

export interface FindRecordingDeps {
  index: IndexReader;
  archive: ArchiveReader;
  bucket: Pick<BucketReader, 'findObject' | 'describe'>;
  accessLog: AccessLog;
}

/** Which recording a request is about. */
export const recordingId = {
  pbx: pbxIdSchema,
  recording: v.pipe(
    v.string(),
    v.check((name) => findNameProblem(name) === undefined, 'should be the name of a recording'),
  ),
};

export interface FoundRecording {
  row: IndexedRecording;
  /** The object in the bucket, if the recording is archived. */
  object: ArchivedRecording | undefined;
  /** What decides about further rights on it. */
  subject: Subject;
}

/**
 * A recording, unless the person may not hear it: then they do not learn either whether it exists, but the access log says
 * that they asked.
 */
export async function findRecording(
  { pbx, recording, address }: { pbx: string; recording: string; address: string },
  principal: Principal,
  deps: FindRecordingDeps,
): Promise<FoundRecording | undefined> {
  const { index, archive, accessLog } = deps;
  const { person, by } = principal;
  const refused = { kind: 'refused', reason: 'forbidden', pbx, recording, person, by, address } as const;
  if (grantsOn(principal, 'listen', pbx).length === 0) {
    await accessLog.add(refused);
    return undefined;
  }
  const [indexed, object] = await Promise.all([
    index.find(pbx, recording),
    archive.find(recordingKey(pbx, recording)),
  ]);
  // The bucket is the truth. The index may be some seconds behind, or have missed a change.
  const isRight = (indexed?.state === 'archived') === (object !== undefined);
  const row = isRight ? indexed : await describeObject(pbx, recording, deps);
  if (row === undefined) return undefined;
  const subject = { pbx, from: object?.call.from ?? row.from, to: object?.call.to ?? row.to };
  if (may(principal, 'listen', subject)) return { row, object, subject };
  await accessLog.add(refused);
  return undefined;
}

/** The row that the index should have of an archived recording. */
async function describeObject(
  pbx: string,
  recording: string,
  { bucket }: FindRecordingDeps,
): Promise<IndexedRecording | undefined> {
  const found = await bucket.findObject(pbx, recording);
  const item = found && (await bucket.describe(found));
  return item && fromItem(item);
}
