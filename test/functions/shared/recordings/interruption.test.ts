import { S3ServiceException } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { captureLog } from '../../capture-log.ts';
import { MiB, PART_BYTES, startLongCall } from './long-call-harness.ts';

const logLines = captureLog();

const unavailable = new S3ServiceException({
  name: 'ServiceUnavailable',
  $fault: 'server',
  $metadata: { httpStatusCode: 503 },
});

describe('when S3 fails', () => {
  test('at a later part, those before it are kept', async () => {
    const { job, deliver, failAtPart, continued, expectArchived } = await startLongCall();
    failAtPart(2, unavailable);
    expect(await deliver(job)).toBe(true);
    expect(continued().progress?.parts).toHaveLength(1);
    expect(logLines).toContainEqual(
      expect.objectContaining({ event: 'resumed', code: 'ServiceUnavailable', bytes: PART_BYTES }),
    );
    await deliver(continued());
    await expectArchived();
  });

  test('at the last part, which may be too short for S3 to keep, those before it are kept', async () => {
    const { job, deliver, failAtPart, continued, expectArchived } = await startLongCall();
    failAtPart(3);
    expect(await deliver(job)).toBe(true);
    expect(continued().progress?.bytes).toBe(2 * PART_BYTES);
    await deliver(continued());
    await expectArchived();
  });

  test('at the end, only the last part has to come again', async () => {
    const { job, store, deliver, continued, expectArchived } = await startLongCall();
    const { complete } = store;
    store.complete = async () => {
      store.complete = complete;
      throw unavailable;
    };
    expect(await deliver(job)).toBe(true);
    expect(continued().progress?.bytes).toBe(2 * PART_BYTES);
    await deliver(continued());
    await expectArchived();
  });

  test('after the end, but before it has said so, the recording is found there', async () => {
    const { job, store, deliver, continued, expectArchived } = await startLongCall();
    const { complete } = store;
    store.complete = async (...whole) => {
      await complete(...whole);
      throw unavailable;
    };
    expect(await deliver(job)).toBe(true);
    expect(await deliver(continued())).toBe(true);
    await expectArchived();
    expect(logLines.at(-1)).toMatchObject({ event: 'already-archived' });
  });

  test('at the first part, nothing is kept', async () => {
    const { job, bucket, deliver, failAtPart, sent, postponed, expectArchived } = await startLongCall();
    failAtPart(1, unavailable);
    expect(await deliver(job)).toBe(false);
    expect([sent, postponed, await bucket.openUploads()]).toEqual([[], [5], 0]);
    await deliver(job, 2);
    await expectArchived();
  });

  test('and no part is added, the job comes again later and later, and what is stored stays', async () => {
    const harness = await startLongCall();
    const { job, bucket, deliver, deliverForParts, failAtPart, continued, sent, postponed } = harness;
    await deliverForParts(1, job);
    for (const attempt of [1, 2, 3]) {
      failAtPart(2);
      expect(await deliver(continued(), attempt)).toBe(false);
    }
    expect([sent.length, postponed]).toEqual([1, [5, 10, 20]]);
    expect(await bucket.openUploads()).toBe(1);
    expect(await deliver(continued(), 4)).toBe(true);
    await harness.expectArchived();
  });
});

describe('nothing is kept', () => {
  test('of parts that S3 does not make an object of', async () => {
    const { job, bucket, deliver, deliverForParts, continued, postponed, sent } = await startLongCall();
    await deliverForParts(1, job);
    const { progress, ...rest } = continued();
    if (progress === undefined) throw new Error('There is no progress.');
    const spoilt = { ...rest, progress: { ...progress, crc32: (progress.crc32 ^ 1) >>> 0 } };
    expect(await deliver(spoilt)).toBe(false);
    expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'upload-refused' });
    expect([sent.length, postponed, await bucket.openUploads()]).toEqual([1, [5], 0]);
    expect(await bucket.keys()).toEqual([]);
  });

  test('of more than the PBX announced', async () => {
    const pbx = { contentLength: false };
    const { job, bucket, deliver, deliverForParts, continued } = await startLongCall(undefined, { pbx });
    await deliverForParts(1, job);
    const { progress, ...rest } = continued();
    if (progress === undefined) throw new Error('There is no progress.');
    const riff = { totalBytes: 11 * MiB, audioEndsAt: 11 * MiB, isPatched: true };
    expect(await deliver({ ...rest, progress: { ...progress, riff } })).toBe(false);
    expect(logLines.at(-1)).toMatchObject({ event: 'retry-scheduled', code: 'recording-inconsistent' });
    expect([await bucket.openUploads(), await bucket.keys()]).toEqual([0, []]);
  });
});

describe('when the job cannot be put into the queue again', () => {
  const refuse = () => Promise.reject(new Error('SQS is not there.'));

  test('what was stored is removed, and the old message comes again', async () => {
    const harness = await startLongCall();
    const { job, queues, bucket, deliver, deliverForParts, postponed } = harness;
    queues.send = refuse;
    expect(await deliverForParts(1, job)).toBe(false);
    expect(logLines.map(({ event }) => event)).toContain('resume-failed');
    expect([postponed, await bucket.openUploads()]).toEqual([[5], 0]);
    await deliver(job, 2);
    await harness.expectArchived();
  });

  test('what the old message knows of is kept for it', async () => {
    const harness = await startLongCall();
    const { job, queues, bucket, deliver, deliverForParts, continued, postponed } = harness;
    await deliverForParts(1, job);
    queues.send = refuse;
    expect(await deliverForParts(1, continued(), 2)).toBe(false);
    expect([postponed, await bucket.openUploads()]).toEqual([[10], 1]);
    await deliver(continued(), 3);
    await harness.expectArchived();
    expect(logLines.filter(({ event }) => event === 'download-started').at(-1)).toMatchObject({
      start: PART_BYTES,
    });
  });
});

test('a job that goes on and is given up takes its parts with it', async () => {
  const { job, client, bucket, deliver, deliverForParts, continued, deadLetters } = await startLongCall();
  await deliverForParts(1, job);
  client.openRecording = async () => {
    throw new ArchiveError('pbx-20015', 'Check allowedIp.', { kind: 'permanent' });
  };
  expect(await deliver(continued())).toBe(true);
  expect(await bucket.openUploads()).toBe(0);
  expect(deadLetters.map(({ body }) => JSON.parse(body))).toEqual([job]);
  expect(deadLetters).toMatchObject([{ attempts: 2, error: { code: 'pbx-20015' } }]);
});
