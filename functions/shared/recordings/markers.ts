import { dirname } from 'node:path/posix';
import {
  HeadObjectCommand,
  type HeadObjectOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { hasStatus } from '../aws-clients.ts';
import { MESSAGE_RETENTION_DAYS } from '../config/limits.ts';
import type { Job } from '../jobs/job.ts';
import { sha256 } from '../sha256.ts';
import { findEarlierCall, isOfCall, noteEarlierCalls } from './earlier-calls.ts';
import { encodeCall } from './metadata.ts';
import { isDated, parseRecordingPath, recordingPath } from './recording-name.ts';

/**
 * What is remembered about a recording that is not in the archive:
 * - `queued`: reconciliation has queued a job for it;
 * - `ended`: its job ended without it;
 * - `lost`: the same, written by version 0.1.0;
 * - `erased`: a person has had it erased.
 */
export const MARKER_KINDS = ['queued', 'ended', 'lost', 'erased'] as const;
export type MarkerKind = (typeof MARKER_KINDS)[number];

/** As long as the dead letter that a marker stands for can be seen. */
const MARKED_FOR_MS = MESSAGE_RETENTION_DAYS * 24 * 60 * 60_000;

/**
 * How a job ended without a recording:
 * - `lost`: the PBX no longer has it;
 * - `not-recorded`: the PBX named it for a call that nobody answered, and made none;
 * - `dead-lettered`: the job is in the dead-letter queue, or was there until it expired.
 *
 * All have one key, with the ending in the metadata, so that the jobs of one call cannot end in two ways.
 */
export type Ending = 'lost' | 'not-recorded' | 'dead-lettered';

/**
 * Content of the markers of recordings that were never made. All others are empty. A listing has no metadata, but sizes, by
 * which the index knows that it needs no rows for these.
 */
const NOT_RECORDED_CONTENT = 'not-recorded';

export const marksNotRecorded = ({ key, bytes }: { key: string; bytes: number }): boolean =>
  key.startsWith('reconciliation/ended/') && bytes > 0;

/** Key of a marker: an object that is filed by the same days and names as the recordings. */
export function markerKey(kind: MarkerKind, pbxId: string, recording: string): string {
  const path = recordingPath(pbxId, recording);
  // The phone numbers in the name of an erased recording must not stay.
  if (kind === 'erased') return `reconciliation/erased/${dirname(path)}/${sha256(recording).toString('hex')}`;
  return `reconciliation/${kind}/${path}`;
}

const splitKey = (key: string) => {
  const [, kind, path = ''] = /^reconciliation\/([^/]+)\/(.+)$/s.exec(key) ?? [];
  return { kind: MARKER_KINDS.find((known) => known === kind), path };
};

/** The recording that a marker's key names; that of an erased one does not. */
export function markedRecording(key: string): { pbx: string; recording: string } | undefined {
  const { kind, path } = splitKey(key);
  return kind === undefined || kind === 'erased' ? undefined : parseRecordingPath(path);
}

/** Whether a marker with this key says how a job ended. */
export const marksEnding = (key: string): boolean => {
  const { kind } = splitKey(key);
  return kind === 'ended' || kind === 'lost';
};

/** Metadata of an ending that is carried out: nothing remains to be done about the recording. */
const SETTLED = { settled: 'yes' };

/**
 * What the functions have to remember about recordings beyond their jobs: that a job is queued, so that reconciliation
 * does not queue another one every hour; and how a job ended, so that it is neither repeated nor counted twice.
 */
export interface Markers {
  /**
   * Marks how a job that was first queued at `queuedAt` (epoch ms) ended. Returns `first`; or `again` if this job has been
   * marked before, but perhaps not dead-lettered, or if it was lost, sent back, and is lost again; or `duplicate` if
   * nothing remains to be done, because this job, a copy of it, or another one for the same call has ended.
   */
  markEnded(ending: Ending, job: Job, queuedAt: number): Promise<'first' | 'again' | 'duplicate'>;
  /** Marks that the job's dead letter is written, so that a copy of the job does not write another one. */
  markDeadLettered(ending: Ending, job: Job): Promise<void>;
  /** Marks that a job is queued. Replaces an earlier marker. */
  markQueued(job: Pick<Job, 'pbx' | 'recording' | 'call'>): Promise<void>;
  /** Whether a person has had the recording erased. Never true of a name that the PBX may use again. */
  isErased(job: Pick<Job, 'pbx' | 'recording'>): Promise<boolean>;
}

export function createMarkers(s3: S3Client, bucket: string, now: () => number = Date.now): Markers {
  async function head(...marker: Parameters<typeof markerKey>): Promise<HeadObjectOutput | undefined> {
    try {
      return await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: markerKey(...marker) }));
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** The marker of an ending, when it was written, and the same if the ending is carried out. Epoch ms; otherwise 0. */
  async function readEnding({ pbx, recording }: Job) {
    const { Metadata: marked = {}, LastModified } = (await head('ended', pbx, recording)) ?? {};
    const markedAt = LastModified?.getTime() ?? 0;
    return { marked, markedAt, settledAt: marked.settled === SETTLED.settled ? markedAt : 0 };
  }

  async function put(
    { pbx, recording, reportedAt, call }: Job,
    metadata: { ending: Ending; settled?: string; 'earlier-calls'?: string },
    condition: { IfNoneMatch?: string } = {},
  ): Promise<void> {
    const content = metadata.ending === 'not-recorded' ? NOT_RECORDED_CONTENT : '';
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: markerKey('ended', pbx, recording),
        Body: content,
        ContentLength: content.length,
        // The time of the report tells the jobs for one recording apart: a job that is sent back keeps it.
        Metadata: { ...metadata, 'reported-at': reportedAt, ...encodeCall(call) },
        ...condition,
      }),
    );
  }

  return {
    async markEnded(ending, job, queuedAt) {
      const { pbx, recording, reportedAt, call } = job;
      // A marker of version 0.1.0 does not name its job.
      if ((await head('lost', pbx, recording)) !== undefined) return 'again';
      const settled = ending === 'not-recorded' ? SETTLED : {};
      try {
        await put(job, { ending, ...settled }, { IfNoneMatch: '*' });
        return 'first';
      } catch (error) {
        if (!hasStatus(error, 412)) throw error;
      }
      const { marked, markedAt, settledAt } = await readEnding(job);
      const replace = () => put(job, { ending, ...settled, ...noteEarlierCalls(marked, settledAt, call) });
      if (marked['reported-at'] === reportedAt) {
        if (queuedAt <= markedAt) return settledAt > 0 ? 'duplicate' : 'again';
        // A person has sent it back since.
        await replace();
        return marked.ending === ending ? 'again' : 'first';
      }
      const isFresh = now() - markedAt < MARKED_FOR_MS;
      if (isFresh && isOfCall(marked, call)) return 'duplicate';
      const endedAt = findEarlierCall(marked, call) ?? 0;
      if (queuedAt <= endedAt && now() - endedAt < MARKED_FOR_MS) return 'duplicate';
      // Another call's recording had the same name, or the dead letter has expired since.
      await replace();
      return 'first';
    },
    async markDeadLettered(ending, job) {
      const { marked, settledAt } = await readEnding(job);
      await put(job, { ending, ...SETTLED, ...noteEarlierCalls(marked, settledAt, job.call) });
    },
    async markQueued({ pbx, recording, call }) {
      const Key = markerKey('queued', pbx, recording);
      const Metadata = encodeCall(call);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, ContentLength: 0, Metadata }));
    },
    async isErased({ pbx, recording }) {
      return isDated(recording) && (await head('erased', pbx, recording)) !== undefined;
    },
  };
}
