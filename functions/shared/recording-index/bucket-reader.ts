import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { hasStatus, withSignal } from '../aws-clients.ts';
import { mapConcurrently } from '../map-concurrently.ts';
import { MARKER_KINDS, type MarkerKind, markerKey } from '../recordings/markers.ts';
import { decodeMetadata } from '../recordings/metadata.ts';
import { recordingKey } from '../recordings/recording-name.ts';
import { findCallTime } from './call-time.ts';
import { type Audio, readAudio, START_BYTES } from './codec.ts';
import { type RowItem, toItem } from './item.ts';
import { factsInName } from './name-facts.ts';
import type { RecordingState } from './row.ts';

/** What the bucket has of a recording: an object, or a marker. */
export interface Found {
  pbx: string;
  recording: string;
  state: RecordingState;
  key: string;
  head: HeadObjectOutput;
}

export interface BucketReader {
  /** `undefined` if the index is to have no row. */
  find(pbx: string, recording: string, signal?: AbortSignal): Promise<Found | undefined>;
  /** The same without regard to markers. */
  findObject(pbx: string, recording: string, signal?: AbortSignal): Promise<Found | undefined>;
  /** Makes the row of what was found. `undefined` if the object has been replaced or deleted since. */
  describe(found: Found, signal?: AbortSignal): Promise<RowItem | undefined>;
}

/** @param timeZoneOf returns the IANA time zone of a PBX, which need not be configured any more */
export function createBucketReader(
  s3: S3Client,
  bucket: string,
  timeZoneOf: (pbx: string) => string,
): BucketReader {
  async function head(key: string, signal?: AbortSignal, options: { ChecksumMode?: 'ENABLED' } = {}) {
    try {
      const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ...options });
      return await s3.send(command, withSignal(signal));
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** Returns `gone` if the object is another one by now; `undefined` if S3 has to restore it before it can be read. */
  async function readStart(
    { key, head: { ETag } }: Found,
    signal?: AbortSignal,
  ): Promise<Buffer | undefined | 'gone'> {
    const Range = `bytes=0-${START_BYTES - 1}`;
    try {
      const { Body } = await s3.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, Range, ...(ETag && { IfMatch: ETag }) }),
        withSignal(signal),
      );
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (hasStatus(error, 404) || hasStatus(error, 412) || hasStatus(error, 416)) return 'gone';
      if (hasStatus(error, 403) && error.name === 'InvalidObjectState') return undefined;
      throw error;
    }
  }

  async function findObject(
    pbx: string,
    recording: string,
    signal?: AbortSignal,
  ): Promise<Found | undefined> {
    const key = recordingKey(pbx, recording);
    const object = await head(key, signal, { ChecksumMode: 'ENABLED' });
    return object && { pbx, recording, state: 'archived', key, head: object };
  }

  return {
    findObject,

    async find(pbx, recording, signal) {
      const object = await findObject(pbx, recording, signal);
      if (object !== undefined) return object;
      const markers = await mapConcurrently(MARKER_KINDS, MARKER_KINDS.length, async (kind) => ({
        kind,
        head: await head(markerKey(kind, pbx, recording), signal),
      }));
      const found = KINDS_BY_RANK.map((kind) => markers.find((marker) => marker.kind === kind)).find(
        (marker) => marker?.head !== undefined,
      );
      if (found?.head === undefined) return undefined;
      const state = stateOf(found.kind, found.head);
      return state && { pbx, recording, state, key: markerKey(found.kind, pbx, recording), head: found.head };
    },

    async describe(found, signal) {
      const isEmpty = found.state !== 'archived' || found.head.ContentLength === 0;
      const start = isEmpty ? undefined : await readStart(found, signal);
      if (start === 'gone') return undefined;
      const audio = start && readAudio(start, found.recording, found.head.ContentLength ?? 0);
      return describe(found, audio, timeZoneOf(found.pbx));
    },
  };
}

/** The first of these kinds counts if a recording has several markers. */
const KINDS_BY_RANK: readonly MarkerKind[] = ['erased', 'ended', 'lost', 'queued'];

/** What a marker means for the index; `undefined` for recordings that nobody should find. */
function stateOf(kind: MarkerKind, { Metadata = {} }: Found['head']): RecordingState | undefined {
  if (kind === 'queued') return 'waiting';
  const ending = kind === 'lost' ? 'lost' : Metadata.ending;
  return ending === 'lost' || ending === 'dead-lettered' ? ending : undefined;
}

function describe(
  { pbx, recording, state, head }: Found,
  audio: Audio | undefined,
  timeZone: string,
): RowItem {
  const { verifiedBy, openedAt, ...stored } = decodeMetadata(head.Metadata ?? {});
  const call = { ...factsInName(recording), ...stored };
  const writtenAt = head.LastModified ?? new Date(0);
  const { callId, from, to, type, status, did, trunk, talkSeconds } = call;
  const row = {
    pbx,
    recording,
    state,
    at: new Date(findCallTime(recording, call, { timeZone, writtenAt: writtenAt.getTime() })).toISOString(),
    ...present({ callId, from, to, type, status, did, trunk }),
    ...present({ seconds: audio?.seconds ?? (Number(talkSeconds) || undefined), codec: audio?.codec }),
    verifiedBy: verifiedBy === '' ? [] : verifiedBy.split(' '),
    ...(state === 'archived' &&
      present({
        bytes: head.ContentLength ?? 0,
        contentType: head.ContentType,
        crc32: head.ChecksumType === 'FULL_OBJECT' ? head.ChecksumCRC32 : undefined,
        archivedAt: writtenAt.toISOString(),
      })),
  };
  return toItem(row, head.ETag);
}

/** DynamoDB stores no `undefined`, so two rows could not be compared. */
function present<Values extends object>(
  values: Values,
): { [Key in keyof Values]?: NonNullable<Values[Key]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(entries) as never;
}

/** Whether both looks found the same object or marker. */
export const isSame = (a: Found | undefined, b: Found | undefined) => fingerprint(a) === fingerprint(b);

function fingerprint(found: Found | undefined): string {
  if (found === undefined) return '';
  const { ETag, LastModified, VersionId, ContentType, Metadata = {} } = found.head;
  return JSON.stringify([
    found.key,
    ETag,
    LastModified,
    VersionId,
    ContentType,
    Object.entries(Metadata).sort(),
  ]);
}
