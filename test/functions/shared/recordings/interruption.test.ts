import { S3ServiceException } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { captureLog } from '../../capture-log.ts';
import { LONG, MiB, PART_BYTES, startLongCall, withoutSizes } from './long-call-harness.ts';

const logLines = captureLog();

const unavailable = new S3ServiceException({
  name: 'ServiceUnavailable',
  $fault: 'server',
  $metadata: { httpStatusCode: 503 },
});

describe('when S3 fails', () => {
  test('at a later part, the parts before it are kept', async () => {
    const { job, deliver, failAtPart, requeuedJob, expectArchived } = await startLongCall();
    failAtPart(2, unavailable);
    expect(await deliver(job)).toBe(true);
    expect(requeuedJob().progress?.parts).toHaveLength(1);
    expect(logLines).toContainEqual(
      expect.objectContaining({ event: 'resumed', code: 'ServiceUnavailable', bytes: PART_BYTES }),
    );
    await deliver(requeuedJob());
    await expectArchived();
  });

  test('at the last part, the parts before it are kept', async () => {
    const { job, deliver, failAtPart, requeuedJob, expectArchived } = await startLongCall();
    failAtPart(3);
    expect(await deliver(job)).toBe(true);
    expect(requeuedJob().progress?.bytes).toBe(2 * PART_BYTES);
    await deliver(requeuedJob());
    await expectArchived();
  });

  test('at the completion, only the last part is downloaded again', async () => {
    const { job, store, deliver, requeuedJob, expectArchived } = await startLongCall();
    const { complete } = store;
    store.complete = async () => {
      store.complete = complete;
      throw unavailable;
    };
    expect(await deliver(job)).toBe(true);
    expect(requeuedJob().progress?.bytes).toBe(2 * PART_BYTES);
    await deliver(requeuedJob());
    await expectArchived();
  });

  test('after the completion, but before its response, the recording is found as archived', async () => {
    const { job, store, deliver, requeuedJob, expectArchived } = await startLongCall();
    const { complete } = store;
    store.complete = async (...whole) => {
      await complete(...whole);
      throw unavailable;
    };
    expect(await deliver(job)).toBe(true);
    expect(await deliver(requeuedJob())).toBe(true);
    await expectArchived();
    expect(logLines.at(-1)).toMatchObject({ event: 'already-archived' });
  });

  test('at the first part, nothing is kept', async () => {
    const { job, bucket, deliver, failAtPart, sent, retryDelays, expectArchived } = await startLongCall();
    failAtPart(1, unavailable);
    expect(await deliver(job)).toBe(false);
    expect([sent, retryDelays, await bucket.openUploads()]).toEqual([[], [5], 0]);
    await deliver(job, 2);
    await expectArchived();
  });

  test('before another part is stored, the job is retried with backoff, and the stored parts stay', async () => {
    const harness = await startLongCall();
    const { job, bucket, deliver, deliverForParts, failAtPart, requeuedJob, sent, retryDelays } = harness;
    await deliverForParts(1, job);
    for (const attempt of [1, 2, 3]) {
      failAtPart(2);
      expect(await deliver(requeuedJob(), attempt)).toBe(false);
    }
    expect([sent.length, retryDelays]).toEqual([1, [5, 10, 20]]);
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(requeuedJob(), 4)).toBe(true);
    await harness.expectArchived();
  });
});

describe('nothing is kept', () => {
  test('of parts that S3 does not complete', async () => {
    const { job, bucket, deliver, deliverForParts, requeuedJob, retryDelays, sent } = await startLongCall();
    await deliverForParts(1, job);
    const { progress, ...rest } = requeuedJob();
    if (progress === undefined) throw new Error('There is no progress.');
    const spoilt = { ...rest, progress: { ...progress, crc32: (progress.crc32 ^ 1) >>> 0 } };
    expect(await deliver(spoilt)).toBe(false);
    expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'upload-refused' });
    expect([sent.length, retryDelays, await bucket.openUploads()]).toEqual([1, [5], 0]);
    expect(await bucket.keys()).toEqual([]);
  });

  test('of a file that its header contradicts, until a second download has the same bytes', async () => {
    const pbx = { contentLength: false };
    const { job, bucket, deliver, deliverForParts, requeuedJob } = await startLongCall(undefined, { pbx });
    await deliverForParts(1, job);
    const { progress, ...rest } = requeuedJob();
    if (progress === undefined) throw new Error('There is no progress.');
    const container = {
      format: 'riff',
      sizes: 'written',
      totalBytes: 11 * MiB,
      audioEndsAt: 11 * MiB,
    } as const;
    expect(await deliver({ ...rest, progress: { ...progress, container } })).toBe(true);
    expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'recording-unverified' });
    expect(requeuedJob().earlier?.download).toMatchObject({ bytes: 12 * MiB });
    expect([await bucket.openUploads(), await bucket.keys()]).toEqual([0, []]);
  });
});

test.each([
  ['only the response to a range tells', undefined, 4, 'identical-downloads header-unwritten'],
  ['only the list of the PBX tells', LONG.length, 2, 'listed-size header-unwritten'],
  ['the list of the PBX tells wrongly', LONG.length - 1, 4, 'identical-downloads header-unwritten'],
])(
  'a recording whose size %s is archived, although no run gets all of it',
  async (_, listedBytes, downloads, verifiedBy) => {
    const recording = withoutSizes(LONG);
    const harness = await startLongCall(recording, { pbx: { contentLength: false } });
    const { clock, bucket, key, deliverForParts, nextJob, expectArchived } = harness;
    // An hour after the call, a recorder that has not written the sizes into the header never will.
    clock.now += 3_600_000;
    const job = { ...harness.job, ...(listedBytes !== undefined && { listedBytes }) };
    for (let run = 1; run <= 8 && !(await bucket.keys()).includes(key); run += 1) {
      await deliverForParts(2, nextJob(job));
      clock.now += 120_000;
    }
    await expectArchived();
    const { Metadata } = await bucket.head(key);
    expect(Metadata).toMatchObject({ 'verified-by': verifiedBy });
    expect(harness.pbx.stats.downloads).toBe(downloads);
  },
);

describe('when the job cannot be requeued', () => {
  const reject = () => Promise.reject(new Error('SQS is not there.'));

  test('the stored parts are removed, and the old message is retried', async () => {
    const harness = await startLongCall();
    const { job, queues, bucket, deliver, deliverForParts, retryDelays } = harness;
    queues.send = reject;
    expect(await deliverForParts(1, job)).toBe(false);
    expect(logLines.map(({ event }) => event)).toContain('resume-failed');
    expect([retryDelays, await bucket.openUploads()]).toEqual([[5], 0]);
    await deliver(job, 2);
    await harness.expectArchived();
  });

  test('the parts that the old message refers to are kept', async () => {
    const harness = await startLongCall();
    const { job, queues, bucket, deliver, deliverForParts, requeuedJob, retryDelays } = harness;
    await deliverForParts(1, job);
    queues.send = reject;
    expect(await deliverForParts(1, requeuedJob(), 2)).toBe(false);
    expect([retryDelays, await bucket.openUploads()]).toEqual([[10], 1]);
    await deliver(requeuedJob(), 3);
    await harness.expectArchived();
    expect(logLines.filter(({ event }) => event === 'download-started').at(-1)).toMatchObject({
      start: PART_BYTES,
    });
  });
});

test('the upload of a job is aborted when the job is dead-lettered', async () => {
  const { job, client, bucket, deliver, deliverForParts, requeuedJob, deadLetters } = await startLongCall();
  await deliverForParts(1, job);
  client.openRecording = async () => {
    throw new ArchiveError('pbx-20015', 'Check allowedIp.', { kind: 'permanent' });
  };
  expect(await deliver(requeuedJob())).toBe(true);
  expect(await bucket.openUploads()).toBe(0);
  expect(deadLetters.map(({ body }) => JSON.parse(body))).toEqual([job]);
  expect(deadLetters).toMatchObject([{ attempts: 2, error: { code: 'pbx-20015' } }]);
});
