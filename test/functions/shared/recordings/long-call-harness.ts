import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import type { Job } from '../../../../functions/shared/jobs/job.ts';
import { type LogLine, logChannel } from '../../../../functions/shared/telemetry/log.ts';
import type { Misbehaviour } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { patternedBytes } from '../../../infra/local/s3/embedded-s3.ts';
import { type ArchiveHarnessOptions, startArchiveHarness } from './archive-harness.ts';
import { wav } from './wav.ts';

export const MiB = 1024 * 1024;

/** The smallest part size that S3 accepts. */
export const PART_BYTES = 5 * MiB;

/** How long a run lasts until its deadline. */
export const RUN_MS = 890_000;

/** A WAV file of `size` bytes in all. */
export function longWav(size: number): Buffer {
  const header = wav({ audioBytes: 0, riffSize: size - 8, dataSize: size - 44 });
  return Buffer.concat([header, patternedBytes(size - header.length)]);
}

/** Two full parts and a short one. */
export const LONG = longWav(12 * MiB);

/** The recording as a recorder leaves it that never writes the sizes into the header. */
export function withoutSizes(recording: Buffer): Buffer {
  const head = wav({ audioBytes: 0, riffSize: 0xffffffff, dataSize: 0xffffffff });
  return Buffer.concat([head, recording.subarray(head.length)]);
}

const base64Crc32 = (bytes: Buffer) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(crc32(bytes));
  return buffer.toString('base64');
};

/** A PBX with one long recording, and runs of archive-recording that reach their deadline when the test says so. */
export async function startLongCall(
  recording = LONG,
  { misbehaviour = [], ...options }: ArchiveHarnessOptions & { misbehaviour?: Misbehaviour[] } = {},
) {
  const harness = await startArchiveHarness({ partBytes: PART_BYTES, ...options });
  const { pbx, bucket, store, clock, sent } = harness;
  const call = pbx.makeCall({ from: '1001', to: '1003', recording, misbehaviour });
  const job = harness.jobFor(call);
  const key = `recordings/test/2024/05/17/${call.recording}`;
  const { putPart } = store;

  /** Delivers a job whose deadline is reached as soon as `isReached` accepts the progress of the run. */
  async function deliverUntil(
    isReached: (progress: { parts: number; bytes: number }) => boolean,
    queuedJob: Job,
    attempt = 1,
  ) {
    const deadline = new AbortController();
    const progress = { parts: 0, bytes: 0 };
    const checkDeadline = () => {
      if (deadline.signal.aborted || !isReached(progress)) return;
      clock.now += RUN_MS;
      deadline.abort(new ArchiveError('deadline', 'The function ran out of time.'));
    };
    const listen = (line: unknown) => {
      const { event, bytes } = line as LogLine;
      if (event !== 'download-progress') return;
      progress.bytes = Number(bytes);
      checkDeadline();
    };
    store.putPart = async (...part) => {
      const stored = await putPart(...part);
      progress.parts += 1;
      checkDeadline();
      return stored;
    };
    logChannel.subscribe(listen);
    try {
      return await harness.deliver(queuedJob, attempt, deadline.signal);
    } finally {
      logChannel.unsubscribe(listen);
      store.putPart = putPart;
    }
  }

  return {
    ...harness,
    call,
    job,
    key,
    /** The job as it was last requeued. */
    requeuedJob(): Job {
      const last = sent.at(-1);
      if (last === undefined) throw new Error('No job was requeued.');
      return last.job;
    },
    deliverForParts: (parts: number, queuedJob: Job, attempt?: number) =>
      deliverUntil((progress) => progress.parts >= parts, queuedJob, attempt),
    deliverForBytes: (bytes: number, queuedJob: Job, attempt?: number) =>
      deliverUntil((progress) => progress.bytes >= bytes, queuedJob, attempt),
    /** Expects the bucket to contain the whole recording with the right checksum, and nothing else. */
    async expectArchived(bytes = recording) {
      expect(await bucket.keys()).toEqual([key]);
      expect((await bucket.bytesOf(key)).equals(bytes)).toBe(true);
      expect(await bucket.head(key)).toMatchObject({
        ContentType: 'audio/wav',
        ChecksumCRC32: base64Crc32(bytes),
        ChecksumType: 'FULL_OBJECT',
      });
      expect(await bucket.openUploads()).toBe(0);
      expect(pbx.stats).toMatchObject({ reusedRandoms: 0, expiredRandoms: 0 });
    },
    /** Makes the store fail once, at the part with this number. */
    failAtPart(number: number, error: unknown = new Error('S3 is not there.')) {
      store.putPart = async (...request) => {
        if (request[1].partNumber !== number) return putPart(...request);
        store.putPart = putPart;
        throw error;
      };
    },
  };
}
