import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { createPartBuffers } from '../../../../functions/shared/recordings/parts.ts';
import { Interruption } from '../../../../functions/shared/recordings/save-in-parts.ts';
import { saveRecording } from '../../../../functions/shared/recordings/save-recording.ts';
import { startLongCall } from './long-call-harness.ts';

const CALL = { callId: undefined, call: { endedAt: 0 }, isStored: () => false, metadata: {} };

test('a download whose signal is aborted before it is read is closed, and nothing is stored', async () => {
  const { store, bucket } = await startLongCall();
  const body = new Readable({ read() {} });
  const reason = new ArchiveError('stopped', 'Somebody has stopped it.');
  const download = { source: { body, start: 0, totalBytes: undefined }, isResumable: true };
  const target = { key: 'recordings/test/undated/call.wav', contentType: 'audio/wav', ...CALL };
  const deps = { store, signal: AbortSignal.abort(reason), now: () => 0, buffers: createPartBuffers() };
  await expect(saveRecording(download, target, deps)).rejects.toBe(reason);
  await new Promise(setImmediate);
  expect(body.destroyed).toBe(true);
  expect(await bucket.keys()).toEqual([]);
});

test('a part that is being uploaded when the download fails keeps its buffer until the upload ends', async () => {
  const { store } = await startLongCall();
  const partBytes = 5 * 1024 ** 2;
  const pool = createPartBuffers(partBytes);
  const [isUploading, mayFinish] = [Promise.withResolvers<Buffer>(), Promise.withResolvers<void>()];
  store.putPart = async (_, { bytes, crc32 }) => {
    isUploading.resolve(bytes);
    await mayFinish.promise;
    return { etag: '"1"', crc32 };
  };
  async function* broken() {
    yield Buffer.alloc(partBytes + 1, 0xff);
    await isUploading.promise;
    throw new Error('reset');
  }
  const download = {
    source: { body: Readable.from(broken(), { objectMode: false }), start: 0, totalBytes: undefined },
    isResumable: true,
  };
  const target = { key: 'recordings/test/undated/call.gsm', contentType: 'audio/gsm', ...CALL };
  const deps = { store, signal: new AbortController().signal, now: () => 0, buffers: pool };
  const saving = expect(saveRecording(download, target, deps)).rejects.toMatchObject({
    code: 'pbx-connection',
  });
  const { buffer: used } = await isUploading.promise;
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  const others = pool.lend();
  expect([others.take().buffer, others.take().buffer]).not.toContain(used);

  mayFinish.resolve();
  await saving;
  const next = pool.lend();
  expect([next.take().buffer, next.take().buffer]).toContain(used);
});

test('a compressed download that breaks leaves no parts, because no range could continue it', async () => {
  const { store, bucket } = await startLongCall();
  const partBytes = 5 * 1024 ** 2;
  async function* broken() {
    yield Buffer.alloc(2 * partBytes + 1, 0xff);
    throw new Error('reset');
  }
  const body = Readable.from(broken(), { objectMode: false });
  const download = { source: { body, start: 0, totalBytes: undefined, isDecoded: true }, isResumable: true };
  const target = { key: 'recordings/test/undated/call.gsm', contentType: 'audio/gsm', ...CALL };
  const deps = {
    store,
    signal: new AbortController().signal,
    now: () => 0,
    buffers: createPartBuffers(partBytes),
  };
  const error: unknown = await saveRecording(download, target, deps).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'pbx-connection' });
  expect(error).not.toBeInstanceOf(Interruption);
  expect(await bucket.openUploads()).toBe(0);
});
