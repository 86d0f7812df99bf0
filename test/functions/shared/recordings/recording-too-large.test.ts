import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ArchiveError } from '../../../../functions/shared/errors.ts';
import { createPartBuffers } from '../../../../functions/shared/recordings/parts.ts';
import { saveRecording } from '../../../../functions/shared/recordings/save-recording.ts';
import { longWav, MiB, startLongCall } from './long-call-harness.ts';

const LIMIT_MIB = 11;
const settings = { maxRecordingMiB: LIMIT_MIB };
const tooLarge = longWav(LIMIT_MIB * MiB + 1);

describe('a recording above the limit', () => {
  test.each([true, false])(
    'is a dead letter, and nothing of it stays (size stated: %s)',
    async (contentLength) => {
      const harness = await startLongCall(tooLarge, { settings, pbx: { contentLength } });
      expect(await harness.deliver(harness.job)).toBe(true);
      expect(harness.deadLetters).toMatchObject([
        { attempts: 1, error: { code: 'recording-too-large', kind: 'permanent' } },
      ]);
      expect(harness.deadLetters[0]?.error.message).toContain(`the limit is ${LIMIT_MIB * MiB}`);
      expect(await harness.bucket.keys()).not.toContain(harness.key);
      expect(await harness.bucket.openUploads()).toBe(0);
    },
  );

  test('is refused when a PBX states its size only for the rest, and what was stored of it is discarded', async () => {
    const harness = await startLongCall(tooLarge, { settings, pbx: { contentLength: false } });
    await harness.deliverForParts(1, harness.job);
    expect(await harness.bucket.openUploads()).toBe(1);
    expect(await harness.deliver(harness.requeuedJob())).toBe(true);
    expect(harness.deadLetters).toMatchObject([{ error: { code: 'recording-too-large' } }]);
    expect(await harness.bucket.openUploads()).toBe(0);
  });
});

test('a recording of exactly the limit is archived', async () => {
  const recording = longWav(LIMIT_MIB * MiB);
  const harness = await startLongCall(recording, { settings, pbx: { contentLength: false } });
  expect(await harness.deliver(harness.job)).toBe(true);
  await harness.expectArchived();
});

test.each([
  [5, false],
  [6, true],
])(
  'what earlier runs stored counts: %i bytes after the first 5, of at most 10',
  async (bytes, isTooLarge) => {
    const { store } = await startLongCall();
    const body = Readable.from([Buffer.alloc(bytes, 0xff)], { objectMode: false });
    const download = { source: { body, start: 5, totalBytes: undefined, maxBytes: 10 }, isResumable: true };
    const target = {
      key: 'recordings/test/undated/call.gsm',
      contentType: 'audio/gsm',
      metadata: {},
      callId: undefined,
      call: { endedAt: 0 },
      isStored: () => false,
    };
    const deps = { store, signal: new AbortController().signal, now: () => 0, buffers: createPartBuffers() };
    const code = await saveRecording(download, target, deps).then(
      () => undefined,
      (error: ArchiveError) => error.code,
    );
    expect(code === 'recording-too-large').toBe(isTooLarge);
  },
);
