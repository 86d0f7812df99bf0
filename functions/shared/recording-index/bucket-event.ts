import * as v from 'valibot';
import { ArchiveError } from '../errors.ts';
import { markedRecording } from '../recordings/markers.ts';
import { parseRecordingKey, recordingKey } from '../recordings/recording-name.ts';

export interface BucketEvent {
  /** `Object Created` and the like. */
  type: string;
  key: string;
  /** When it happened: ISO 8601, UTC. */
  time: string;
  /** The recording that the object belongs to; `undefined` if it belongs to none. */
  about: { pbx: string; recording: string } | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; unlike in S3's other notifications, the key is as it is. */
export const bucketEventSchema = v.pipe(
  v.object({
    'detail-type': v.string(),
    time: v.pipe(v.string(), v.isoTimestamp()),
    detail: v.object({ object: v.object({ key: v.string() }) }),
  }),
  v.transform(({ detail, time, 'detail-type': type }): BucketEvent => {
    const { key } = detail.object;
    return { type, key, time, about: parseRecordingKey(key) ?? markedRecording(key) };
  }),
);

/** Throws `index-event-malformed` if the message is not an event of a bucket. */
export function readBucketEvent(body: string): BucketEvent {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), bucketEventSchema), body);
  if (parsed.success) return parsed.output;
  throw new ArchiveError('index-event-malformed', 'The message is not an event of a bucket.');
}

/** An event like S3's own: the object of a recording was deleted at `time` (epoch ms). */
export const deletionOf = (
  pbx: string,
  recording: string,
  time: number,
): v.InferInput<typeof bucketEventSchema> => ({
  'detail-type': 'Object Deleted',
  time: new Date(time).toISOString(),
  detail: { object: { key: recordingKey(pbx, recording) } },
});
