import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { saveRecording } from '../../../functions/archive-recording/save-recording.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { startLongCall } from './long-call-bench.ts';

test('a download whose time is up before it is read is ended, and brings nothing down', async () => {
  const { store, bucket } = await startLongCall();
  // As undici's bodies do.
  const body = new Readable({ read() {}, destroy: (_, done) => done(new Error('The request was aborted.')) });
  const reason = new ArchiveError('stopped', 'Somebody has stopped it.', { action: 'retry' });
  const download = { source: { body, start: 0, totalBytes: undefined }, isResumable: true };
  const target = { key: 'recordings/test/undated/call.wav', contentType: 'audio/wav', metadata: {} };
  const deps = { store, signal: AbortSignal.abort(reason), now: () => 0 };
  await expect(saveRecording(download, target, deps)).rejects.toBe(reason);
  await new Promise(setImmediate);
  expect(body.closed).toBe(true);
  expect(await bucket.keys()).toEqual([]);
});
