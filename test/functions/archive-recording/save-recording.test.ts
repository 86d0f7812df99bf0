import { expect, test } from 'vitest';
import { createPartBuffers } from '../../../functions/archive-recording/part-buffers.ts';
import { saveRecording } from '../../../functions/archive-recording/save-recording.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { incomingOf } from '../shared/pbx/incoming-of.ts';
import { startLongCall } from './long-call-bench.ts';

test('a download whose time is up before it is read is ended, and brings nothing down', async () => {
  const { store, bucket } = await startLongCall();
  let isClosed = false;
  const body = incomingOf([], () => {
    isClosed = true;
  });
  const reason = new ArchiveError('stopped', 'Somebody has stopped it.', { action: 'retry' });
  const download = { source: { body, start: 0, totalBytes: undefined }, isResumable: true };
  const target = { key: 'recordings/test/undated/call.wav', contentType: 'audio/wav', metadata: {} };
  const deps = { store, signal: AbortSignal.abort(reason), now: () => 0, buffers: createPartBuffers() };
  await expect(saveRecording(download, target, deps)).rejects.toBe(reason);
  await new Promise(setImmediate);
  expect(isClosed).toBe(true);
  expect(await bucket.keys()).toEqual([]);
});
